"""Communities' funds over HTTP."""

from typing import Any

from chassis.clock import Clock
from chassis.fields import PageQuery
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.idempotency import new_id, required_key
from services.points.funds import commands, schemas
from services.points.funds.queries import FundQueries
from services.points.funds.store import FundStore
from services.points.statements.schemas import StatementQuery


def blueprint(store: FundStore, queries: FundQueries, clock: Clock) -> Blueprint:
    """The routes under `/v1/funds`."""
    routes = Blueprint("funds", __name__, url_prefix="/v1/funds", description="Communities' funds, in fen")

    @routes.route("/<community>/deposits", methods=["POST"])
    @routes.arguments(schemas.DepositSchema)
    @routes.response(201, schemas.DepositedSchema)
    @access.roles("community_staff", "subdistrict_staff", "district_admin")
    def deposit(body: dict[str, Any], community: str) -> dict[str, Any]:
        """Put money into a fund. `Idempotency-Key` must be sent; a key never expires."""
        posted = commands.deposit(
            store,
            clock,
            actor(),
            community=community,
            key=required_key(),
            posting_id=new_id(),
            **body,
        )
        return {**vars(posted), "community": community, "amount": posted.legs[1].amount}

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.FundsQuery, location="query")
    @routes.response(200, schemas.FundPageSchema)
    @access.public
    def page(query: dict[str, Any]) -> dict[str, Any]:
        """List the communities' funds and their balances."""
        found = queries.page(query["limit"], query["cursor"])
        return {"items": found.items, "next": found.next}

    @routes.route("/<community>", methods=["GET"])
    @routes.response(200, schemas.FundSchema)
    @access.public
    def one(community: str) -> Any:
        """Show a fund's balance and its latest allocations."""
        return queries.one(community)

    @routes.route("/<community>/allocations", methods=["GET"])
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, schemas.AllocationPageSchema)
    @access.public
    def allocations(query: dict[str, Any], community: str) -> dict[str, Any]:
        """List what a fund gave or refused."""
        page = queries.allocations(community, query["limit"], query["cursor"])
        return {"items": page.items, "next": page.next}

    @routes.route("/<community>/statement", methods=["GET"])
    @routes.arguments(StatementQuery, location="query")
    @routes.response(200, schemas.FundStatementSchema)
    @access.public
    def statement(query: dict[str, Any], community: str) -> Any:
        """List what came into a fund and what went out of it."""
        return queries.statement(community, **query)

    return routes
