"""The time bank's policy over HTTP."""

from typing import Any

from flask import Response, jsonify

from chassis.clock import Clock
from chassis.fields import PageQuery
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint, expected_version
from services.points.timebank.policy import commands, schemas
from services.points.timebank.policy.domain import Policy
from services.points.timebank.policy.store import PolicyStore


def blueprint(store: PolicyStore, clock: Clock) -> Blueprint:
    """The routes under `/v1/time-bank/policy`."""
    routes = Blueprint(
        "time-bank-policy", __name__, url_prefix="/v1/time-bank/policy", description="The time bank's policy"
    )

    def shown(policy: Policy) -> Response:
        response = jsonify(schemas.PolicySchema().dump(policy))
        response.headers["ETag"] = f'"{policy.version}"'
        return response

    @routes.route("", methods=["GET"])
    @routes.answers(200, schemas.PolicySchema)
    @access.signed_in
    def in_force() -> Response:
        """Show the policy that is in force."""
        return shown(store.in_force(clock()))

    @routes.route("", methods=["PUT"])
    @routes.arguments(schemas.PolicyOrderSchema)
    @routes.answers(200, schemas.PolicySchema)
    @access.roles("district_admin")
    def make(body: dict[str, Any]) -> Response:
        """Make the next version; `If-Match` or `version` guards against another admin's."""
        version = expected_version(body.pop("version"))
        body["effective_from"] = body["effective_from"] or clock()
        for name in ("gifts", "skills"):
            body[name] = tuple(body[name])
        made = commands.make(
            store, clock, actor(), wanted=Policy(version=0, **body), expected_version=version
        )
        return shown(made)

    @routes.route("/versions", methods=["GET"])
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, schemas.PolicyPageSchema)
    @access.signed_in
    def versions(query: dict[str, Any]) -> dict[str, Any]:
        """List all versions, newest first."""
        page = store.page(query["limit"], query["cursor"])
        return {"items": page.items, "next": page.next}

    @routes.route("/versions/<version>", methods=["GET"])
    @routes.answers(200, schemas.PolicySchema)
    @access.signed_in
    def one(version: str) -> Response:
        """Show a version."""
        return shown(store.get(version))

    return routes
