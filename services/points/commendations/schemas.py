"""What comes in to and goes out of commendations."""

from marshmallow import Schema, fields, validate

from chassis.fields import MAX_VERSION, AreaCode, Formed, Identifier, Moment, PageQuery, PlainText
from chassis.subscriptions import FactSchema
from services.points.commendations.commendation import Status
from services.points.commendations.domain import PUBLIC_ACTIONS
from services.points.honours.schemas import Period

PRINTED_CODE_PATTERN = "[0-9A-F]{10}"
_STATUSES = [one.value for one in Status]


class NominationSchema(Schema):
    """Whom to commend for what; `name` is as it is to be printed."""

    member = Identifier(required=True)
    name = PlainText(required=True, most=40)
    area = AreaCode(required=True)
    period = Period(required=True)
    title = PlainText(required=True, most=60)
    grounds = PlainText(required=True, most=1000)


class CommendationTransitionSchema(Schema):
    """An action of the workflow; `responsible` and `contact` go with publicise."""

    action = fields.String(required=True, validate=validate.OneOf(PUBLIC_ACTIONS))
    note = PlainText(load_default=None, most=500)
    responsible = PlainText(load_default=None, most=40)
    contact = PlainText(load_default=None, most=60)
    objection = Identifier(load_default=None)
    version = fields.Integer(load_default=None, strict=True, validate=validate.Range(1, MAX_VERSION))


class ObjectionOrderSchema(Schema):
    """What is held against a commendation."""

    reason = PlainText(required=True, most=500)


class CommendationQuery(PageQuery):
    """Which commendations to list; `mine=true` for those on oneself or by oneself."""

    area = AreaCode(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf(_STATUSES))
    mine = fields.Boolean(load_default=False)


class DeedSchema(Schema):
    """How often a rule paid."""

    rule = fields.String()
    count = fields.Integer()


class FactsSchema(Schema):
    """What the ledger knew on the day of nomination, of this area and period, and of the whole lifetime."""

    points = fields.Integer()
    minutes = fields.Integer()
    deeds = fields.List(fields.Nested(DeedSchema))
    lifetime_minutes = fields.Integer()
    stars = fields.Integer()


class ObjectionSchema(Schema):
    """An objection, as reviewers and whoever made it see it."""

    id = fields.String()
    by = fields.String()
    reason = fields.String()
    at = Moment()
    answer = fields.String(allow_none=True)
    dismissed_by = fields.String(allow_none=True)


class RecordSchema(Schema):
    """A line of the record, shown to those whom it concerns and to reviewers."""

    action = fields.String()
    actor = fields.String(allow_none=True)
    at = Moment()
    status = fields.String()
    note = fields.String(allow_none=True)


class CommendationSchema(Schema):
    """A commendation; `allowed` are the actions that the caller may take now."""

    id = fields.String()
    number = fields.String()
    member = fields.String()
    name = fields.String(metadata={"description": "empty once the member was forgotten"})
    area = fields.String()
    period = fields.String()
    title = fields.String()
    grounds = fields.String()
    nominator = fields.String()
    facts = fields.Nested(FactsSchema)
    status = fields.String(validate=validate.OneOf(_STATUSES))
    nominated_at = Moment()
    responsible = fields.String(allow_none=True)
    contact = fields.String(allow_none=True)
    publicised_at = Moment(allow_none=True)
    closes_at = Moment(allow_none=True)
    objection_count = fields.Integer()
    objections = fields.List(fields.Nested(ObjectionSchema))
    history = fields.List(fields.Nested(RecordSchema))
    awarded_at = Moment(allow_none=True)
    ended_at = Moment(allow_none=True)
    allowed = fields.List(fields.String())
    version = fields.Integer()


class CommendationPageSchema(Schema):
    """A page of commendations."""

    items = fields.List(fields.Nested(CommendationSchema))
    next = fields.String(allow_none=True)


class CertificateQuery(Schema):
    """The code that is printed on the certificate."""

    code = Formed(PRINTED_CODE_PATTERN, "Ten digits or letters from A to F, as printed.", required=True)


class ValiditySchema(Schema):
    """Whether a certificate is valid."""

    number = fields.String()
    valid = fields.Boolean()
    awarded_at = Moment()


class ErasedFact(FactSchema):
    """Nothing is read of `member.erased.v1` but whom it is of."""
