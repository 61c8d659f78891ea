"""What comes in to and goes out of the working calendar."""

from marshmallow import Schema, ValidationError, fields, validates_schema

from chassis.fields import Flag, PlainText
from services.issues.limits.domain import EARLIEST, LATEST

_MOST_DAYS = 366


class DaysQuery(Schema):
    """A span of days, both ends included, at most a year."""

    since = fields.Date(required=True, data_key="from")
    until = fields.Date(required=True, data_key="to")

    @validates_schema
    def in_order(self, data: dict[str, object], **_: object) -> None:
        """The end is not before the beginning, nor more than a year after it."""
        since, until = data["since"], data["until"]
        days = (until - since).days  # type: ignore[operator]  # both are dates here
        if not 0 <= days < _MOST_DAYS or not EARLIEST <= since <= LATEST:  # type: ignore[operator]
            raise ValidationError({"to": ["At most a year, and not before from."]})


class DaySchema(Schema):
    """A day: worked or not, and the public holiday it is part of."""

    date = fields.Date()
    working = fields.Boolean()
    holiday = fields.String(allow_none=True)


class DayListSchema(Schema):
    """Days in order."""

    items = fields.List(fields.Nested(DaySchema))
    next = fields.String(allow_none=True)


class ExceptionSchema(Schema):
    """A day of the district's own."""

    working = Flag(required=True)
    note = PlainText(required=True, most=100)
