"""What comes in to and goes out of mutual help."""

from marshmallow import Schema, fields, validate

from chassis.fields import MAX_VERSION, AreaCode, Identifier, Moment, PageQuery, PlainText
from chassis.subscriptions import FactSchema
from services.points.schemas import Amount
from services.points.timebank.exchange.domain import MAX_MINUTES, PUBLIC_ACTIONS
from services.points.timebank.exchange.help import Kind, Status
from services.points.timebank.policy.schemas import SkillCode

_KINDS = [one.value for one in Kind]
_STATUSES = [one.value for one in Status]


class HelpOrderSchema(Schema):
    """What help is needed or offered (`skills` of the district's vocabulary), where, between when and when,
    and for how many minutes.

    Everybody can read `text`. `contact` (the address, a phone number) is for the other alone, from when both
    have agreed until it is over.
    """

    kind = fields.String(required=True, validate=validate.OneOf(_KINDS))
    area = AreaCode(required=True)
    skills = fields.List(SkillCode(), required=True, validate=validate.Length(1, 10))
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    minutes = Amount(required=True, validate=validate.Range(1, MAX_MINUTES))
    text = PlainText(required=True, most=1000)
    contact = PlainText(load_default=None, most=200)


class HelpTransitionSchema(Schema):
    """An action of the workflow. `candidate` is the offer one invites by, `minutes` what staff decide on.

    `contact` is what the other is to know of oneself, and nobody else.
    """

    action = fields.String(required=True, validate=validate.OneOf(PUBLIC_ACTIONS))
    note = PlainText(load_default=None, most=500)
    minutes = Amount(load_default=None, validate=validate.Range(1, MAX_MINUTES))
    candidate = Identifier(load_default=None)
    contact = PlainText(load_default=None, most=200)
    version = Amount(load_default=None, validate=validate.Range(1, MAX_VERSION))


class HelpQuery(PageQuery):
    """Which requests and offers to list."""

    area = AreaCode(load_default=None)
    kind = fields.String(load_default=None, validate=validate.OneOf(_KINDS))
    status = fields.String(load_default=None, validate=validate.OneOf(_STATUSES))
    mine = fields.Boolean(load_default=False)


class SettlementSchema(Schema):
    """What was paid: `given` to the giver, `pooled` to the pool, by a version of the policy."""

    paid = fields.Integer()
    given = fields.Integer()
    pooled = fields.Integer()
    policy_version = fields.Integer()


class HelpLineSchema(Schema):
    """A line of the history."""

    action = fields.String()
    actor = fields.String()
    at = Moment()
    status = fields.String(validate=validate.OneOf(_STATUSES))
    note = fields.String(allow_none=True)


class ContactSchema(Schema):
    """What one of the two lets the other know."""

    member = fields.String()
    text = fields.String()


class ListedHelpSchema(Schema):
    """A request or an offer.

    `agreed` are the minutes that the two speak of, `hold` what holds them. `confirms_at`: when silence counts
    as confirmed. `allowed` are the actions that the caller may take. `contacts` are one's own words for the
    other and, while it is agreed, the other's; an answer that is repeated by its key has none.
    """

    id = fields.String()
    number = fields.String()
    kind = fields.String(validate=validate.OneOf(_KINDS))
    status = fields.String(validate=validate.OneOf(_STATUSES))
    author = fields.String()
    partner = fields.String(allow_none=True)
    proposed_by = fields.String(allow_none=True)
    offer = fields.String(allow_none=True)
    area = fields.String()
    skills = fields.List(fields.String())
    starts_at = Moment()
    ends_at = Moment()
    minutes = fields.Integer()
    text = fields.String()
    agreed = fields.Integer(allow_none=True)
    hold = fields.String(allow_none=True)
    checked_in_at = Moment(allow_none=True)
    checked_out_at = Moment(allow_none=True)
    confirms_at = Moment(allow_none=True)
    settlement = fields.Nested(SettlementSchema, allow_none=True)
    created_at = Moment()
    ended_at = Moment(allow_none=True)
    contacts = fields.List(fields.Nested(ContactSchema), allow_none=True)
    allowed = fields.List(fields.String())
    version = fields.Integer()


class HelpSchema(ListedHelpSchema):
    """A request or an offer with its history, for those it concerns."""

    history = fields.List(fields.Nested(HelpLineSchema))


class HelpPageSchema(Schema):
    """A page of requests and offers."""

    items = fields.List(fields.Nested(ListedHelpSchema))
    next = fields.String(allow_none=True)


class MatchSchema(Schema):
    """What goes together with one's own: the `skills` in common, the `minutes` that could be agreed on, and
    the `overlap` of the times in minutes."""

    id = fields.String()
    number = fields.String()
    kind = fields.String(validate=validate.OneOf(_KINDS))
    author = fields.String()
    area = fields.String()
    starts_at = Moment()
    ends_at = Moment()
    text = fields.String()
    skills = fields.List(fields.String())
    minutes = fields.Integer()
    overlap = fields.Integer()


class MatchListSchema(Schema):
    """The best matches, best first."""

    items = fields.List(fields.Nested(MatchSchema))
    next = fields.String(allow_none=True)


class MemberErasedFact(FactSchema):
    """Nothing is read of `member.erased.v1` but whom it is of."""
