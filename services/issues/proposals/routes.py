"""Proposals over HTTP."""

from typing import Any

from flask import Response, jsonify

from chassis import idempotency
from chassis.clock import Clock
from chassis.geography import AreaFinder
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint, expected_version
from chassis.idempotency import new_id
from chassis.identity import check_area
from services.issues.proposals import commands, schemas, voting
from services.issues.proposals.commands import Photos
from services.issues.proposals.proposal import Details
from services.issues.proposals.queries import Filters, ProposalQueries
from services.issues.proposals.store import ProposalStore


def blueprint(
    store: ProposalStore,
    queries: ProposalQueries,
    places: AreaFinder,
    photos: Photos,
    clock: Clock,
    *,
    ballot_key: str,
    district: str,
) -> Blueprint:
    """The routes under `/v1/proposals`; `ballot_key` hides secret voters."""
    routes = Blueprint(
        "proposals", __name__, url_prefix="/v1/proposals", description="Projects, their votes and money"
    )

    def shown(proposal_id: str, status: int = 200) -> Response:
        """The proposal as the caller may see it, with its version as ETag."""
        document = queries.one(proposal_id, actor())
        voter = voting.voter_key(store.get(proposal_id), actor().member_id, ballot_key)
        document["voted"] = queries.has_voted(proposal_id, voter)
        response = jsonify(schemas.ProposalSchema().dump(document))
        response.status_code = status
        response.headers["ETag"] = f'"{document["version"]}"'
        if status == 201:
            response.headers["Location"] = f"/v1/proposals/{proposal_id}"
        return response

    @routes.route("", methods=["POST"])
    @routes.arguments(schemas.DraftSchema)
    @routes.answers(201, schemas.ProposalSchema)
    @access.roles("council_member", "council_chair", "community_staff", "steward")
    def draft(body: dict[str, Any]) -> Response:
        """Begin a proposal."""
        body["budget"] = tuple(body["budget"])
        made = commands.draft(store, places, clock, actor(), proposal_id=new_id(), **body)
        return shown(made.id, 201)

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.ProposalQuery, location="query")
    @routes.response(200, schemas.ProposalPageSchema)
    @access.signed_in
    def page(query: dict[str, Any]) -> dict[str, Any]:
        """List proposals, newest first."""
        limit, cursor = query.pop("limit"), query.pop("cursor")
        query["area"] = query["area"] or district
        check_area(query["area"], district)
        found = queries.page(Filters(**query), actor(), limit, cursor)
        return {"items": found.items, "next": found.next}

    @routes.route("/<proposal_id>", methods=["GET"])
    @routes.answers(200, schemas.ProposalSchema)
    @access.signed_in
    def one(proposal_id: str) -> Response:
        """Show a proposal."""
        return shown(proposal_id)

    @routes.route("/<proposal_id>", methods=["PATCH"])
    @routes.arguments(schemas.RevisionSchema)
    @routes.answers(200, schemas.ProposalSchema)
    @access.signed_in
    def revise(body: dict[str, Any], proposal_id: str) -> Response:
        """Change a draft."""
        version = expected_version(body.pop("version"))
        body["budget"] = tuple(body["budget"]) if body["budget"] is not None else None
        commands.revise(store, clock, actor(), proposal_id=proposal_id, expected_version=version, **body)
        return shown(proposal_id)

    @routes.route("/<proposal_id>/history", methods=["GET"])
    @routes.response(200, schemas.ProposalHistorySchema)
    @access.signed_in
    def history(proposal_id: str) -> dict[str, Any]:
        """Show who did what, when and why."""
        return {"items": queries.history(proposal_id, actor()), "next": None}

    @routes.route("/<proposal_id>/transitions", methods=["POST"])
    @routes.arguments(schemas.ProposalTransitionSchema)
    @routes.answers(200, schemas.ProposalSchema)
    @access.signed_in
    def transition(body: dict[str, Any], proposal_id: str) -> Response:
        """Carry out an action of the workflow; `If-Match` or `version` guards against races."""
        commands.act(
            store,
            clock,
            actor(),
            proposal_id=proposal_id,
            action=body["action"],
            details=Details(body["note"], body["closes_at"]),
            expected_version=expected_version(body["version"]),
        )
        return shown(proposal_id)

    @routes.route("/<proposal_id>/votes", methods=["POST"])
    @routes.arguments(schemas.VoteSchema)
    @routes.answers(201, schemas.ProposalSchema)
    @idempotency.untracked
    @access.signed_in
    def vote(body: dict[str, Any], proposal_id: str) -> Response:
        """Vote, once and for good. No `Idempotency-Key` is looked at: it would be kept with the choice."""
        commands.vote(store, clock, actor(), proposal_id=proposal_id, choice=body["choice"], key=ballot_key)
        return shown(proposal_id, 201)

    @routes.route("/<proposal_id>/votes", methods=["GET"])
    @routes.response(200, schemas.BallotListSchema)
    @access.signed_in
    def votes(proposal_id: str) -> dict[str, Any]:
        """List who voted what in an open ballot that has ended."""
        return {"items": queries.ballots(proposal_id, actor()), "next": None}

    @routes.route("/<proposal_id>/expenses", methods=["POST"])
    @routes.arguments(schemas.ExpenseSchema)
    @routes.answers(201, schemas.ProposalSchema)
    @access.signed_in
    def spend(body: dict[str, Any], proposal_id: str) -> Response:
        """Record money spent, with its receipts; never more than what the fund gave."""
        body["receipts"] = tuple(body["receipts"])
        commands.spend(store, photos, clock, actor(), proposal_id=proposal_id, expense_id=new_id(), **body)
        return shown(proposal_id, 201)

    @routes.route("/<proposal_id>/expenses/<expense_id>/voids", methods=["POST"])
    @routes.arguments(schemas.VoidSchema)
    @routes.answers(201, schemas.ProposalSchema)
    @access.signed_in
    def void(body: dict[str, Any], proposal_id: str, expense_id: str) -> Response:
        """Mark an expense as void while the project runs: it stays on record and counts for nothing."""
        commands.void(
            store, clock, actor(), proposal_id=proposal_id, expense_id=expense_id, voiding_id=new_id(), **body
        )
        return shown(proposal_id, 201)

    @routes.route("/<proposal_id>/account", methods=["GET"])
    @routes.response(200, schemas.ProposalAccountSchema)
    @access.public
    def account(proposal_id: str) -> Any:
        """Show the public account of a project."""
        return queries.account(proposal_id)

    return routes
