"""The ledger over HTTP."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify

from chassis.errors import Invalid
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.identity import check_area
from services.points import schemas
from services.points.queries import LedgerQueries


def blueprint(queries: LedgerQueries, district: str, is_earning_rule: Callable[[str], bool]) -> Blueprint:
    """The routes of accounts and postings."""
    routes = Blueprint("points", __name__, url_prefix="/v1", description="Points and service minutes")

    @routes.route("/accounts/<account>", methods=["GET"])
    @routes.arguments(schemas.AccountQuery, location="query")
    @routes.answers(200, schemas.AccountSchema)
    @access.signed_in
    def account(query: dict[str, Any], account: str) -> Response:
        """Show an account's balances, now or as they were."""
        if query["effective_at"] or query["known_at"]:
            then = queries.account_then(account, actor(), query["effective_at"], query["known_at"])
            return jsonify(schemas.AccountSchema().dump(then))
        return jsonify(queries.account(account, actor()))  # it is in its form: the most frequent read of all

    @routes.route("/postings", methods=["GET"])
    @routes.arguments(schemas.PostingQuery, location="query")
    @routes.response(200, schemas.PostingPageSchema)
    @access.roles("community_staff", "subdistrict_staff", "district_admin")
    def postings(query: dict[str, Any]) -> dict[str, Any]:
        """List the postings of an area."""
        area = query["area"] or district
        check_area(area, district)
        rule = query["rule"]
        if rule is not None and rule not in schemas.RULES and not is_earning_rule(rule):
            raise Invalid("rule", zh="没有这条规则。", en="Nothing was ever posted by a rule of this code.")
        page = queries.postings(area, rule, actor(), query["limit"], query["cursor"])
        return {"items": page.items, "next": page.next}

    return routes
