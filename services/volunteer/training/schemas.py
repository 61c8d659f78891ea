"""What comes in to and goes out of training."""

from marshmallow import Schema, fields, validate

from chassis.fields import AreaCode, Flag, Formed, Identifier, Moment, PageQuery, PlainText
from services.volunteer.training.domain import CATEGORY_PATTERN, MOST_MINUTES, MOST_SEATS
from services.volunteer.training.session import Status

_STATUSES = [one.value for one in Status]


class CourseBody(Schema):
    """A course of so many minutes; `category` is what rules of earning can ask for."""

    title = PlainText(required=True, most=100)
    category = Formed(CATEGORY_PATTERN, "Not the code of a category.", required=True)
    minutes = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_MINUTES))
    description = PlainText(load_default=None, allow_none=True, most=1000)


class CourseSchema(Schema):
    """A course."""

    id = fields.String()
    title = fields.String()
    category = fields.String()
    minutes = fields.Integer()
    description = fields.String(allow_none=True)
    created_by = fields.String()
    created_at = Moment()


class CoursePageSchema(Schema):
    """A page of courses."""

    items = fields.List(fields.Nested(CourseSchema))
    next = fields.String(allow_none=True)


class SessionBody(Schema):
    """A session of a course; it is entered until a day after it has ended."""

    course = Identifier(required=True)
    area = AreaCode(required=True)
    place = PlainText(required=True, most=100)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    seats = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_SEATS))


class SessionQuery(PageQuery):
    """Which sessions to list: of an area and all in it; `member=me` for those that one is on the list of."""

    area = AreaCode(load_default=None)
    member = fields.String(load_default=None, validate=validate.OneOf(["me"]))


class AttendanceBody(Schema):
    """Whether a member came; `minutes` where they had fewer than the course has."""

    member = Identifier(required=True)
    attended = Flag(required=True)
    minutes = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(1, MOST_MINUTES)
    )
    reason = PlainText(load_default=None, allow_none=True, most=200)


class AttendanceSchema(Schema):
    """A member on the list of a session, and what became of them."""

    id = fields.String()
    member = fields.String()
    status = fields.String(validate=validate.OneOf(_STATUSES))
    signed_up_at = Moment(allow_none=True)
    minutes = fields.Integer()
    reason = fields.String(allow_none=True)
    recorded_by = fields.String(allow_none=True)
    recorded_at = Moment(allow_none=True)


class SessionSchema(Schema):
    """A session. `attendances` are all of them for those who hold sessions there, one's own for others."""

    id = fields.String()
    course = fields.String()
    title = fields.String()
    category = fields.String()
    minutes = fields.Integer()
    area = fields.String()
    place = fields.String()
    starts_at = Moment()
    ends_at = Moment()
    seats = fields.Integer()
    seats_left = fields.Integer()
    created_by = fields.String()
    created_at = Moment()
    attendances = fields.List(fields.Nested(AttendanceSchema))
    version = fields.Integer()


class SessionPageSchema(Schema):
    """A page of sessions."""

    items = fields.List(fields.Nested(SessionSchema))
    next = fields.String(allow_none=True)


class OwnTrainingSchema(AttendanceSchema):
    """A member's own part in a session, for their export."""

    session = fields.String()
    course = fields.String()
    title = fields.String()
    category = fields.String()
    area = fields.String()
    place = fields.String()
    starts_at = Moment()
    ends_at = Moment()
