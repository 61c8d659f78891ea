"""What comes in to and goes out of holds."""

from marshmallow import Schema, fields, validate

from chassis.fields import Moment, PageQuery, PlainText
from services.points.domain import MAX_AMOUNT, UNITS
from services.points.holds.domain import DEFAULT_TTL, LONGEST, SHORTEST, HoldStatus
from services.points.schemas import AccountName, Amount


class HoldOrderSchema(Schema):
    """What to set aside, on which account, and for how long (`ttl`, seconds)."""

    account = AccountName(required=True)
    unit = fields.String(required=True, validate=validate.OneOf(UNITS))
    amount = Amount(required=True, validate=validate.Range(1, MAX_AMOUNT))
    ttl = fields.Integer(
        strict=True,
        load_default=int(DEFAULT_TTL.total_seconds()),
        validate=validate.Range(int(SHORTEST.total_seconds()), int(LONGEST.total_seconds())),
    )
    memo = PlainText(load_default="", most=200, least=0)


class CaptureSchema(Schema):
    """How much to take (all where nothing is said) and for which account (the district's shop)."""

    amount = Amount(load_default=None, validate=validate.Range(1, MAX_AMOUNT))
    target = AccountName(load_default=None)


class ReleaseSchema(Schema):
    """Nothing needs to be said to let a hold go."""


class HoldSchema(Schema):
    """A hold; `captured` of its amount went to `target`, the rest was free again.

    One that is `bound_to` something (`order:<id>`) ends with that only.
    `lots` says until which days what is held is good, where any of it expires.
    """

    id = fields.String()
    account = fields.String()
    unit = fields.String()
    amount = fields.Integer()
    status = fields.String(validate=validate.OneOf([one.value for one in HoldStatus]))
    captured = fields.Integer()
    target = fields.String(allow_none=True)
    memo = fields.String()
    bound_to = fields.String(allow_none=True)
    opened_at = Moment()
    expires_at = Moment()
    ended_at = Moment(allow_none=True)
    lots = fields.Dict(keys=fields.String(), values=fields.Integer(), allow_none=True)


class HoldQuery(PageQuery):
    """Whose holds to list; one's own where nothing is said."""

    account = AccountName(load_default=None)


class HoldPageSchema(Schema):
    """A page of holds."""

    items = fields.List(fields.Nested(HoldSchema))
    next = fields.String(allow_none=True)
