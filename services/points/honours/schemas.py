"""What comes in to and goes out of rankings."""

from marshmallow import Schema, fields, validate

from chassis.fields import AreaCode, Flag, Formed, Moment
from chassis.subscriptions import FactSchema
from services.points.honours.domain import MEASURES, PERIOD_PATTERN, TOP


class Period(Formed):
    """A month, quarter or year, or all time."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(PERIOD_PATTERN, "A period is 2026-11, 2026-Q4, 2026 or all.", **kwargs)


class BoardQuery(Schema):
    """Which ranking: of the district and this month where nothing is said."""

    area = AreaCode(load_default=None)
    period = Period(load_default=None)
    by = fields.String(load_default="points", validate=validate.OneOf(MEASURES))
    limit = fields.Integer(load_default=20, validate=validate.Range(1, TOP))


class PlaceSchema(Schema):
    """A place; `member` is null for one who does not want to be named, `rank` for one who gained nothing."""

    rank = fields.Integer(allow_none=True)
    member = fields.String(allow_none=True)
    points = fields.Integer()
    minutes = fields.Integer()


class BoardSchema(Schema):
    """A ranking by verified gains, and the caller's own place (`me`). It has one page: `next` is null."""

    area = fields.String()
    period = fields.String()
    by = fields.String()
    counted_until = Moment(allow_none=True)
    items = fields.List(fields.Nested(PlaceSchema))
    next = fields.String(allow_none=True)
    me = fields.Nested(PlaceSchema)


class VisibilitySchema(Schema):
    """Whether one's name is left out of rankings."""

    hidden = Flag(required=True)


class MemberErasedFact(FactSchema):
    """Nothing is read of `member.erased.v1` but whom it is of."""
