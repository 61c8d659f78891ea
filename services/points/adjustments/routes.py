"""Postings by hand, reversals and their second administrator over HTTP."""

from typing import Any

from flask import Response, jsonify

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.idempotency import new_id, required_key, untracked
from services.points.adjustments import commands, domain, schemas
from services.points.adjustments.domain import Adjustment, Limits
from services.points.adjustments.queries import AdjustmentQueries
from services.points.adjustments.store import AdjustmentStore
from services.points.commands import by_hand
from services.points.domain import Leg, Posting
from services.points.schemas import PostingOrderSchema, PostingSchema, ReversalOrderSchema
from services.points.store import JournalStore


def blueprint(
    store: AdjustmentStore,
    queries: AdjustmentQueries,
    journal: JournalStore,
    clock: Clock,
    *,
    district: str,
    limits: Limits,
) -> Blueprint:
    """The routes of `/v1/adjustments`, and those that post by hand."""
    routes = Blueprint("adjustments", __name__, url_prefix="/v1", description="Postings by hand")

    @routes.route("/postings", methods=["POST"])
    @routes.arguments(PostingOrderSchema)
    @routes.answers(202, schemas.AdjustmentSchema)
    @routes.answers(201, PostingSchema)
    @access.roles("district_admin")
    @untracked
    def post(body: dict[str, Any]) -> Response:
        """Post by hand; a large one awaits a second administrator (202). `Idempotency-Key` must be sent."""
        legs = [Leg(**one) for one in body.pop("legs")]
        order = by_hand(
            clock, actor(), district=district, key=required_key(), posting_id=new_id(), legs=legs, **body
        )
        return _answer(commands.post(store, journal, order=order, limits=limits))

    @routes.route("/postings/<posting_id>/reversals", methods=["POST"])
    @routes.arguments(ReversalOrderSchema)
    @routes.answers(202, schemas.AdjustmentSchema)
    @routes.answers(201, PostingSchema)
    @access.roles("district_admin")
    def reverse(body: dict[str, Any], posting_id: str) -> Response:
        """Take a posting back, or a part of it; what members have spent of it, they owe.

        A part is given by `legs`, written as the posting has them; `Idempotency-Key` must then be sent. Of a
        large posting either awaits a second administrator (202).
        """
        order = {"posting_id": posting_id, "new_id": new_id(), "reason": body["reason"], "limits": limits}
        if body["legs"] is None:
            return _answer(commands.reverse(store, journal, clock, actor(), **order))
        legs = [Leg(**one) for one in body["legs"]]
        return _answer(
            commands.reverse_part(store, journal, clock, actor(), legs=legs, key=required_key(), **order)
        )

    @routes.route("/adjustments", methods=["GET"])
    @routes.arguments(schemas.AdjustmentQuery, location="query")
    @routes.response(200, schemas.AdjustmentPageSchema)
    @access.roles("district_admin")
    def page(query: dict[str, Any]) -> dict[str, Any]:
        """List what waits for a second administrator, and what became of it."""
        found = queries.page(**query)
        return {"items": found.items, "next": found.next}

    @routes.route("/adjustments/<adjustment_id>/approvals", methods=["POST"])
    @routes.arguments(schemas.ApprovalSchema)
    @routes.response(201, schemas.AdjustmentSchema)
    @access.roles("district_admin")
    def approve(body: dict[str, Any], adjustment_id: str) -> Any:
        """Post what another administrator asked for."""
        done = commands.approve(
            store, journal, clock, actor(), adjustment_id=adjustment_id, posting_id=new_id(), **body
        )
        return _shown(done)

    @routes.route("/adjustments/<adjustment_id>/refusals", methods=["POST"])
    @routes.arguments(schemas.RefusalSchema)
    @routes.response(201, schemas.AdjustmentSchema)
    @access.roles("district_admin")
    def refuse(body: dict[str, Any], adjustment_id: str) -> Any:
        """Decide against it, or take back one's own."""
        return _shown(commands.refuse(store, clock, actor(), adjustment_id=adjustment_id, **body))

    return routes


def _shown(adjustment: Adjustment) -> dict[str, Any]:
    return {**vars(adjustment), "size": domain.size(adjustment.legs)}


def _answer(made: Posting | Adjustment) -> Response:
    if isinstance(made, Posting):
        shown = PostingSchema().dump({**vars(made), "effective_at": made.counts_from})
        response = jsonify(shown)
        response.status_code = 201
        return response
    response = jsonify(schemas.AdjustmentSchema().dump(_shown(made)))
    response.status_code = 202
    return response
