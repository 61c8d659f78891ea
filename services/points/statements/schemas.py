"""What comes in to and goes out of statements."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from chassis.fields import Moment, PageQuery
from services.points.schemas import PostingSchema


class StatementQuery(PageQuery):
    """The period, by when it was posted: from `since` to before `until`."""

    since = Moment(load_default=None)
    until = Moment(load_default=None)

    @validates_schema
    def in_order(self, data: dict[str, Any], **_: object) -> None:
        """A period does not end before it begins: its balances would not lead from one to the other."""
        if data["since"] and data["until"] and data["until"] < data["since"]:
            raise ValidationError({"until": ["Not before since."]})


class SumsSchema(Schema):
    """A balance in every unit."""

    points = fields.Integer()
    minutes = fields.Integer()
    fen = fields.Integer()


class StatementLineSchema(PostingSchema):
    """A posting with the account's own legs; `balances` after it, where a period was asked for."""

    balances = fields.Nested(SumsSchema, allow_none=True)


class StatementSchema(Schema):
    """A page of a statement; `opening` and `closing` balances, where a period was asked for."""

    items = fields.List(fields.Nested(StatementLineSchema))
    next = fields.String(allow_none=True)
    opening = fields.Nested(SumsSchema, allow_none=True)
    closing = fields.Nested(SumsSchema, allow_none=True)
