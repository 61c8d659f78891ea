"""What comes in to and goes out of personal data."""

from marshmallow import Schema, fields, validate

from chassis.fields import AreaCode, Flag, Formed, Identifier, Moment, PageQuery, PlainText
from services.volunteer.activities.schemas import ActivitySchema
from services.volunteer.duty.schemas import OwnDutySchema
from services.volunteer.people.schemas import GrantEntrySchema, RoleSchema
from services.volunteer.training.schemas import OwnTrainingSchema


class ContactRequestSchema(Schema):
    """Why a member must be reached; `subject` is the number of the issue that it is about."""

    reason = PlainText(required=True, least=5, most=300)
    subject = Formed("[0-9]{8}-[0-9A-Z]{6}", "Not the number of an issue.", required=True)


class ContactViewSchema(Schema):
    """A look-up: who saw the phone of whom, on account of what, why and when."""

    id = fields.String()
    who = fields.String()
    whom = fields.String()
    subject = fields.String()
    reason = fields.String()
    when = Moment()


class ContactSchema(ContactViewSchema):
    """A look-up, with what was looked up."""

    name = fields.String(allow_none=True)
    phone = fields.String()


class ContactViewQuery(PageQuery):
    """Which look-ups to list: of an area (the whole district when none is given), of a member."""

    area = AreaCode(load_default=None)
    member = Identifier(load_default=None)


class ContactViewPageSchema(Schema):
    """A page of look-ups."""

    items = fields.List(fields.Nested(ContactViewSchema))
    next = fields.String(allow_none=True)


class ErasureSchema(Schema):
    """`confirm: true` says that it is meant: it cannot be undone."""

    confirm = Flag(required=True, validate=validate.Equal(True))


class ExportSchema(Schema):
    """All that this service keeps of a member, and where the others show what they keep."""

    id = fields.String()
    phone = fields.String()
    name = fields.String(allow_none=True)
    home_area = fields.String(allow_none=True)
    roles = fields.List(fields.Nested(RoleSchema))
    grants = fields.List(fields.Nested(GrantEntrySchema), metadata={"description": "who granted and revoked"})
    activities = fields.List(fields.Nested(ActivitySchema))
    duties = fields.List(fields.Nested(OwnDutySchema))
    trainings = fields.List(fields.Nested(OwnTrainingSchema))
    contact_views = fields.String(metadata={"description": "where look-ups of the phone are listed"})
    elsewhere = fields.Dict(keys=fields.String(), values=fields.String())
