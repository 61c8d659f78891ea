"""What comes in to and goes out of flags."""

from marshmallow import Schema, fields, validate

from chassis.fields import Moment, PageQuery, PlainText
from services.points.circles.domain import Verdict

_VERDICTS = [one.value for one in Verdict]


class FlagDecisionSchema(Schema):
    """What was found, and why."""

    verdict = fields.String(
        required=True, validate=validate.OneOf([Verdict.DISMISSED.value, Verdict.CONFIRMED.value])
    )
    reason = PlainText(required=True, most=500)


class FlagSchema(Schema):
    """A member whose gifts came in circles: `circular` of `received`, with `others` (for staff)."""

    id = fields.String()
    member = fields.String()
    unit = fields.String()
    received = fields.Integer()
    circular = fields.Integer()
    percent = fields.Integer()
    others = fields.List(fields.String())
    since = Moment()
    until = Moment()
    verdict = fields.String(validate=validate.OneOf(_VERDICTS))
    decided_by = fields.String(allow_none=True)
    decided_at = Moment(allow_none=True)
    reason = fields.String(allow_none=True)


class FlagQuery(PageQuery):
    """Which flags to list."""

    verdict = fields.String(load_default=None, validate=validate.OneOf(_VERDICTS))


class FlagPageSchema(Schema):
    """A page of flags."""

    items = fields.List(fields.Nested(FlagSchema))
    next = fields.String(allow_none=True)
