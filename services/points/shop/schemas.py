"""What comes in to and goes out of the charity shop. Prices are in points."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from chassis.fields import MAX_VERSION, AreaCode, Flag, Formed, Identifier, Moment, PageQuery, PlainText
from services.points.schemas import Amount
from services.points.shop.domain import PUBLIC_ACTIONS
from services.points.shop.item import MAX_MONTHLY, MAX_PRICE, MAX_QUANTITY, MAX_STOCK, State
from services.points.shop.order import Status
from services.points.shop.pickup import CODE_PATTERN

MAX_PHOTOS = 6


def media(**options: Any) -> fields.List[Any]:
    """Ids of photos."""
    return fields.List(Identifier(), validate=validate.Length(max=MAX_PHOTOS), **options)


def price(**options: Any) -> Amount:
    """A price in points."""
    return Amount(validate=validate.Range(1, MAX_PRICE), **options)


def monthly_limit(**options: Any) -> Amount:
    """How many of an item a person may order in a month; null for any number."""
    return Amount(validate=validate.Range(1, MAX_MONTHLY), allow_none=True, **options)


def version() -> fields.Integer:
    """The version that the caller has seen."""
    return fields.Integer(load_default=None, strict=True, validate=validate.Range(1, MAX_VERSION))


class ItemOrderSchema(Schema):
    """A new item; `media` are photos that the shop keeper uploaded."""

    area = AreaCode(required=True)
    title = PlainText(required=True, most=80)
    description = PlainText(load_default="", most=2000, least=0)
    media = media(load_default=list)
    price = price(required=True)
    stock = Amount(required=True, validate=validate.Range(0, MAX_STOCK))
    monthly_limit = monthly_limit(load_default=None)
    state = fields.Enum(State, by_value=True, load_default=State.LISTED)


class ItemChangeSchema(Schema):
    """What is to be changed of an item; what is left out stays."""

    title = PlainText(most=80)
    description = PlainText(most=2000, least=0)
    media = media()
    price = price()
    monthly_limit = monthly_limit()
    state = fields.Enum(State, by_value=True)
    version = version()

    @validates_schema
    def something(self, data: dict[str, Any], **_: object) -> None:
        """An edit edits something."""
        if not set(data) - {"version"}:
            raise ValidationError("Nothing to change.")


class SupplySchema(Schema):
    """How many came in, or, below zero, were taken off the shelf."""

    quantity = Amount(required=True, validate=validate.Range(-MAX_STOCK, MAX_STOCK))


class ItemSchema(Schema):
    """An item; `stock` is what nobody has reserved, `donation` where it came from."""

    id = fields.String()
    area = fields.String()
    title = fields.String()
    description = fields.String()
    media = fields.List(fields.String())
    price = fields.Integer()
    stock = fields.Integer()
    monthly_limit = fields.Integer(allow_none=True)
    state = fields.String(validate=validate.OneOf([one.value for one in State]))
    donation = fields.String(allow_none=True)
    created_at = Moment()
    version = fields.Integer()


class ItemQuery(PageQuery):
    """Which items to list."""

    area = AreaCode(load_default=None)
    state = fields.String(
        load_default=State.LISTED.value, validate=validate.OneOf([one.value for one in State])
    )


class ItemPageSchema(Schema):
    """A page of items."""

    items = fields.List(fields.Nested(ItemSchema))
    next = fields.String(allow_none=True)


class OrderOrderSchema(Schema):
    """What to reserve, and how many."""

    item = Identifier(required=True)
    quantity = Amount(load_default=1, validate=validate.Range(1, MAX_QUANTITY))


class OrderTransitionSchema(Schema):
    """An action of the workflow; `code` goes with collect, `restock` and `note` with return."""

    action = fields.String(required=True, validate=validate.OneOf(PUBLIC_ACTIONS))
    note = PlainText(load_default=None, most=500)
    code = Formed(CODE_PATTERN, "Not a pick-up code.", load_default=None)
    restock = Flag(load_default=False)
    version = version()


class EntrySchema(Schema):
    """Who did what, when, and why."""

    action = fields.String()
    actor = fields.String()
    at = Moment()
    note = fields.String(allow_none=True)


class OrderSchema(Schema):
    """An order, at the price it was made at; `amount` is what it costs in all."""

    id = fields.String()
    number = fields.String()
    item = fields.String()
    title = fields.String()
    area = fields.String()
    member = fields.String()
    quantity = fields.Integer()
    price = fields.Integer()
    amount = fields.Integer()
    status = fields.String(validate=validate.OneOf([one.value for one in Status]))
    hold = fields.String()
    posting = fields.String(allow_none=True)
    reserved_until = Moment()
    created_at = Moment()
    collected_at = Moment(allow_none=True)
    history = fields.List(fields.Nested(EntrySchema))
    version = fields.Integer()


class OrderQuery(PageQuery):
    """Which orders to list: one's own, or those of an `area` for its shop keeper."""

    area = AreaCode(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf([one.value for one in Status]))


class OrderPageSchema(Schema):
    """A page of orders."""

    items = fields.List(fields.Nested(OrderSchema))
    next = fields.String(allow_none=True)


class PickupCodeSchema(Schema):
    """A pick-up code: to read out, as the text of a QR code, and that drawn as an SVG element."""

    order = fields.String()
    code = fields.String()
    payload = fields.String()
    svg = fields.String()
