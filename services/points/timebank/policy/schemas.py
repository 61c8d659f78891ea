"""What comes in to and goes out of the time bank's policy."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from chassis.fields import MAX_VERSION, Flag, Formed, Moment, PlainText
from services.points.schemas import Amount
from services.points.timebank.policy.domain import (
    CONVERTIBLE,
    GIFT_TARGETS,
    SKILL_PATTERN,
    SKILLS,
    Conversion,
    Rounding,
    RoundingMode,
    Skill,
)

_MOST_MINUTES = 10**7


class SkillCode(Formed):
    """A word of the district's vocabulary."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(SKILL_PATTERN, "Small letters, digits and _; a letter first.", **kwargs)


class SkillSchema(Schema):
    """A skill, and what people call it."""

    code = SkillCode(required=True)
    zh = PlainText(required=True, most=20)
    en = PlainText(required=True, most=40)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Skill:
        return Skill(**data)


class RoundingSchema(Schema):
    """Minutes are counted in whole steps, rounded by `mode`."""

    step = Amount(load_default=1, validate=validate.Range(1, 120))
    mode = fields.String(
        load_default=RoundingMode.NEAREST.value,
        validate=validate.OneOf([one.value for one in RoundingMode]),
    )

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Rounding:
        return Rounding(data["step"], RoundingMode(data["mode"]))


class ConversionRateSchema(Schema):
    """So many `minutes` for so many `points`, and into which of them one may change."""

    minutes = Amount(required=True, validate=validate.Range(1, 10**6))
    points = Amount(required=True, validate=validate.Range(1, 10**6))
    to = fields.List(
        fields.String(validate=validate.OneOf(CONVERTIBLE)),
        required=True,
        validate=validate.Length(1, len(CONVERTIBLE)),
    )

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Conversion:
        return Conversion(data["minutes"], data["points"], tuple(data["to"]))


class PolicyOrderSchema(Schema):
    """The next version of the policy; what is left out is as in a district without one.

    `version` is the one that the caller has seen.
    """

    effective_from = Moment(load_default=None)
    ceiling = Amount(load_default=None, validate=validate.Range(1, _MOST_MINUTES))
    daily_cap = Amount(load_default=None, validate=validate.Range(1, 1440))
    redeeming_age = Amount(load_default=None, validate=validate.Range(1, 120))
    gifts = fields.List(
        fields.String(validate=validate.OneOf(GIFT_TARGETS)),
        load_default=list(GIFT_TARGETS),
        validate=validate.Length(0, len(GIFT_TARGETS)),
    )
    groups_give_only = Flag(load_default=True)
    auto_confirm_hours = Amount(load_default=72, validate=validate.Range(1, 720))
    rounding = fields.Nested(RoundingSchema, load_default=Rounding())
    conversion = fields.Nested(ConversionRateSchema, load_default=None, allow_none=True)
    skills = fields.List(
        fields.Nested(SkillSchema), load_default=list(SKILLS), validate=validate.Length(1, 100)
    )
    note = PlainText(required=True, most=200)
    version = Amount(load_default=None, validate=validate.Range(0, MAX_VERSION))


class PolicySchema(Schema):
    """A version of the policy; 0 is what holds before any was made."""

    version = fields.Integer()
    effective_from = Moment()
    ceiling = fields.Integer(allow_none=True)
    daily_cap = fields.Integer(allow_none=True)
    redeeming_age = fields.Integer(allow_none=True)
    gifts = fields.List(fields.String(validate=validate.OneOf(GIFT_TARGETS)))
    groups_give_only = fields.Boolean()
    auto_confirm_hours = fields.Integer()
    rounding = fields.Nested(RoundingSchema)
    conversion = fields.Nested(ConversionRateSchema, allow_none=True)
    skills = fields.List(fields.Nested(SkillSchema))
    note = fields.String()
    by = fields.String(allow_none=True)
    made_at = Moment(allow_none=True)


class PolicyPageSchema(Schema):
    """A page of versions."""

    items = fields.List(fields.Nested(PolicySchema))
    next = fields.String(allow_none=True)
