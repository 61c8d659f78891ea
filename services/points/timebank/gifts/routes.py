"""Gifts and conversions over HTTP."""

from typing import Any

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.idempotency import new_id, required_key
from services.points.timebank.gifts import commands, schemas
from services.points.timebank.gifts.domain import Order
from services.points.timebank.gifts.store import GiftStore
from services.points.timebank.policy.store import PolicyStore


def blueprint(store: GiftStore, policies: PolicyStore, clock: Clock, district: str) -> Blueprint:
    """The routes `/v1/time-bank/gifts` and `/v1/time-bank/conversions`."""
    routes = Blueprint(
        "time-bank-gifts",
        __name__,
        url_prefix="/v1/time-bank",
        description="Gifts and conversions of minutes",
    )

    def order(to: str, unit: str, amount: int, memo: str) -> Order:
        return Order(actor().member_id, to, unit, amount, memo, required_key(), district)

    @routes.route("/gifts", methods=["POST"])
    @routes.arguments(schemas.GiftOrderSchema)
    @routes.response(201, schemas.MovedSchema)
    @access.signed_in
    def give(body: dict[str, Any]) -> Any:
        """Give minutes to a registered relative or the pool. `Idempotency-Key` must be sent."""
        wanted = order(body["to"], "minutes", body["amount"], body["memo"])
        return commands.give(store, policies.in_force(clock()), clock, order=wanted, posting_id=new_id())

    @routes.route("/conversions", methods=["POST"])
    @routes.arguments(schemas.ConversionOrderSchema)
    @routes.response(201, schemas.MovedSchema)
    @access.signed_in
    def convert(body: dict[str, Any]) -> Any:
        """Change minutes into points or back, where the policy has a rate. `Idempotency-Key` must be sent."""
        wanted = order(actor().member_id, body["unit"], body["amount"], "")
        return commands.convert(store, policies.in_force(clock()), clock, order=wanted, posting_id=new_id())

    return routes
