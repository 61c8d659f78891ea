"""What comes in to and goes out of activities."""

from marshmallow import Schema, fields, validate

from chassis.fields import AreaCode, Identifier, Moment, PageQuery, PlainText
from services.volunteer.activities.domain import CATEGORIES, MAX_MINUTES


class SubmitSchema(Schema):
    """A report of an activity; `minutes` of service."""

    category = fields.String(required=True, validate=validate.OneOf(CATEGORIES))
    area = AreaCode(required=True)
    summary = PlainText(required=True, most=1000)
    minutes = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, MAX_MINUTES))
    media = fields.List(Identifier(), load_default=list, validate=validate.Length(max=6))


class VerificationSchema(Schema):
    """`approve`, or `reject` with a reason."""

    decision = fields.String(required=True, validate=validate.OneOf(["approve", "reject"]))
    reason = PlainText(load_default=None, most=500)


class ActivityQuery(PageQuery):
    """Which reports to list; `member` also takes `me`."""

    area = AreaCode(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf(["submitted", "verified", "rejected"]))
    category = fields.String(load_default=None, validate=validate.OneOf(CATEGORIES))
    member = fields.String(load_default=None, validate=validate.Length(max=26))


class ActivitySchema(Schema):
    """An activity report."""

    id = fields.String()
    member = fields.String()
    category = fields.String()
    area = fields.String()
    summary = fields.String()
    minutes = fields.Integer()
    media = fields.List(fields.String())
    status = fields.String()
    created_at = Moment()
    verified_by = fields.String(allow_none=True)
    verified_at = Moment(allow_none=True)
    reason = fields.String(allow_none=True)
    version = fields.Integer()


class ActivityPageSchema(Schema):
    """A page of activity reports."""

    items = fields.List(fields.Nested(ActivitySchema))
    next = fields.String(allow_none=True)
