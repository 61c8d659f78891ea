"""What the doors of the shop, donations and funds refuse: amounts that are no whole numbers above zero."""

from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from services.points.donations.schemas import DonationTransitionSchema, OfferSchema
from services.points.funds.schemas import DepositSchema
from services.points.shop.schemas import ItemChangeSchema, ItemOrderSchema, OrderOrderSchema, SupplySchema

ITEM = {"area": "120199", "title": "布袋", "price": 1, "stock": 1}
LISTING = {"title": "布袋", "price": 1, "stock": 1}
BODIES: list[tuple[Schema, dict[str, Any], str]] = [
    (ItemOrderSchema(), ITEM, "price"),
    (ItemOrderSchema(), {**ITEM, "monthly_limit": 1}, "monthly_limit"),
    (ItemChangeSchema(), {"title": "布袋", "version": 1}, "version"),
    (ItemChangeSchema(), {"price": 1}, "price"),
    (OrderOrderSchema(), {"item": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "quantity": 1}, "quantity"),
    (OfferSchema(), {"area": "120199", "kind": "money", "what": "现金", "value": 1}, "value"),
    (DonationTransitionSchema(), {"action": "sell", "amount": 1}, "amount"),
    (DonationTransitionSchema(), {"action": "accept", "value": 1}, "value"),
    (DonationTransitionSchema(), {"action": "sell", "quantity": 1}, "quantity"),
    (DepositSchema(), {"amount": 1, "memo": "拨款"}, "amount"),
]


@pytest.mark.parametrize(("schema", "body", "name"), BODIES)
def test_an_amount_is_a_whole_number_above_zero(schema: Schema, body: dict[str, Any], name: str) -> None:
    assert schema.load(body)[name] == 1
    for wrong in (True, False, 0, -1, 1.5, 1.0, "1", [1], 2**53 + 1, float("inf")):
        with pytest.raises(ValidationError) as refused:
            schema.load({**body, name: wrong})
        assert name in refused.value.messages_dict, wrong


@pytest.mark.parametrize("name", ["price", "stock"])
def test_what_is_listed_has_a_price_and_a_stock_above_zero(name: str) -> None:
    step = {"action": "list", "listing": LISTING}
    DonationTransitionSchema().load(step)
    for wrong in (True, 0, -1, 1.5, "1"):
        with pytest.raises(ValidationError):
            DonationTransitionSchema().load({**step, "listing": {**LISTING, name: wrong}})


def test_stock_moves_by_whole_numbers_and_an_item_may_begin_without_any() -> None:
    assert SupplySchema().load({"quantity": -3})["quantity"] == -3
    assert ItemOrderSchema().load({**ITEM, "stock": 0})["stock"] == 0
    for wrong in (True, 1.5, "1", None, 2**40):
        with pytest.raises(ValidationError):
            SupplySchema().load({"quantity": wrong})
