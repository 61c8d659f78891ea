"""What comes in to and goes out of duplicates."""

from marshmallow import Schema, fields, validate

from chassis.fields import MAX_VERSION, Formed, Moment, PlainText
from chassis.places import PointQuery
from services.issues.cases.schemas import answers_field
from services.issues.categories.schemas import CATEGORY_PATTERN


class NearbyQuery(PointQuery):
    """A report not yet made: where it is, its category and text; within `radius` metres and `days`.

    Of the text the first 200 characters are compared: no more need be sent.
    """

    category = Formed(CATEGORY_PATTERN, "Not the code of a category.", load_default=None)
    description = PlainText(load_default=None, most=2000)
    radius = fields.Float(load_default=50.0, validate=validate.Range(1, 1000), allow_nan=False)
    days = fields.Integer(load_default=30, validate=validate.Range(1, 365))
    limit = fields.Integer(load_default=10, validate=validate.Range(1, 50))


class CandidateSchema(Schema):
    """An issue that may be the same. `distance` in metres; `likeness` from 0 to 100."""

    id = fields.String()
    number = fields.String()
    category = fields.String()
    status = fields.String()
    description = fields.String(
        allow_none=True, metadata={"description": "the beginning of it; null where it is withheld"}
    )
    created_at = Moment()
    supporters = fields.Integer()
    distance = fields.Float()
    likeness = fields.Float()


class CandidateListSchema(Schema):
    """Candidates, the likeliest first."""

    items = fields.List(fields.Nested(CandidateSchema))
    next = fields.String(allow_none=True)


class SupportSchema(Schema):
    """How many said "me too"."""

    id = fields.String()
    supporters = fields.Integer()


class PartSchema(Schema):
    """One problem of several, with the answers that its category asks for."""

    category = Formed(CATEGORY_PATTERN, "Not the code of a category.", required=True)
    description = PlainText(required=True, most=2000)
    answers = answers_field()


class SplitSchema(Schema):
    """The problems that a report is made of, and why it is split."""

    note = PlainText(required=True, most=2000)
    parts = fields.List(fields.Nested(PartSchema), required=True, validate=validate.Length(2, 10))
    version = fields.Integer(load_default=None, strict=True, validate=validate.Range(1, MAX_VERSION))


class SplitAnswerSchema(Schema):
    """The whole and its parts."""

    id = fields.String()
    status = fields.String()
    parts = fields.List(fields.String())
    version = fields.Integer()
