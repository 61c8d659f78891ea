"""What comes in to and goes out of proposals. Amounts are in fen."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from chassis.fields import MAX_VERSION, AreaCode, Flag, Identifier, Moment, PageQuery, PlainText
from chassis.subscriptions import FactSchema
from services.issues.proposals.domain import MAX_FEN, PUBLIC_ACTIONS
from services.issues.proposals.proposal import BudgetLine, Choice, Majority, Status, Terms

_STATUSES = [one.value for one in Status]
MAX_RECEIPTS = 6


class BudgetLineSchema(Schema):
    """What is to be paid for, and how much it is to cost in fen."""

    purpose = PlainText(required=True, most=200)
    amount = fields.Integer(required=True, strict=True, validate=validate.Range(1, MAX_FEN))

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> BudgetLine:
        """As the rules know it."""
        return BudgetLine(**data)


class TermsSchema(Schema):
    """How is voted. `quorum`: the least number of votes cast; `majority` is of the yes and no votes."""

    secret = Flag(load_default=True)
    quorum = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1_000_000))
    majority = fields.Enum(Majority, by_value=True, load_default=Majority.SIMPLE)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Terms:
        """As the rules know them."""
        return Terms(**data)


def _budget(**options: Any) -> fields.List[Any]:
    return fields.List(fields.Nested(BudgetLineSchema), validate=validate.Length(1, 50), **options)


class DraftSchema(Schema):
    """A new proposal, for a community or one of its grids."""

    area = AreaCode(required=True)
    title = PlainText(required=True, most=80)
    text = PlainText(required=True, most=5000)
    budget = _budget(required=True)
    terms = fields.Nested(TermsSchema, required=True)


class RevisionSchema(Schema):
    """What is to be changed in a draft; what is left out stays."""

    title = PlainText(load_default=None, most=80)
    text = PlainText(load_default=None, most=5000)
    budget = _budget(load_default=None)
    terms = fields.Nested(TermsSchema, load_default=None)
    version = fields.Integer(load_default=None, strict=True, validate=validate.Range(1, MAX_VERSION))


class ProposalTransitionSchema(Schema):
    """An action of the workflow; `closes_at` goes with open_voting."""

    action = fields.String(required=True, validate=validate.OneOf(PUBLIC_ACTIONS))
    note = PlainText(load_default=None, most=2000)
    closes_at = Moment(load_default=None)
    version = fields.Integer(load_default=None, strict=True, validate=validate.Range(1, MAX_VERSION))


class VoteSchema(Schema):
    """A vote."""

    choice = fields.Enum(Choice, by_value=True, required=True)


class ExpenseSchema(Schema):
    """Money spent, with photos of its receipts."""

    purpose = PlainText(required=True, most=200)
    amount = fields.Integer(required=True, strict=True, validate=validate.Range(1, MAX_FEN))
    receipts = fields.List(Identifier(), required=True, validate=validate.Length(1, MAX_RECEIPTS))


class VoidSchema(Schema):
    """Why an expense does not count."""

    reason = PlainText(required=True, least=2, most=500)


class ProposalQuery(PageQuery):
    """Filters of the list; `mine=true` for one's own."""

    area = AreaCode(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf(_STATUSES))
    mine = fields.Boolean(load_default=False)


class LineSchema(Schema):
    """A line of the budget."""

    purpose = fields.String()
    amount = fields.Integer()


class VotingTermsSchema(Schema):
    """How is voted."""

    secret = fields.Boolean()
    quorum = fields.Integer()
    majority = fields.String(validate=validate.OneOf([one.value for one in Majority]))


class TallySchema(Schema):
    """The counted votes."""

    yes = fields.Integer()
    no = fields.Integer()
    abstain = fields.Integer()


class FundingSchema(Schema):
    """What the fund was asked and did; `refusal` is why the last request was refused
    (`insufficient`, `frozen`, `above-ceiling`), `donated` is what donations added to what was allocated.
    """

    attempt = fields.Integer()
    refusal = fields.String(allow_none=True)
    allocated = fields.Integer(allow_none=True)
    donated = fields.Integer(dump_default=0)
    returned = fields.Integer(allow_none=True)


class ReceiptSchema(Schema):
    """A photo of a receipt, by links that expire."""

    id = fields.String()
    url = fields.String()
    thumbnail_url = fields.String()


class PublicVoidSchema(Schema):
    """That an expense counts for nothing, since when and why."""

    reason = fields.String()
    at = Moment()


class VoidedSchema(PublicVoidSchema):
    """The same, with who said so."""

    by = fields.String(allow_none=True)


class SpentSchema(Schema):
    """An expense; `receipts` are shown to the author, the council and staff. `void`: it does not count."""

    id = fields.String()
    purpose = fields.String()
    amount = fields.Integer()
    by = fields.String(allow_none=True)
    at = Moment()
    receipts = fields.List(fields.Nested(ReceiptSchema))
    void = fields.Nested(VoidedSchema, allow_none=True)


class ProposalListedSchema(Schema):
    """A proposal; `tally` is null until the voting has ended."""

    id = fields.String()
    number = fields.String()
    area = fields.String()
    community = fields.String()
    title = fields.String()
    text = fields.String()
    author = fields.String(allow_none=True, metadata={"description": "null once they were forgotten"})
    status = fields.String(validate=validate.OneOf(_STATUSES))
    budget = fields.List(fields.Nested(LineSchema))
    asked = fields.Integer()
    terms = fields.Nested(VotingTermsSchema)
    opened_at = Moment(allow_none=True)
    closes_at = Moment(allow_none=True)
    votes_cast = fields.Integer()
    tally = fields.Nested(TallySchema, allow_none=True)
    funding = fields.Nested(FundingSchema)
    expenses = fields.List(fields.Nested(SpentSchema))
    created_at = Moment()
    closed_at = Moment(allow_none=True)
    version = fields.Integer()


class ProposalSchema(ProposalListedSchema):
    """A proposal as shown to a member; `voted`: by the caller, while the voting is on."""

    voted = fields.Boolean()


class ProposalPageSchema(Schema):
    """A page of proposals."""

    items = fields.List(fields.Nested(ProposalListedSchema))
    next = fields.String(allow_none=True)


class ProposalEntrySchema(Schema):
    """A line of a proposal's history."""

    action = fields.String()
    actor = fields.String(allow_none=True)
    at = Moment()
    status = fields.String()
    note = fields.String(allow_none=True)


class ProposalHistorySchema(Schema):
    """A proposal's whole history, oldest line first."""

    items = fields.List(fields.Nested(ProposalEntrySchema))
    next = fields.String(allow_none=True)


class BallotSchema(Schema):
    """A vote in an open ballot; `member` is null once they were forgotten."""

    member = fields.String(allow_none=True)
    choice = fields.String(validate=validate.OneOf([one.value for one in Choice]))
    at = Moment()


class BallotListSchema(Schema):
    """The votes of an open ballot."""

    items = fields.List(fields.Nested(BallotSchema))
    next = fields.String(allow_none=True)


class PublicExpenseSchema(Schema):
    """An expense as everybody may see it, with the number of its receipts; one that is `void` counts not."""

    purpose = fields.String()
    amount = fields.Integer()
    at = Moment()
    receipts = fields.Integer()
    void = fields.Nested(PublicVoidSchema, allow_none=True)


class ProposalAccountSchema(Schema):
    """The public account: rest = allocated + donated − spent − returned; spent is without what is void."""

    id = fields.String()
    number = fields.String()
    area = fields.String()
    title = fields.String()
    status = fields.String(validate=validate.OneOf(_STATUSES))
    budget = fields.List(fields.Nested(LineSchema))
    asked = fields.Integer()
    allocated = fields.Integer()
    donated = fields.Integer()
    spent = fields.Integer()
    returned = fields.Integer()
    rest = fields.Integer()
    expenses = fields.List(fields.Nested(PublicExpenseSchema))
    closed_at = Moment(allow_none=True)


class FundAllocatedFact(FactSchema):
    """What this service needs of `fund.allocated.v1` and `fund.returned.v1`."""

    amount = fields.Integer(required=True)


class FundSupplementedFact(FactSchema):
    """What this service needs of `fund.supplemented.v1`."""

    donated = fields.Integer(required=True)


class FundRefusedFact(FactSchema):
    """What this service needs of `fund.refused.v1`."""

    attempt = fields.Integer(required=True)
    reason = fields.String(required=True)
