"""What comes in to and goes out of suggestions."""

from marshmallow import Schema, fields, validate

from chassis.fields import MAX_VERSION, AreaCode, Flag, Moment, PageQuery, PlainText
from services.issues.suggestions.domain import WORKFLOW, Decision, Status

_STATUSES = [one.value for one in Status]


class MakeSuggestionSchema(Schema):
    """A new suggestion for an area."""

    kind = fields.String(required=True, validate=validate.Length(1, 40))
    area = AreaCode(required=True)
    title = PlainText(required=True, most=80)
    text = PlainText(required=True, most=2000)


class SuggestionTransitionSchema(Schema):
    """An action on a suggestion; `decision` and `text` go with answer."""

    action = fields.String(required=True, validate=validate.OneOf(list(WORKFLOW)))
    decision = fields.String(load_default=None, validate=validate.OneOf([one.value for one in Decision]))
    text = PlainText(load_default=None, most=2000)
    version = fields.Integer(load_default=None, strict=True, validate=validate.Range(1, MAX_VERSION))


class SuggestionQuery(PageQuery):
    """Filters of the list; `mine=true` for one's own."""

    area = AreaCode(load_default=None)
    kind = fields.String(load_default=None, validate=validate.Length(1, 40))
    status = fields.String(load_default=None, validate=validate.OneOf(_STATUSES))
    mine = fields.Boolean(load_default=False)


class AnswerSchema(Schema):
    """An official answer; `by` is null once they were forgotten."""

    by = fields.String(allow_none=True)
    at = Moment()
    decision = fields.String(validate=validate.OneOf([one.value for one in Decision]))
    text = fields.String()


class SuggestionSchema(Schema):
    """A suggestion. `author` is null for those who may not know; `supported`: by the caller."""

    id = fields.String()
    number = fields.String()
    kind = fields.String()
    area = fields.String()
    title = fields.String()
    text = fields.String()
    status = fields.String(validate=validate.OneOf(_STATUSES))
    author = fields.String(allow_none=True)
    support_count = fields.Integer()
    supported = fields.Boolean()
    answer = fields.Nested(AnswerSchema, allow_none=True)
    answers = fields.List(fields.Nested(AnswerSchema))
    created_at = Moment()
    closed_at = Moment(allow_none=True)
    version = fields.Integer()


class SuggestionPageSchema(Schema):
    """A page of suggestions."""

    items = fields.List(fields.Nested(SuggestionSchema))
    next = fields.String(allow_none=True)


class DefineKindSchema(Schema):
    """The names of a kind; a retired one takes no new suggestions."""

    zh = PlainText(required=True, most=40)
    en = PlainText(required=True, most=80)
    retired = Flag(load_default=False)


class KindSchema(Schema):
    """A kind of suggestion."""

    code = fields.String()
    zh = fields.String()
    en = fields.String()
    retired = fields.Boolean()


class KindListSchema(Schema):
    """The kinds of this district."""

    items = fields.List(fields.Nested(KindSchema))
    next = fields.String(allow_none=True)


class SuggestionFiguresQuery(Schema):
    """An area (the whole district when none is given) and a span of time, its end excluded."""

    area = AreaCode(load_default=None)
    since = Moment(load_default=None, data_key="from")
    until = Moment(load_default=None, data_key="to")


class KindRowSchema(Schema):
    """The suggestions of one kind: how many, how often supported, how many answered."""

    kind = fields.String()
    zh = fields.String()
    en = fields.String()
    count = fields.Integer()
    supports = fields.Integer()
    answered = fields.Integer()


class SuggestionFiguresSchema(Schema):
    """Suggestions by kind, withdrawn ones left out."""

    area = fields.String()
    rows = fields.List(fields.Nested(KindRowSchema))
    total = fields.Integer()
