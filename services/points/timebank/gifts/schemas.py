"""What comes in to and goes out of gifts and conversions."""

from marshmallow import Schema, fields, validate

from chassis.fields import Moment, PlainText
from services.points.domain import MAX_AMOUNT
from services.points.schemas import AccountName, Amount, LegSchema
from services.points.timebank.policy.domain import CONVERTIBLE


class GiftOrderSchema(Schema):
    """Minutes for a relative (a member's id) or the district's pool (`pool:<district>`)."""

    to = AccountName(required=True)
    amount = Amount(required=True, validate=validate.Range(1, MAX_AMOUNT))
    memo = PlainText(load_default="", most=200, least=0)


class ConversionOrderSchema(Schema):
    """So much of a unit, to be changed into the other."""

    unit = fields.String(required=True, validate=validate.OneOf(CONVERTIBLE))
    amount = Amount(required=True, validate=validate.Range(1, MAX_AMOUNT))


class MovedSchema(Schema):
    """A gift or a conversion as it was posted; `policy_version` is what it was decided by."""

    id = fields.String()
    legs = fields.List(fields.Nested(LegSchema))
    memo = fields.String()
    policy_version = fields.Integer(attribute="rule_version")
    posted_at = Moment()
