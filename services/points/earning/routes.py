"""Rules of earning over HTTP."""

import time
from typing import Any

from flask import Response, jsonify

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint, expected_version
from chassis.idempotency import new_id, untracked
from chassis.identity import check_area
from services.points.earning import commands, schemas
from services.points.earning.commands import Outcome
from services.points.earning.queries import RuleQueries
from services.points.earning.rule import EarningRule
from services.points.earning.store import EvidenceStore, RuleStore

_STAFF = ("community_staff", "subdistrict_staff", "district_admin")


def blueprint(
    store: RuleStore, book: EvidenceStore, queries: RuleQueries, clock: Clock, district: str
) -> Blueprint:
    """The routes under `/v1/earning-rules`."""
    routes = Blueprint(
        "earning-rules", __name__, url_prefix="/v1/earning-rules", description="What work is paid"
    )
    outward = schemas.RuleSchema()

    def shown(rule: EarningRule, status: int = 200) -> Response:
        response = jsonify(outward.dump(rule))
        response.status_code = status
        response.headers["ETag"] = f'"{rule.revision}"'
        if status == 201:
            response.headers["Location"] = f"/v1/earning-rules/{rule.id}"
        return response

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.RuleQuery, location="query")
    @routes.response(200, schemas.RulePageSchema)
    @access.signed_in
    def rules(query: dict[str, Any]) -> dict[str, Any]:
        """List the versions of the rules, newest first; drafts to staff only."""
        page = queries.page(query["code"], query["status"], actor(), query["limit"], query["cursor"])
        return {"items": page.items, "next": page.next}

    @routes.route("", methods=["POST"])
    @routes.arguments(schemas.DraftRuleSchema)
    @routes.answers(201, schemas.RuleSchema)
    @access.roles("district_admin")
    def draft(wanted: EarningRule) -> Response:
        """Draft a rule, or the next version of one; it pays nothing before it is activated."""
        made = commands.draft(store, actor(), district=district, rule_id=new_id(), wanted=wanted)
        return shown(made, 201)

    @routes.route("/<ulid:rule_id>", methods=["GET"])
    @routes.answers(200, schemas.RuleSchema)
    @access.signed_in
    def one(rule_id: str) -> Response:
        """Show a version of a rule."""
        document = queries.one(rule_id, actor())
        response = jsonify(outward.dump(document))
        response.headers["ETag"] = f'"{document["revision"]}"'
        return response

    @routes.route("/<ulid:rule_id>", methods=["PUT"])
    @routes.arguments(schemas.DraftRuleSchema)
    @routes.answers(200, schemas.RuleSchema)
    @access.roles("district_admin")
    def edit(wanted: EarningRule, rule_id: str) -> Response:
        """Let a draft say something else; `If-Match` guards against races."""
        return shown(
            commands.edit(
                store, district=district, rule_id=rule_id, wanted=wanted, expected=expected_version()
            )
        )

    @routes.route("/<ulid:rule_id>/transitions", methods=["POST"])
    @routes.arguments(schemas.RuleTransitionSchema)
    @routes.answers(200, schemas.RuleSchema)
    @access.roles("district_admin")
    def transition(body: dict[str, Any], rule_id: str) -> Response:
        """Activate a draft, which retires the version before it, or retire one. Answers once it holds.

        `If-Match` guards against a draft that was changed meanwhile.
        """
        act = {"activate": commands.activate, "retire": commands.retire}[body["action"]]
        rule = act(store, clock, rule_id=rule_id, expected=expected_version())
        holds_from = rule.retired_from or rule.active_from
        if holds_from is not None:
            time.sleep(max(0.0, (holds_from - clock()).total_seconds()))
        return shown(rule)

    @routes.route("/simulations", methods=["POST"])
    @routes.arguments(schemas.SimulationOrderSchema)
    @routes.response(200, schemas.SimulationSchema)
    @access.roles(*_STAFF)
    @untracked
    def simulate(body: dict[str, Any]) -> dict[str, Any]:
        """Apply a version to what really happened; nothing is written."""
        area = body["area"] or district
        check_area(area, district)
        outcome = commands.rehearse(
            store,
            book,
            actor(),
            rule_id=body["rule"],
            since=body["since"],
            until=body["until"],
            area=area,
            most=body["limit"],
        )
        return _told(outcome)

    return routes


def _told(outcome: Outcome) -> dict[str, Any]:
    items = [
        {**vars(line.would), "round": line.kept.evidence.round, "at": line.kept.evidence.at}
        for line in outcome.items
        if line.would is not None
    ]
    return {**vars(outcome), "items": items}
