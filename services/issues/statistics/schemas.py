"""What comes in to and goes out of the figures. The definitions stand here, where OpenAPI takes them from."""

from typing import Any

from marshmallow import Schema, fields, validate

from chassis.fields import AreaCode, Moment
from services.issues.statistics.disclosure import LEAST_TO_SHOW
from services.issues.statistics.domain import LEAST_TO_RANK, LEVELS, Measure

_SMALL = f"true where it is kept back because fewer than {LEAST_TO_SHOW} are behind it, or could be told"


def _told(text: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"description": text}, **more}


class FiguresQuery(Schema):
    """An area (the whole district when none is given) and a span of time, its end excluded."""

    area = AreaCode(load_default=None)
    since = Moment(load_default=None, data_key="from")
    until = Moment(load_default=None, data_key="to")


class IssueFiguresQuery(FiguresQuery):
    """How to group the figures of issues."""

    group_by = fields.String(load_default="category", validate=validate.OneOf(["area", "category", "month"]))


class RankingsQuery(FiguresQuery):
    """What to rank by, and which areas: those of the next level below, or of the one named."""

    by = fields.String(
        load_default=Measure.RESOLUTION_RATE.value, validate=validate.OneOf([one.value for one in Measure])
    )
    level = fields.String(load_default=None, validate=validate.OneOf(list(LEVELS)))


class UsageRowSchema(Schema):
    """Records of one category."""

    category = fields.String()
    count = fields.Integer(
        **_told(
            "issues as they were reported, whatever became of them, and activities as they were filed; a "
            "report is in it as soon as it was answered with 201, an activity within seconds"
        )
    )


class UsageSchema(Schema):
    """Issues and activities by the study's five categories (what lies below one is counted with it)."""

    area = fields.String()
    rows = fields.List(fields.Nested(UsageRowSchema))
    total = fields.Integer()
    exclusions = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        **_told("not counted, by reason; `parts`: a report that was split is counted once, as a whole"),
    )


class RateSchema(Schema):
    """A rate and what it was made of. Denominator and exclusions add up to the count of the group."""

    numerator = fields.Integer(allow_none=True)
    denominator = fields.Integer()
    rate = fields.Float(allow_none=True, **_told("0 to 1; null when there is nothing to divide by"))
    exclusions = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        **_told(
            "issues that are in neither numerator nor denominator, by reason. All rates: `merged` (the older "
            "issue speaks for it), `withdrawn` (by the reporter), `rejected` (no matter for the programme). "
            "Response and resolution: `split` (its parts are counted instead). Resolution: `referred` (an "
            "outside agency has it, whose answer is not known). Satisfaction: `parts` (the reporter is asked "
            "once, for the whole), `unanswered`"
        ),
    )
    suppressed = fields.Boolean(**_told(_SMALL))


class SpreadSchema(Schema):
    """Median and 90th percentile in hours by the clock, of n issues; exact to 1 %."""

    n = fields.Integer()
    median = fields.Float(allow_none=True)
    p90 = fields.Float(allow_none=True)
    suppressed = fields.Boolean(**_told(_SMALL))


class FiguresRowSchema(Schema):
    """The figures of one group of issues; what happened to an issue is in them within seconds."""

    area = fields.String(**_told("the very area of the issues, without the areas below it"))
    category = fields.String(**_told("one of the study's five"))
    month = fields.String(**_told("in which they were reported, by Asia/Shanghai time: 2026-11"))
    count = fields.Integer()
    by_status = fields.Dict(keys=fields.String(), values=fields.Integer())
    response_rate = fields.Nested(
        RateSchema,
        **_told(
            "issues that a person whose task it is did something about (claimed, assigned, started, asked "
            "back, held, split, escalated, returned, resolved or referred it); what the clock does by "
            "itself, routing to another area and objecting are no response"
        ),
    )
    resolution_rate = fields.Nested(
        RateSchema,
        **_told(
            "issues that are `resolved`, `confirmed` or `no_answer` (nobody contradicted within 14 days); "
            "a `reopened` one is not solved"
        ),
    )
    satisfaction_rate = fields.Nested(
        RateSchema,
        **_told("satisfied reporters of those who said, by feedback or rating, whichever was later"),
    )
    hours_to_response = fields.Nested(SpreadSchema, **_told("from the report to the first response"))
    hours_to_resolution = fields.Nested(SpreadSchema, **_told("from the report to the (last) solution"))


class IssueFiguresSchema(Schema):
    """How well issues are handled."""

    area = fields.String()
    group_by = fields.String()
    rows = fields.List(fields.Nested(FiguresRowSchema))
    all = fields.Nested(FiguresRowSchema)


class StandingSchema(Schema):
    """An area in a ranking."""

    area = fields.String()
    name = fields.String(allow_none=True)
    rank = fields.Integer(
        allow_none=True,
        **_told(f"null where fewer than {LEAST_TO_RANK} issues are behind the value; equal values share one"),
    )
    value = fields.Float(allow_none=True, **_told("the rate, or hours to the solution"))
    n = fields.Integer(**_told("the issues behind the value: the denominator of the rate"))
    reason = fields.String(allow_none=True, **_told("why there is no rank"))
    suppressed = fields.Boolean(**_told(_SMALL))


class RankingsSchema(Schema):
    """Areas from the best on (highest rate, fewest hours); those without a rank follow."""

    area = fields.String()
    by = fields.String()
    least = fields.Integer(**_told("how many issues it takes to be ranked"))
    rows = fields.List(fields.Nested(StandingSchema))
    unplaced = fields.Integer(**_told("issues that lie in no area of this level"))
