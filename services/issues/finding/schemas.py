"""What comes in to and goes out of finding."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_dump, validate, validates_schema

from chassis.fields import AreaCode, Formed, Identifier, Moment, PageQuery, PlainText
from chassis.places import DatumQuery, Place, as_asked
from services.issues.cases.issue import Status
from services.issues.cases.schemas import IssueSchema, TransitionSchema
from services.issues.categories.schemas import CATEGORY_PATTERN
from services.issues.finding.domain import MOST_RADIUS

MOST_AT_ONCE = 200
_STATUSES = [one.value for one in Status]


class StatusList(fields.String):
    """One status or several, divided by commas."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        chosen = frozenset((text or "").split(","))
        if not chosen <= set(_STATUSES):
            raise ValidationError(f"Must be among: {', '.join(_STATUSES)}.")
        return chosen


class FilterQuery(Schema):
    """What issues may be narrowed by; `reporter` and `assignee` also take `me`, `category` all below it.

    One of `near` (with `radius` in metres), `bbox` (west,south,east,north) and `polygon` (lng,lat;lng,lat;…).
    """

    area = AreaCode(load_default=None)
    status = StatusList(load_default=frozenset(), validate=validate.Length(max=len(_STATUSES)))
    category = Formed(CATEGORY_PATTERN, "Not the code of a category.", load_default=None)
    assignee = fields.String(load_default=None, validate=validate.Length(max=26))
    reporter = fields.String(load_default=None, validate=validate.Length(max=26))
    since = Moment(load_default=None)
    until = Moment(load_default=None)
    overdue = fields.Boolean(load_default=None)
    hidden = fields.Boolean(load_default=None)
    near = fields.String(load_default=None, validate=validate.Length(max=60))
    radius = fields.Float(load_default=500.0, validate=validate.Range(1, MOST_RADIUS), allow_nan=False)
    bbox = fields.String(load_default=None, validate=validate.Length(max=120))
    polygon = fields.String(load_default=None, validate=validate.Length(max=4000))
    q = PlainText(load_default=None, most=100)


class IssueQuery(PageQuery, FilterQuery):
    """Filters of the list, and its paging."""


class ExportQuery(FilterQuery):
    """Filters of an export, and its form."""

    format = fields.String(load_default="csv", validate=validate.OneOf(["csv", "geojson"]))


class IssuePageSchema(Schema):
    """A page of issues."""

    items = fields.List(fields.Nested(IssueSchema))
    next = fields.String(allow_none=True)


class ClusterSchema(Schema):
    """Some open issues close to one another: their middle and their number."""

    lng = fields.Float()
    lat = fields.Float()
    count = fields.Integer()

    @post_dump
    def shown(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        """The middle in the datum that was asked for."""
        lng, lat = as_asked(data["lng"], data["lat"])
        return {**data, "lng": lng, "lat": lat}


class SpotSchema(Schema):
    """An open issue on the map."""

    id = fields.String()
    number = fields.String()
    category = fields.String()
    status = fields.String()
    location = Place()


class TileSchema(Schema):
    """What a tile of the map shows: clusters, or the issues themselves from zoom 16 on."""

    clusters = fields.List(fields.Nested(ClusterSchema))
    items = fields.List(fields.Nested(SpotSchema))


class BulkSchema(TransitionSchema):
    """One action for many issues, at most 200."""

    class Meta:
        """Each issue has a version of its own: none can be given for all."""

        exclude = ("version",)

    ids = fields.List(Identifier(), required=True, validate=validate.Length(1, MOST_AT_ONCE))


class OutcomeSchema(Schema):
    """What became of one issue: `status` is the code that the action alone would have been answered with.

    Where its present state was the reason, `allowed` names what can be done instead.
    """

    id = fields.String()
    status = fields.Integer()
    issue_status = fields.String(allow_none=True)
    version = fields.Integer(allow_none=True)
    detail = fields.String(allow_none=True)
    allowed = fields.List(fields.String(), allow_none=True)


class OutcomeListSchema(Schema):
    """An outcome for each issue, in the order given."""

    items = fields.List(fields.Nested(OutcomeSchema))


class SavedQuery(FilterQuery, DatumQuery):
    """What a saved filter may hold: the filters, and the datum of their places."""


class SaveFilterSchema(Schema):
    """A filter to keep: a name and the query that it stands for."""

    name = PlainText(required=True, most=40)
    query = fields.Dict(
        keys=fields.String(validate=validate.OneOf(list(SavedQuery().fields))),
        values=fields.String(validate=validate.Length(max=4000)),
        required=True,
    )

    @validates_schema
    def usable(self, data: dict[str, Any], **_: object) -> None:
        """The query must be one that the list takes."""
        problems = SavedQuery().validate(data.get("query", {}))
        if problems:
            raise ValidationError({"query": problems})


class SavedFilterSchema(Schema):
    """A saved filter."""

    id = fields.String()
    name = fields.String()
    query = fields.Dict(keys=fields.String(), values=fields.String())
    created_at = Moment()


class SavedFilterListSchema(Schema):
    """One's saved filters, by name."""

    items = fields.List(fields.Nested(SavedFilterSchema))
    next = fields.String(allow_none=True)
