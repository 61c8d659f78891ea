"""What comes in to and goes out of categories."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from chassis.fields import Flag, Formed, PlainText
from services.issues.categories.domain import LEVELS, ROOTS, Category, Question
from services.issues.limits.domain import Limit, Unit

CATEGORY_PATTERN = f"({'|'.join(ROOTS)})([.][a-z][a-z0-9_]{{0,39}}){{0,3}}"
QUESTION_PATTERN = "[a-z][a-z0-9_]{0,39}"
_KINDS = ("text", "number", "boolean", "date", "choice")


class LimitSchema(Schema):
    """So many hours, working hours or working days."""

    amount = fields.Integer(required=True, strict=True, validate=validate.Range(1, 2000))
    unit = fields.String(required=True, validate=validate.OneOf([one.value for one in Unit]))

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Limit:
        """As the rules know it."""
        return Limit(data["amount"], Unit(data["unit"]))


class LimitsSchema(Schema):
    """A limit for each level."""

    steward = fields.Nested(LimitSchema, required=True)
    community = fields.Nested(LimitSchema, required=True)
    subdistrict = fields.Nested(LimitSchema, required=True)


class QuestionSchema(Schema):
    """A question to who reports; `choices` go with the kind `choice`."""

    code = Formed(QUESTION_PATTERN, "Small letters, digits and _; a letter first.", required=True)
    zh = PlainText(required=True, most=100)
    en = PlainText(required=True, most=100)
    kind = fields.String(required=True, validate=validate.OneOf(_KINDS))
    required = Flag(load_default=False)
    choices = fields.List(PlainText(most=60), load_default=list, validate=validate.Length(max=30))

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Question:
        """As the rules know it."""
        return Question(**{**data, "choices": tuple(data["choices"])})


class DefineCategorySchema(Schema):
    """A category, or its next version. Codes lie below the study's five: `environment.garbage`."""

    code = Formed(CATEGORY_PATTERN, "Not the code of a category.", required=True)
    zh = PlainText(required=True, most=40)
    en = PlainText(required=True, most=60)
    limits = fields.Nested(LimitsSchema, required=True)
    urgent_limits = fields.Nested(LimitsSchema, required=True)
    duty_list = Flag(load_default=True)
    after_photo = Flag(load_default=False)
    sensitive = Flag(load_default=False)
    moderated = Flag(load_default=False)
    questions = fields.List(
        fields.Nested(QuestionSchema), load_default=list, validate=validate.Length(max=20)
    )
    points_hint = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 1000))

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Category:
        """As the rules know it."""
        return Category(**{**data, "questions": tuple(data["questions"])})


class CategorySchema(Schema):
    """One version of a category. `points_hint`: what a solution is usually worth."""

    code = fields.String()
    version = fields.Integer()
    zh = fields.String()
    en = fields.String()
    limits = fields.Dict(
        keys=fields.String(validate=validate.OneOf(LEVELS)), values=fields.Nested(LimitSchema)
    )
    urgent_limits = fields.Dict(
        keys=fields.String(validate=validate.OneOf(LEVELS)), values=fields.Nested(LimitSchema)
    )
    duty_list = fields.Boolean()
    after_photo = fields.Boolean()
    sensitive = fields.Boolean()
    moderated = fields.Boolean()
    questions = fields.List(fields.Nested(QuestionSchema))
    points_hint = fields.Integer()
    retired = fields.Boolean(metadata={"description": "itself, or one above it"})


class CategoryListSchema(Schema):
    """The categories, each after the one above it."""

    items = fields.List(fields.Nested(CategorySchema))
    next = fields.String(allow_none=True)
