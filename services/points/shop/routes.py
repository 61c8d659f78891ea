"""The charity shop over HTTP."""

from typing import Any

from flask import Response, jsonify
from marshmallow import Schema

from chassis import idempotency
from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint, expected_version
from chassis.idempotency import new_id, required_key
from chassis.identity import check_area
from services.points.shop import commands, pickup, schemas
from services.points.shop.order import Details, Terms
from services.points.shop.queries import ShopQueries
from services.points.shop.store import OrderStore, ShelfStore


def blueprint(
    shelf: ShelfStore, orders: OrderStore, queries: ShopQueries, clock: Clock, *, terms: Terms, district: str
) -> Blueprint:
    """The routes under `/v1/shop`."""
    routes = Blueprint(
        "shop", __name__, url_prefix="/v1/shop", description="The charity shop: goods for points"
    )

    def tagged(schema: type[Schema], document: dict[str, Any], status: int = 200) -> Response:
        """What is shown, with its version as ETag."""
        response = jsonify(schema().dump(document))
        response.status_code = status
        response.headers["ETag"] = f'"{document["version"]}"'
        return response

    @routes.route("/items", methods=["POST"])
    @routes.arguments(schemas.ItemOrderSchema)
    @routes.answers(201, schemas.ItemSchema)
    @access.roles("shop_keeper", "district_admin")
    def offer(body: dict[str, Any]) -> Response:
        """Put an item into the shop."""
        check_area(body["area"], district)
        made = commands.offer(shelf, clock, actor(), item_id=new_id(), **body)
        return tagged(schemas.ItemSchema, queries.item(made.id), 201)

    @routes.route("/items", methods=["GET"])
    @routes.arguments(schemas.ItemQuery, location="query")
    @routes.response(200, schemas.ItemPageSchema)
    @access.signed_in
    def items(query: dict[str, Any]) -> dict[str, Any]:
        """List the items of an area, newest first; those on offer where nothing is said."""
        area = query["area"] or district
        check_area(area, district)
        page = queries.items(area, query["state"], query["limit"], query["cursor"])
        return {"items": page.items, "next": page.next}

    @routes.route("/items/<item_id>", methods=["GET"])
    @routes.answers(200, schemas.ItemSchema)
    @access.signed_in
    def item(item_id: str) -> Response:
        """Show an item."""
        return tagged(schemas.ItemSchema, queries.item(item_id))

    @routes.route("/items/<item_id>", methods=["PATCH"])
    @routes.arguments(schemas.ItemChangeSchema)
    @routes.answers(200, schemas.ItemSchema)
    @access.roles("shop_keeper", "district_admin")
    def edit(body: dict[str, Any], item_id: str) -> Response:
        """Change or withdraw an item; `If-Match` or `version` guards against races."""
        version = expected_version(body.pop("version"))
        if "media" in body:
            body["media"] = tuple(body["media"])
        commands.edit(shelf, clock, actor(), item_id=item_id, changes=body, expected_version=version)
        return tagged(schemas.ItemSchema, queries.item(item_id))

    @routes.route("/items/<item_id>/supplies", methods=["POST"])
    @routes.arguments(schemas.SupplySchema)
    @routes.answers(201, schemas.ItemSchema)
    @access.roles("shop_keeper", "district_admin")
    def supply(body: dict[str, Any], item_id: str) -> Response:
        """Put more on the shelf, or take some off."""
        commands.supply(shelf, actor(), item_id=item_id, quantity=body["quantity"], supply_id=new_id())
        return tagged(schemas.ItemSchema, queries.item(item_id), 201)

    @routes.route("/orders", methods=["POST"])
    @routes.arguments(schemas.OrderOrderSchema)
    @routes.answers(201, schemas.OrderSchema)
    @access.signed_in
    def reserve(body: dict[str, Any]) -> Response:
        """Reserve goods and set their price aside. `Idempotency-Key` must be sent; a key never expires."""
        made = commands.reserve(
            shelf,
            orders,
            clock,
            actor(),
            terms,
            item_id=body["item"],
            quantity=body["quantity"],
            order_id=new_id(),
            key=required_key(),
        )
        return tagged(schemas.OrderSchema, queries.order(made.id, actor()), 201)

    @routes.route("/orders", methods=["GET"])
    @routes.arguments(schemas.OrderQuery, location="query")
    @routes.response(200, schemas.OrderPageSchema)
    @access.signed_in
    def order_page(query: dict[str, Any]) -> dict[str, Any]:
        """List one's own orders, or those of an area for its shop keeper, newest first."""
        if query["area"] is not None:
            check_area(query["area"], district)
        page = queries.orders(query["area"], query["status"], actor(), query["limit"], query["cursor"])
        return {"items": page.items, "next": page.next}

    @routes.route("/orders/<order_id>", methods=["GET"])
    @routes.answers(200, schemas.OrderSchema)
    @access.signed_in
    def order(order_id: str) -> Response:
        """Show an order that concerns the caller."""
        return tagged(schemas.OrderSchema, queries.order(order_id, actor()))

    @routes.route("/orders/<order_id>/transitions", methods=["POST"])
    @routes.arguments(schemas.OrderTransitionSchema)
    @routes.answers(200, schemas.OrderSchema)
    @access.signed_in
    def transition(body: dict[str, Any], order_id: str) -> Response:
        """Carry out an action of the workflow; `If-Match` or `version` guards against races."""
        commands.act(
            orders,
            clock,
            actor(),
            terms,
            order_id=order_id,
            action=body["action"],
            details=Details(body["note"], body["code"], body["restock"]),
            expected_version=expected_version(body["version"]),
            request_id=new_id(),
        )
        return tagged(schemas.OrderSchema, queries.order(order_id, actor()))

    @routes.route("/orders/<order_id>/pickup-codes", methods=["POST"])
    @routes.response(201, schemas.PickupCodeSchema)
    @idempotency.untracked
    @access.signed_in
    def show_code(order_id: str) -> dict[str, Any]:
        """Show the buyer a new pick-up code, in place of the one before. No answer is kept of it."""
        made, code = commands.give_code(orders, clock, actor(), order_id=order_id)
        text = pickup.payload(made.id, code)
        return {"order": made.id, "code": code, "payload": text, "svg": pickup.drawn(text)}

    return routes
