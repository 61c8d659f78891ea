"""What comes in to and goes out of the ledger."""

from marshmallow import Schema, fields, validate

from chassis.fields import AreaCode, Moment, PageQuery
from chassis.subscriptions import FactSchema
from services.points.domain import EARNING_RULES


class BalanceSchema(Schema):
    """A balance in one unit; available = posted − held."""

    posted = fields.Integer()
    held = fields.Integer()
    available = fields.Integer()


class AccountSchema(Schema):
    """An account; `minutes` are of service, `stars` follow from them."""

    id = fields.String()
    points = fields.Nested(BalanceSchema)
    minutes = fields.Nested(BalanceSchema)
    lifetime_points = fields.Integer()
    stars = fields.Integer()


class LegSchema(Schema):
    """A leg of a posting."""

    account = fields.String()
    unit = fields.String()
    amount = fields.Integer()


class PostingSchema(Schema):
    """A posting; `cause` is the issue or activity it rests on."""

    id = fields.String()
    key = fields.String()
    rule = fields.String()
    rule_version = fields.Integer()
    cause = fields.String()
    area = fields.String()
    legs = fields.List(fields.Nested(LegSchema))
    posted_at = Moment()
    memo = fields.String(allow_none=True)


class PostingPageSchema(Schema):
    """A page of postings."""

    items = fields.List(fields.Nested(PostingSchema))
    next = fields.String(allow_none=True)


class PostingQuery(PageQuery):
    """Which postings to list."""

    area = AreaCode(load_default=None)
    rule = fields.String(load_default=None, validate=validate.OneOf(list(EARNING_RULES)))


class VerificationSchema(Schema):
    """The proof: sums per unit (all zero), and what does not add up (nothing)."""

    postings = fields.Integer()
    sums = fields.Dict(keys=fields.String(), values=fields.Integer())
    accounts = fields.Integer()
    unbalanced = fields.List(fields.String())
    differing = fields.List(fields.String())
    sound = fields.Boolean()


class IssueFact(FactSchema):
    """What this service needs of an issue's events."""

    reporter = fields.String(required=True, allow_none=True)
    assignee = fields.String(required=True, allow_none=True)
    resolver = fields.String(required=True, allow_none=True)
    photos = fields.Integer(required=True)


class ActivityVerifiedFact(FactSchema):
    """What this service needs of `activity.verified.v1`."""

    member = fields.String(required=True)
    minutes = fields.Integer(required=True)
    photos = fields.Integer(required=True)
