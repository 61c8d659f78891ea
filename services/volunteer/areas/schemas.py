"""What comes in to and goes out of areas."""

from marshmallow import Schema, fields

from chassis.fields import AreaCode, PlainText
from chassis.places import Boundary


class DefineAreaSchema(Schema):
    """A new area, or the new state of an existing one.

    `boundary` is GeoJSON; null takes it away, and without it that of an existing area stays.
    """

    code = AreaCode(required=True)
    name = PlainText(required=True, most=60)
    boundary = Boundary(keys=fields.String(), allow_none=True)


class AreaQuery(Schema):
    """The part of the tree to show."""

    area = AreaCode(load_default=None)


class AreaSchema(Schema):
    """An area."""

    code = fields.String()
    name = fields.String()
    kind = fields.String()
    parent = fields.String(allow_none=True)
    boundary = Boundary(allow_none=True)
    version = fields.Integer()


class AreaListSchema(Schema):
    """Areas ordered by code, so that each follows the one it lies in."""

    items = fields.List(fields.Nested(AreaSchema))
    next = fields.String(allow_none=True)
