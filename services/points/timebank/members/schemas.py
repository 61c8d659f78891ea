"""What comes in to and goes out of registrations."""

from marshmallow import Schema, fields

from chassis.fields import Flag, Identifier, Moment, PageQuery


class RegistrationOrderSchema(Schema):
    """What is to be known of a member; what is left out is unsaid."""

    may_redeem_from = fields.Date(load_default=None, allow_none=True)
    group = Flag(load_default=False)


class RegistrationSchema(Schema):
    """What is registered of a member."""

    member = fields.String()
    may_redeem_from = fields.Date(allow_none=True)
    group = fields.Boolean()
    by = fields.String(allow_none=True)
    at = Moment(allow_none=True)


class RelativesOrderSchema(Schema):
    """Two members who are lineal relatives."""

    member = Identifier(required=True)
    relative = Identifier(required=True)


class RelativesSchema(Schema):
    """Two members who are registered as lineal relatives."""

    id = fields.String()
    members = fields.List(fields.String())
    by = fields.String()
    at = Moment()


class RelativesQuery(PageQuery):
    """Whose relatives to list; one's own where nothing is said."""

    member = Identifier(load_default=None)


class RelativesPageSchema(Schema):
    """A page of relatives."""

    items = fields.List(fields.Nested(RelativesSchema))
    next = fields.String(allow_none=True)
