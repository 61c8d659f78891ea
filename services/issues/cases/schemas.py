"""What comes in to and goes out of issues."""

from marshmallow import Schema, fields, validate

from chassis.fields import (
    MAX_VERSION,
    AreaCode,
    Flag,
    Identifier,
    LocationSchema,
    Moment,
    PageQuery,
    PlainText,
)
from chassis.subscriptions import FactSchema
from services.issues.cases.domain import CATEGORIES, Level, Status
from services.issues.cases.workflow import WORKFLOW

MAX_PHOTOS = 6
_STATUSES = [one.value for one in Status]


def _media() -> fields.List[str]:
    return fields.List(Identifier(), load_default=list, validate=validate.Length(max=MAX_PHOTOS))


class ReportSchema(Schema):
    """A new report."""

    category = fields.String(required=True, validate=validate.OneOf(list(CATEGORIES)))
    description = PlainText(required=True, most=2000)
    location = fields.Nested(LocationSchema, load_default=None)
    area = AreaCode(load_default=None)
    media = _media()
    anonymous = Flag(load_default=False)
    urgency = fields.String(load_default="normal", validate=validate.OneOf(["normal", "urgent"]))


class TransitionSchema(Schema):
    """An action of the workflow. `assignee` goes with assign, `into` with merge, `agency` with refer."""

    action = fields.String(required=True, validate=validate.OneOf(list(WORKFLOW)))
    note = PlainText(load_default=None, most=2000)
    media = _media()
    assignee = Identifier(load_default=None)
    into = Identifier(load_default=None)
    agency = PlainText(load_default=None, most=100)
    version = fields.Integer(load_default=None, strict=True, validate=validate.Range(1, MAX_VERSION))


class CommentSchema(Schema):
    """A remark on an issue."""

    text = PlainText(required=True, most=1000)


class RatingSchema(Schema):
    """The reporter's satisfaction; score 1 (poor) to 5 (excellent)."""

    satisfied = Flag(required=True)
    score = fields.Integer(required=True, strict=True, validate=validate.Range(1, 5))
    comment = PlainText(load_default="", most=1000, least=0)


class IssueQuery(PageQuery):
    """Filters of the list of issues; `reporter` and `assignee` also take `me`."""

    area = AreaCode(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf(_STATUSES))
    category = fields.String(load_default=None, validate=validate.OneOf(list(CATEGORIES)))
    assignee = fields.String(load_default=None, validate=validate.Length(max=26))
    reporter = fields.String(load_default=None, validate=validate.Length(max=26))
    since = Moment(load_default=None)
    until = Moment(load_default=None)


class PhotoLinkSchema(Schema):
    """A photo of an issue, by links that expire."""

    id = fields.String()
    url = fields.String()
    thumbnail_url = fields.String()


class IssueSchema(Schema):
    """An issue as shown to a member; `reporter` is null for those who may not know."""

    id = fields.String()
    number = fields.String()
    status = fields.String(validate=validate.OneOf(_STATUSES))
    level = fields.String(validate=validate.OneOf([one.value for one in Level]))
    category = fields.String()
    description = fields.String()
    area = fields.String()
    location = fields.Nested(LocationSchema, allow_none=True)
    media = fields.List(fields.Nested(PhotoLinkSchema))
    anonymous = fields.Boolean()
    urgency = fields.String()
    reporter = fields.String(allow_none=True)
    assignee = fields.String(allow_none=True)
    resolver = fields.String(allow_none=True)
    merged_into = fields.String(allow_none=True)
    referred_to = fields.String(allow_none=True)
    rating = fields.Nested(RatingSchema, allow_none=True)
    reopened = fields.Integer()
    created_at = Moment()
    due_at = Moment()
    claimed_at = Moment(allow_none=True)
    resolved_at = Moment(allow_none=True)
    closed_at = Moment(allow_none=True)
    version = fields.Integer()


class IssuePageSchema(Schema):
    """A page of issues."""

    items = fields.List(fields.Nested(IssueSchema))
    next = fields.String(allow_none=True)


class EntrySchema(Schema):
    """A line of an issue's history."""

    action = fields.String()
    actor = fields.String(allow_none=True)
    at = Moment()
    status = fields.String()
    level = fields.String()
    note = fields.String(allow_none=True)
    media = fields.List(fields.String())


class HistorySchema(Schema):
    """An issue's whole history, oldest line first."""

    items = fields.List(fields.Nested(EntrySchema))
    next = fields.String(allow_none=True)


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
