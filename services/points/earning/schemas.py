"""What comes in to and goes out of earning: the rules, simulations, and the facts that are paid for."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from chassis.fields import AreaCode, Flag, Formed, Identifier, Moment, PageQuery, PlainText
from chassis.subscriptions import FactSchema
from services.points.earning.rule import (
    ANSWERED,
    CODE_PATTERN,
    COUNTED_UNITS,
    Caps,
    Conditions,
    EarningRule,
    RuleStatus,
)
from services.points.schemas import Amount, LegSchema

CATEGORY_PATTERN = "[a-z][a-z0-9_]{0,39}([.][a-z][a-z0-9_]{0,39}){0,3}"
ROLE_PATTERN = "[a-z][a-z_]{0,39}"
_MOST_POINTS, _MOST_MINUTES, _MOST_PHOTOS, _MOST_CAP = 10_000, 100_000, 20, 10**9
_STATUSES = [one.value for one in RuleStatus]


class RuleCode(Formed):
    """The code of a rule."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(CODE_PATTERN, "Not the code of a rule.", **kwargs)


class ConditionsSchema(Schema):
    """When a rule pays; what is left out asks for nothing.

    Categories hold with all below them, `area` is a prefix. Whoever gains holds one of `roles` there.
    Minutes are of service or training, `photos` those of the report.
    """

    categories = fields.List(
        Formed(CATEGORY_PATTERN, "Not the code of a category."),
        load_default=list,
        validate=validate.Length(max=50),
    )
    area = AreaCode(load_default=None, allow_none=True)
    roles = fields.List(
        Formed(ROLE_PATTERN, "Not the name of a role."), load_default=list, validate=validate.Length(max=20)
    )
    min_minutes = Amount(load_default=0, validate=validate.Range(0, _MOST_MINUTES))
    max_minutes = Amount(load_default=None, allow_none=True, validate=validate.Range(0, _MOST_MINUTES))
    photos = Amount(load_default=0, validate=validate.Range(0, _MOST_PHOTOS))

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Conditions:
        """As the rules know it."""
        return Conditions(**{**data, "categories": tuple(data["categories"]), "roles": tuple(data["roles"])})


class CapsSchema(Schema):
    """The most that one person gains: for one event, in a day or month of Shanghai, ever; null is no cap."""

    event = Amount(load_default=None, allow_none=True, validate=validate.Range(0, _MOST_CAP))
    day = Amount(load_default=None, allow_none=True, validate=validate.Range(0, _MOST_CAP))
    month = Amount(load_default=None, allow_none=True, validate=validate.Range(0, _MOST_CAP))
    person = Amount(load_default=None, allow_none=True, validate=validate.Range(0, _MOST_CAP))

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Caps:
        """As the rules know it."""
        return Caps(**data)


class UnitCapsSchema(Schema):
    """The caps of each unit."""

    points = fields.Nested(CapsSchema)
    minutes = fields.Nested(CapsSchema)


class DraftRuleSchema(Schema):
    """A rule, or its next version: who gains what by an event.

    `for_solution`: the worker gains only for a solution of their own. `reporter_photos`: how many photos a
    report needs to gain. `pays_minutes`: the minutes of service are paid as they are (training is none).
    """

    code = RuleCode(required=True)
    zh = PlainText(required=True, most=40)
    en = PlainText(required=True, most=60)
    event = fields.String(required=True, validate=validate.OneOf(ANSWERED))
    worker_points = Amount(load_default=0, validate=validate.Range(0, _MOST_POINTS))
    reporter_points = Amount(load_default=0, validate=validate.Range(0, _MOST_POINTS))
    pays_minutes = Flag(load_default=False)
    for_solution = Flag(load_default=False)
    reporter_photos = Amount(load_default=1, validate=validate.Range(0, _MOST_PHOTOS))
    conditions = fields.Nested(ConditionsSchema, load_default=Conditions)
    caps = fields.Nested(UnitCapsSchema, load_default=dict)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> EarningRule:
        """As the rules know it; which version it is, is not the caller's to say."""
        return EarningRule(version=0, **data)


class RuleSchema(Schema):
    """One version of a rule, in force for what happens in `[active_from, retired_from)`."""

    id = fields.String()
    code = fields.String()
    version = fields.Integer()
    status = fields.String(validate=validate.OneOf(_STATUSES))
    zh = fields.String()
    en = fields.String()
    event = fields.String()
    worker_points = fields.Integer()
    reporter_points = fields.Integer()
    pays_minutes = fields.Boolean()
    for_solution = fields.Boolean()
    reporter_photos = fields.Integer()
    conditions = fields.Nested(ConditionsSchema)
    caps = fields.Dict(
        keys=fields.String(validate=validate.OneOf(COUNTED_UNITS)), values=fields.Nested(CapsSchema)
    )
    active_from = Moment(allow_none=True)
    retired_from = Moment(allow_none=True)
    drafted_by = fields.String(allow_none=True)
    revision = fields.Integer()


class RulePageSchema(Schema):
    """A page of rules."""

    items = fields.List(fields.Nested(RuleSchema))
    next = fields.String(allow_none=True)


class RuleQuery(PageQuery):
    """Which versions to list."""

    code = RuleCode(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf(_STATUSES))


class RuleTransitionSchema(Schema):
    """What becomes of a version."""

    action = fields.String(required=True, validate=validate.OneOf(["activate", "retire"]))


class SimulationOrderSchema(Schema):
    """Which version (`rule`, its id) to apply to what happened in `[from, to)`, in an area or the district.

    `limit` of the postings that it would have made are listed.
    """

    rule = Identifier(required=True)
    since = Moment(required=True, data_key="from")
    until = Moment(required=True, data_key="to")
    area = AreaCode(load_default=None, allow_none=True)
    limit = fields.Integer(load_default=100, strict=True, validate=validate.Range(0, 1000))


class SumSchema(Schema):
    """How many postings, and what members gain by them."""

    postings = fields.Integer()
    points = fields.Integer()
    minutes = fields.Integer()


class SimulatedPostingSchema(Schema):
    """A posting that would have been made."""

    cause = fields.String()
    round = fields.Integer(metadata={"description": "the how manieth confirmation of the issue"})
    area = fields.String()
    at = Moment()
    legs = fields.List(fields.Nested(LegSchema))


class SimulationSchema(Schema):
    """What the version would have paid for so many events to so many people, and its code really paid."""

    rule = fields.Nested(RuleSchema)
    events = fields.Integer()
    would = fields.Nested(SumSchema)
    really = fields.Nested(SumSchema)
    people = fields.Integer()
    items = fields.List(fields.Nested(SimulatedPostingSchema))


class IssueFact(FactSchema):
    """What this service needs of an issue's events. Older ones tell no round: it was the first."""

    category = fields.String(required=True)
    reporter = fields.String(required=True, allow_none=True)
    assignee = fields.String(required=True, allow_none=True)
    resolver = fields.String(required=True, allow_none=True)
    photos = fields.Integer(required=True)
    round = fields.Integer(load_default=1)


class IssueReopenedFact(IssueFact):
    """An issue's event, too. Older ones tell no round: what they are of was never confirmed."""

    round = fields.Integer(load_default=0)


class ActivityVerifiedFact(FactSchema):
    """What this service needs of `activity.verified.v1`."""

    category = fields.String(required=True)
    member = fields.String(required=True)
    minutes = fields.Integer(required=True)
    photos = fields.Integer(required=True)


class DutyVerifiedFact(FactSchema):
    """What this service needs of `duty.verified.v1`; `category` is the kind of the shift."""

    category = fields.String(required=True)
    member = fields.String(required=True)
    minutes = fields.Integer(required=True)


class TrainingCompletedFact(FactSchema):
    """What this service needs of `training.completed.v1`."""

    category = fields.String(required=True)
    member = fields.String(required=True)
    minutes = fields.Integer(required=True)
