"""What comes in to and goes out of issues."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from chassis.fields import (
    MAX_VERSION,
    AreaCode,
    DocumentSchema,
    Flag,
    Formed,
    Identifier,
    Moment,
    PastMoment,
    PlainText,
)
from chassis.places import Place
from chassis.subscriptions import FactSchema
from services.issues.cases.disclosure import View
from services.issues.cases.domain import PUBLIC_ACTIONS
from services.issues.cases.feedback import ANSWERS
from services.issues.cases.issue import Level, Status
from services.issues.categories.domain import MAX_ANSWER
from services.issues.categories.schemas import CATEGORY_PATTERN

MAX_PHOTOS = 6
_STATUSES = [one.value for one in Status]


class Answer(fields.Raw):
    """What a question may be answered with; whether it is of the question's kind, the category says."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if isinstance(value, str):
            return PlainText(most=MAX_ANSWER, least=0).deserialize(value)
        if not isinstance(value, int | float):
            raise ValidationError("Not a text, number, true or false.")
        return value


def _media() -> fields.List[str]:
    return fields.List(Identifier(), load_default=list, validate=validate.Length(max=MAX_PHOTOS))


def answers_field() -> fields.Dict:
    """What was answered to a category's questions, by their codes."""
    return fields.Dict(
        keys=fields.String(validate=validate.Length(1, 40)),
        values=Answer(metadata={"type": ["string", "number", "boolean"]}),
        load_default=dict,
        validate=validate.Length(max=20),
    )


class ReportSchema(Schema):
    """A new report."""

    category = Formed(CATEGORY_PATTERN, "Not the code of a category.", required=True)
    description = PlainText(required=True, most=2000)
    location = Place(load_default=None)
    area = AreaCode(load_default=None)
    media = _media()
    answers = answers_field()
    anonymous = Flag(load_default=False)
    urgency = fields.String(load_default="normal", validate=validate.OneOf(["normal", "urgent"]))
    observed_at = PastMoment(load_default=None)


class TransitionSchema(Schema):
    """An action of the workflow.

    `assignee` goes with assign, `into` with merge, `agency` with refer, `area` with route. Offline clients
    say with `observed_at` when it happened.
    """

    action = fields.String(required=True, validate=validate.OneOf(PUBLIC_ACTIONS))
    note = PlainText(load_default=None, most=2000)
    media = _media()
    assignee = Identifier(load_default=None)
    into = Identifier(load_default=None)
    agency = PlainText(load_default=None, most=100)
    area = AreaCode(load_default=None)
    observed_at = PastMoment(load_default=None)
    version = fields.Integer(load_default=None, strict=True, validate=validate.Range(1, MAX_VERSION))


class CommentSchema(Schema):
    """A remark on an issue."""

    text = PlainText(required=True, most=1000)


class RatingSchema(Schema):
    """The reporter's satisfaction; score 1 (poor) to 5 (excellent)."""

    satisfied = Flag(required=True)
    score = fields.Integer(required=True, strict=True, validate=validate.Range(1, 5))
    comment = PlainText(load_default="", most=1000, least=0)
    at = Moment(dump_only=True, allow_none=True)


class FeedbackSchema(Schema):
    """The answers after a solution; `partly` and `no` need a reason."""

    contacted = Flag(required=True)
    resolved = fields.String(required=True, validate=validate.OneOf(ANSWERS))
    satisfied = Flag(required=True)
    reason = PlainText(load_default=None, most=1000)
    at = Moment(dump_only=True)


class PhotoLinkSchema(Schema):
    """A photo of an issue, by links that expire; they are null for those who may not see it (yet).

    `moderation`: open (nobody has to look), awaiting, approved or rejected; null for a photo that is gone.
    """

    id = fields.String()
    url = fields.String(allow_none=True)
    thumbnail_url = fields.String(allow_none=True)
    moderation = fields.String(allow_none=True)


class ObjectionSchema(Schema):
    """A unit's objection to having been given the issue; `decision` is null until it is decided."""

    by = fields.String(allow_none=True)
    reason = fields.String()
    at = Moment()
    decide_by = Moment()
    decision = fields.String(allow_none=True)


class FlagSchema(Schema):
    """A member's word that an issue should not be shown; `reviewed` once staff have decided on it."""

    member = fields.String()
    reason = fields.String()
    at = Moment()
    reviewed = fields.Boolean()


class IssueSchema(DocumentSchema):
    """An issue as shown to a member; `reporter` is null for those who may not know.

    Who it does not concern (`view` is public or follower) gets a part of the fields, see docs/privacy.md.
    """

    id = fields.String()
    number = fields.String()
    status = fields.String(validate=validate.OneOf(_STATUSES))
    level = fields.String(validate=validate.OneOf([one.value for one in Level]))
    category = fields.String()
    description = fields.String(
        allow_none=True,
        metadata={"description": "null where it is withheld; otherwise its beginning at least"},
    )
    category_version = fields.Integer()
    answers = fields.Dict()
    area = fields.String()
    lead_unit = fields.String(metadata={"description": "code of the area whose turn it is"})
    location = Place(allow_none=True)
    media = fields.List(fields.Nested(PhotoLinkSchema))
    anonymous = fields.Boolean()
    urgency = fields.String()
    reporter = fields.String(allow_none=True)
    assignee = fields.String(allow_none=True)
    resolver = fields.String(allow_none=True)
    merged_into = fields.String(allow_none=True)
    part_of = fields.String(allow_none=True, metadata={"description": "the issue it was split from"})
    parts = fields.List(fields.String(), metadata={"description": "the issues it was split into"})
    supporters = fields.Integer(metadata={"description": "how many said: me too"})
    referred_to = fields.String(allow_none=True)
    rating = fields.Nested(
        RatingSchema, allow_none=True, metadata={"description": "of the present solution: null once reopened"}
    )
    feedback = fields.Nested(
        FeedbackSchema,
        allow_none=True,
        metadata={"description": "of the present solution: null once reopened, the history keeps it"},
    )
    feedback_url = fields.String(
        allow_none=True, metadata={"description": "answers without signing in; for the reporter and staff"}
    )
    objection = fields.Nested(ObjectionSchema, allow_none=True)
    reopened = fields.Integer()
    confirmations = fields.Integer(metadata={"description": "how often it was confirmed"})
    view = fields.String(validate=validate.OneOf([one.value for one in View]))
    sensitive = fields.Boolean()
    hidden = fields.Boolean(metadata={"description": "flagged, and not shown until staff have decided"})
    flags = fields.List(
        fields.Nested(FlagSchema), allow_none=True, metadata={"description": "for staff of the area"}
    )
    anonymised_at = Moment(allow_none=True)
    created_at = Moment()
    observed_at = Moment(allow_none=True)
    received_at = Moment(metadata={"description": "when it came in, by our clock; observed_at is theirs"})
    due_at = Moment(allow_none=True, metadata={"description": "null while information is awaited"})
    claimed_at = Moment(allow_none=True)
    resolved_at = Moment(allow_none=True)
    closed_at = Moment(allow_none=True)
    version = fields.Integer()


class EntrySchema(Schema):
    """A line of an issue's history."""

    action = fields.String()
    actor = fields.String(allow_none=True)
    at = Moment()
    status = fields.String()
    level = fields.String()
    lead_unit = fields.String()
    note = fields.String(allow_none=True)
    observed_at = Moment(allow_none=True)
    received_at = Moment(metadata={"description": "when it came in, by our clock; observed_at is theirs"})
    media = fields.List(fields.Nested(PhotoLinkSchema))
    hash = fields.String(metadata={"description": "covers this line and all before it, see docs/privacy.md"})


class HistorySchema(Schema):
    """An issue's whole history, oldest line first."""

    items = fields.List(fields.Nested(EntrySchema))
    next = fields.String(allow_none=True)


class VerificationQuery(Schema):
    """`known`: a head of the history that was seen before."""

    known = Formed("[0-9a-f]{64}", "Not a hash of a history.", load_default=None)


class FaultSchema(Schema):
    """The first line (counted from 1) that is not as it was written, and what is wrong with it.

    `line`: edited, or lines before it removed, added or moved. `actor`, `note`, `media`: that part was
    changed or removed. `end`: lines after the last are gone.
    """

    place = fields.Integer()
    what = fields.String()


class HistoryVerificationSchema(Schema):
    """Whether a history is as it was written; `head` is the hash of its last line."""

    id = fields.String()
    sound = fields.Boolean()
    lines = fields.Integer()
    head = fields.String()
    fault = fields.Nested(FaultSchema, allow_none=True)
    contains_known = fields.Boolean(allow_none=True)


class AreaDefinedFact(FactSchema):
    """What this service needs of `area.defined.v1`."""

    name = fields.String(required=True)
    boundary = fields.Dict(required=True, allow_none=True)


class RoleFact(FactSchema):
    """A role on an area."""

    role = fields.String(required=True)
    area = fields.String(required=True)


class MemberChangedFact(FactSchema):
    """What this service needs of `member.changed.v1`."""

    roles = fields.List(fields.Nested(RoleFact), required=True)
    home_area = fields.String(required=True, allow_none=True)
