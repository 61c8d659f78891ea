"""What comes in to and goes out of communities' funds. Amounts are in fen."""

from marshmallow import Schema, fields, validate

from chassis.fields import Formed, Moment, PlainText
from chassis.subscriptions import FactSchema
from services.points.funds.domain import KINDS, MAX_DEPOSIT, OTHER, Standing


class DepositSchema(Schema):
    """Money for a fund, and where it comes from."""

    amount = fields.Integer(required=True, strict=True, validate=validate.Range(1, MAX_DEPOSIT))
    memo = PlainText(required=True, most=200)


class DepositedSchema(Schema):
    """A deposit as it was posted."""

    id = fields.String()
    community = fields.String()
    amount = fields.Integer()
    memo = fields.String()
    posted_at = Moment()


class AllocationSchema(Schema):
    """What a fund gave to a project or refused.

    `donated` is what donations added to it, `returned` what came back.
    """

    proposal = fields.String()
    standing = fields.String(validate=validate.OneOf([one.value for one in Standing]))
    amount = fields.Integer()
    attempt = fields.Integer()
    donated = fields.Integer(dump_default=0)
    returned = fields.Integer()
    at = Moment()


class FundSchema(Schema):
    """A community's fund and its latest allocations."""

    community = fields.String()
    balance = fields.Integer()
    allocations = fields.List(fields.Nested(AllocationSchema))


class FundsQuery(Schema):
    """Which page of the funds; `cursor` is the `next` of the page before."""

    limit = fields.Integer(load_default=20, validate=validate.Range(1, 100))
    cursor = Formed("[0-9]{12}", "Not a cursor of this system.", load_default=None)


class ListedFundSchema(Schema):
    """A community's fund in the list of them."""

    community = fields.String()
    name = fields.String()
    balance = fields.Integer()


class FundPageSchema(Schema):
    """A page of funds."""

    items = fields.List(fields.Nested(ListedFundSchema))
    next = fields.String(allow_none=True)


class AllocationPageSchema(Schema):
    """A page of allocations."""

    items = fields.List(fields.Nested(AllocationSchema))
    next = fields.String(allow_none=True)


class FundLineSchema(Schema):
    """What came into a fund (below zero: went out of it) by one posting, and its balance after that, where a
    period was asked for. `cause` is the community, donation or proposal.
    """

    posting = fields.String()
    kind = fields.String(validate=validate.OneOf([*KINDS.values(), OTHER]))
    cause = fields.String(allow_none=True)
    amount = fields.Integer()
    balance = fields.Integer(allow_none=True)
    at = Moment()


class FundStatementSchema(Schema):
    """A page of a fund's public statement; `opening` and `closing` balances, where a period was asked for."""

    community = fields.String()
    opening = fields.Integer(allow_none=True)
    closing = fields.Integer(allow_none=True)
    items = fields.List(fields.Nested(FundLineSchema))
    next = fields.String(allow_none=True)


class AreaDefinedFact(FactSchema):
    """What this service needs of `area.defined.v1`."""

    name = fields.String(required=True)


class ProposalFact(FactSchema):
    """What this service needs of a proposal's events."""

    community = fields.String(required=True)
    budget = fields.Integer(required=True)
    attempt = fields.Integer(required=True)
    spent = fields.Integer(required=True)
