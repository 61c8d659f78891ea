"""What comes in to and goes out of flags."""

from marshmallow import Schema, fields, validate

from chassis.fields import PlainText


class FlagRequestSchema(Schema):
    """Why an issue should not be shown: abuse, advertising, or personal data of others."""

    reason = PlainText(required=True, least=2, most=300)


class FlaggedSchema(Schema):
    """That it was taken note of."""

    id = fields.String()
    flagged = fields.Boolean()


class ReviewSchema(Schema):
    """The decision of staff."""

    decision = fields.String(required=True, validate=validate.OneOf(["show", "hide"]))
    reason = PlainText(required=True, least=2, most=1000)


class ReviewedSchema(Schema):
    """What was decided."""

    id = fields.String()
    hidden = fields.Boolean()
    version = fields.Integer()
