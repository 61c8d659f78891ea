"""What comes in to and goes out of the figures."""

from marshmallow import Schema, fields, validate

from chassis.fields import AreaCode, Moment


class FiguresQuery(Schema):
    """An area (the whole district when none is given) and a span of time, its end excluded."""

    area = AreaCode(load_default=None)
    since = Moment(load_default=None, data_key="from")
    until = Moment(load_default=None, data_key="to")


class IssueFiguresQuery(FiguresQuery):
    """How to group the figures of issues."""

    group_by = fields.String(load_default="category", validate=validate.OneOf(["area", "category", "month"]))


class UsageRowSchema(Schema):
    """Records of one category."""

    category = fields.String()
    count = fields.Integer()


class UsageSchema(Schema):
    """Issues and activities by category."""

    area = fields.String()
    rows = fields.List(fields.Nested(UsageRowSchema))
    total = fields.Integer()


class RateSchema(Schema):
    """A rate and what it was made of; null when there is nothing to divide by."""

    numerator = fields.Integer()
    denominator = fields.Integer()
    rate = fields.Float(allow_none=True)


class SpreadSchema(Schema):
    """Median and 90th percentile in hours, of n issues."""

    n = fields.Integer()
    median = fields.Float(allow_none=True)
    p90 = fields.Float(allow_none=True)


class FiguresRowSchema(Schema):
    """The figures of one group; withdrawn, merged and rejected issues are left out of the rates."""

    area = fields.String()
    category = fields.String()
    month = fields.String()
    count = fields.Integer()
    by_status = fields.Dict(keys=fields.String(), values=fields.Integer())
    response_rate = fields.Nested(RateSchema)
    resolution_rate = fields.Nested(RateSchema)
    satisfaction_rate = fields.Nested(RateSchema)
    hours_to_response = fields.Nested(SpreadSchema)
    hours_to_resolution = fields.Nested(SpreadSchema)


class IssueFiguresSchema(Schema):
    """How well issues are handled."""

    area = fields.String()
    group_by = fields.String()
    rows = fields.List(fields.Nested(FiguresRowSchema))
    all = fields.Nested(FiguresRowSchema)
