"""What comes in to and goes out of postings by hand and adjustments."""

from marshmallow import Schema, fields, validate

from chassis.fields import Moment, PageQuery, PlainText
from services.points.adjustments.domain import Standing
from services.points.schemas import LegSchema

_STANDINGS = [one.value for one in Standing]


class ApprovalSchema(Schema):
    """What the second administrator says."""

    note = PlainText(load_default=None, most=200)


class RefusalSchema(Schema):
    """Why it is not posted."""

    note = PlainText(required=True, most=200)


class AdjustmentSchema(Schema):
    """What waits for a second administrator: a posting, or the reversal of `reverses`.

    `size` is what it moves, by unit; `posting` what came of it.
    """

    id = fields.String()
    standing = fields.String(validate=validate.OneOf(_STANDINGS))
    memo = fields.String()
    legs = fields.List(fields.Nested(LegSchema))
    size = fields.Dict(keys=fields.String(), values=fields.Integer())
    effective_at = Moment(allow_none=True)
    reverses = fields.String(allow_none=True)
    in_part = fields.Boolean()
    author = fields.String()
    asked_at = Moment()
    expires_at = Moment()
    decided_by = fields.String(allow_none=True)
    decided_at = Moment(allow_none=True)
    note = fields.String(allow_none=True)
    posting = fields.String(allow_none=True)


class AdjustmentQuery(PageQuery):
    """Which adjustments to list."""

    standing = fields.String(load_default=None, validate=validate.OneOf(_STANDINGS))


class AdjustmentPageSchema(Schema):
    """A page of adjustments."""

    items = fields.List(fields.Nested(AdjustmentSchema))
    next = fields.String(allow_none=True)
