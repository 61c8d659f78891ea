"""What comes in to and goes out of inboxes, and what is read of the others' events."""

from marshmallow import Schema, fields

from chassis.fields import Moment, PageQuery
from chassis.subscriptions import FactSchema


class InboxQuery(PageQuery):
    """`unread=true` for new messages only."""

    unread = fields.Boolean(load_default=None)


class MessageSchema(Schema):
    """A message; `kind` is the type of the event it tells of, `subject` the id of what it is about.

    `link` is the path by which a reporter answers without signing in; null in all other messages.
    """

    id = fields.String()
    kind = fields.String()
    subject = fields.String()
    title = fields.String()
    body = fields.String()
    link = fields.String(allow_none=True)
    created_at = Moment()
    read_at = Moment(allow_none=True)


class InboxPageSchema(Schema):
    """A page of messages."""

    items = fields.List(fields.Nested(MessageSchema))
    next = fields.String(allow_none=True)


class CountSchema(Schema):
    """A number of messages."""

    count = fields.Integer()


class RoleFact(FactSchema):
    """A role on an area."""

    role = fields.String(required=True)
    area = fields.String(required=True)


class MemberChangedFact(FactSchema):
    """What this service needs of `member.changed.v1`."""

    roles = fields.List(fields.Nested(RoleFact), required=True)


class RoleLostFact(FactSchema):
    """What this service needs of the end of a role; nobody acted where its term is over.

    `on` is the last day of a role that ends later.
    """

    member = fields.String(required=True)
    role = fields.String(required=True)
    place = fields.String(required=True)
    actor = fields.String(required=True, allow_none=True)
    on = fields.String()


class MemberErasedFact(FactSchema):
    """Nothing is read of `member.erased.v1` but whom it is of."""


class IssueFact(FactSchema):
    """What this service needs of an issue's events; `feedback_path` is for the reporter alone."""

    number = fields.String(required=True)
    level = fields.String(required=True)
    reporter = fields.String(required=True, allow_none=True)
    followers = fields.List(fields.String(), required=True)
    assignee = fields.String(required=True, allow_none=True)
    resolver = fields.String(required=True, allow_none=True)
    actor = fields.String(required=True)
    percent = fields.Integer()
    feedback_path = fields.String(allow_none=True)


class ActivityFact(FactSchema):
    """What this service needs of an activity's events."""

    member = fields.String(required=True)
    actor = fields.String(required=True)


class DutyFact(FactSchema):
    """What this service needs of the events of a duty."""

    member = fields.String(required=True)
    actor = fields.String(required=True)
    minutes = fields.Integer(required=True)


class TrainingFact(FactSchema):
    """What this service needs of a training that was completed."""

    member = fields.String(required=True)
    actor = fields.String(required=True)
    minutes = fields.Integer(required=True)


class SuggestionFact(FactSchema):
    """What this service needs of a suggestion's events."""

    number = fields.String(required=True)
    followers = fields.List(fields.String(), required=True)
    actor = fields.String(required=True)
    decision = fields.String(required=True, allow_none=True)


class ProposalFact(FactSchema):
    """What this service needs of a proposal's events; `reason` is why its fund did not pay."""

    number = fields.String(required=True)
    author = fields.String(required=True, allow_none=True)
    actor = fields.String(required=True)
    reason = fields.String()


class AdjustmentFact(FactSchema):
    """What this service needs of an adjustment's events; nobody acted where it has expired.

    `day` is of one that was split.
    """

    author = fields.String(required=True)
    actor = fields.String(required=True, allow_none=True)
    day = fields.String()


class FlagFact(FactSchema):
    """What this service needs of a flag's events; whom it is on is told when it is decided."""

    member = fields.String(required=True)
    actor = fields.String(required=True, allow_none=True)


class CommendationFact(FactSchema):
    """What this service needs of a commendation's events."""

    number = fields.String(required=True)
    member = fields.String(required=True)
    author = fields.String(required=True)
    actor = fields.String(required=True, allow_none=True)


class OrderFact(FactSchema):
    """What this service needs of the events of a shop's order."""

    number = fields.String(required=True)
    member = fields.String(required=True)
    actor = fields.String(required=True)


class DonationFact(FactSchema):
    """What this service needs of a donation's events; `amount` in fen."""

    number = fields.String(required=True)
    member = fields.String(required=True, allow_none=True)
    actor = fields.String(required=True)
    receipt = fields.String()
    amount = fields.Integer()
    purpose = fields.String()
    place = fields.String()


class LegFact(FactSchema):
    """A leg of a posting."""

    account = fields.String(required=True)
    unit = fields.String(required=True)
    amount = fields.Integer(required=True)


class LedgerUnsoundFact(FactSchema):
    """What this service needs of `ledger.unsound.v1`."""

    day = fields.String(required=True)


class PointsPostedFact(FactSchema):
    """What this service needs of `points.posted.v1`."""

    rule = fields.String(required=True)
    legs = fields.List(fields.Nested(LegFact), required=True)


class HelpFact(FactSchema):
    """What this service needs of the events of a request or offer of help."""

    number = fields.String(required=True)
    author = fields.String(required=True)
    partner = fields.String(required=True, allow_none=True)
    actor = fields.String(required=True)
    minutes = fields.Integer(required=True)
    pooled = fields.Integer(load_default=0)
    candidates = fields.List(fields.String())


class LotFact(FactSchema):
    """So much of a unit."""

    unit = fields.String(required=True)
    amount = fields.Integer(required=True)


class LotsExpiringFact(FactSchema):
    """What this service needs of `lots.expiring.v1`; `on` is a date."""

    member = fields.String(required=True)
    on = fields.String(required=True)
    lots = fields.List(fields.Nested(LotFact), required=True)
