"""The ledger over HTTP."""

from collections.abc import Callable
from typing import Any

from chassis.clock import Clock
from chassis.errors import Invalid
from chassis.fields import PageQuery
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.idempotency import new_id, required_key
from chassis.identity import check_area
from services.points import commands, schemas
from services.points.domain import Leg
from services.points.queries import LedgerQueries
from services.points.store import JournalStore


def blueprint(
    journal: JournalStore,
    queries: LedgerQueries,
    clock: Clock,
    district: str,
    is_earning_rule: Callable[[str], bool],
) -> Blueprint:
    """The routes of accounts and postings."""
    routes = Blueprint("points", __name__, url_prefix="/v1", description="Points and service minutes")

    @routes.route("/accounts/<account>", methods=["GET"])
    @routes.arguments(schemas.AccountQuery, location="query")
    @routes.response(200, schemas.AccountSchema)
    @access.signed_in
    def account(query: dict[str, Any], account: str) -> Any:
        """Show an account's balances, now or as they were."""
        if query["effective_at"] or query["known_at"]:
            return queries.account_then(account, actor(), query["effective_at"], query["known_at"])
        return queries.account(account, actor())

    @routes.route("/accounts/<account>/statement", methods=["GET"])
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, schemas.PostingPageSchema)
    @access.signed_in
    def statement(query: dict[str, Any], account: str) -> dict[str, Any]:
        """List what was posted to an account."""
        page = queries.statement(account, actor(), query["limit"], query["cursor"])
        return {"items": page.items, "next": page.next}

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

    @routes.route("/postings", methods=["POST"])
    @routes.arguments(schemas.PostingOrderSchema)
    @routes.response(201, schemas.PostingSchema)
    @access.roles("district_admin")
    def post(body: dict[str, Any]) -> Any:
        """Post by hand. `Idempotency-Key` must be sent; a key never expires."""
        posting = commands.post_by_hand(
            journal,
            clock,
            actor(),
            district=district,
            key=required_key(),
            posting_id=new_id(),
            memo=body["memo"],
            legs=[Leg(**one) for one in body["legs"]],
            effective_at=body["effective_at"],
        )
        return {**vars(posting), "effective_at": posting.counts_from}

    @routes.route("/postings/<posting_id>/reversals", methods=["POST"])
    @routes.arguments(schemas.ReversalOrderSchema)
    @routes.response(201, schemas.PostingSchema)
    @access.roles("district_admin")
    def reverse(body: dict[str, Any], posting_id: str) -> Any:
        """Take a posting back, or a part of it; what members have spent of it, they owe.

        A part is given by `legs`, written as the posting has them; `Idempotency-Key` must then be sent.
        """
        order = {"posting_id": posting_id, "reversal_id": new_id(), "reason": body["reason"]}
        if body["legs"] is None:
            posting = commands.reverse(journal, clock, by=actor().member_id, **order)
        else:
            legs = [Leg(**one) for one in body["legs"]]
            posting = commands.reverse_part(journal, clock, actor(), legs=legs, key=required_key(), **order)
        return {**vars(posting), "effective_at": posting.counts_from}

    return routes
