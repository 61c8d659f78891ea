"""Shifts and duty over HTTP."""

from typing import Any

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.idempotency import new_id, untracked
from chassis.identity import check_area
from services.volunteer.duty import commands, schemas
from services.volunteer.duty.attestation import Codes
from services.volunteer.duty.commands import Areas
from services.volunteer.duty.domain import LEADERS, WORKERS
from services.volunteer.duty.queries import ShiftQueries, view
from services.volunteer.duty.store import ShiftStore


def blueprint(
    store: ShiftStore, queries: ShiftQueries, areas: Areas, codes: Codes, clock: Clock, district: str
) -> Blueprint:
    """The routes under `/v1/shifts`."""
    routes = Blueprint("shifts", __name__, url_prefix="/v1/shifts", description="Duty")

    @routes.route("", methods=["POST"])
    @routes.arguments(schemas.OpenShiftSchema)
    @routes.response(201, schemas.ShiftSchema)
    @access.roles(*sorted(LEADERS))
    def open_shift(body: dict[str, Any]) -> dict[str, Any]:
        """Open a shift for others to sign up."""
        shift = commands.open_shift(store, areas, clock, actor(), shift_id=new_id(), **body)
        return view(shift, actor())

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.ShiftQuery, location="query")
    @routes.response(200, schemas.ShiftPageSchema)
    @access.signed_in
    def page(query: dict[str, Any]) -> dict[str, Any]:
        """List shifts, those opened last first."""
        query["area"] = query["area"] or district
        check_area(query["area"], district)
        if query["member"] == "me":
            query["member"] = actor().member_id
        found = queries.page(actor(), **query)
        return {"items": found.items, "next": found.next}

    @routes.route("/<shift_id>", methods=["GET"])
    @routes.response(200, schemas.ShiftSchema)
    @access.signed_in
    def one(shift_id: str) -> dict[str, Any]:
        """Show a shift, also by the id of a duty on it."""
        return queries.one(shift_id, actor())

    @routes.route("/<shift_id>/signups", methods=["POST"])
    @routes.response(201, schemas.ShiftSchema)
    @access.roles(*sorted(WORKERS))
    def sign_up(shift_id: str) -> dict[str, Any]:
        """Sign up for a shift; who is signed up already changes nothing."""
        shift = commands.sign_up(store, clock, actor(), shift_id=shift_id, duty_id=new_id())
        return view(shift, actor())

    @routes.route("/<shift_id>/signups/me", methods=["DELETE"])
    @routes.response(204)
    @access.signed_in
    def withdraw(shift_id: str) -> None:
        """Give one's seat back, before the shift begins and one has checked in."""
        commands.withdraw(store, clock, actor(), shift_id=shift_id)

    @routes.route("/<shift_id>/check-in-tokens", methods=["POST"])
    @routes.response(201, schemas.CheckInTokenSchema)
    @access.roles(*sorted(LEADERS))
    @untracked
    def show_code(shift_id: str) -> dict[str, Any]:
        """Make a code to show at the post, good for ten minutes. No answer is kept of it."""
        code = commands.show_code(store, clock, actor(), shift_id=shift_id)
        return {"token": codes.token(code), "expires_at": code.until}

    @routes.route("/<shift_id>/check-ins", methods=["POST"])
    @routes.arguments(schemas.CheckInSchema)
    @routes.response(201, schemas.ShiftSchema)
    @routes.places
    @access.signed_in
    @untracked
    def check_in(body: dict[str, Any], shift_id: str) -> dict[str, Any]:
        """Begin one's duty, from half an hour before the shift until its end; the place is not kept.

        Who is checked in already may still send the `token` of a code that somebody shows at the post.

        An Idempotency-Key is not needed, since the same check-in again changes nothing, and not honoured: a
        place can be guessed from the hash of a body.
        """
        token = body.pop("token")
        body["code"] = codes.read(token, shift_id) if token else None
        shift = commands.check_in(store, areas, clock, actor(), shift_id=shift_id, **body)
        return view(shift, actor())

    @routes.route("/<shift_id>/check-outs", methods=["POST"])
    @routes.response(201, schemas.ShiftSchema)
    @access.signed_in
    def check_out(shift_id: str) -> dict[str, Any]:
        """End one's duty, from the start of the shift until twelve hours after its end."""
        return view(commands.check_out(store, clock, actor(), shift_id=shift_id), actor())

    @routes.route("/<shift_id>/verifications", methods=["POST"])
    @routes.arguments(schemas.DutyVerificationSchema)
    @routes.response(201, schemas.ShiftSchema)
    @access.roles(*sorted(LEADERS))
    def verify(body: dict[str, Any], shift_id: str) -> dict[str, Any]:
        """Accept or reject what a member did on a shift."""
        approved = body.pop("decision") == "approve"
        return view(
            commands.verify(store, clock, actor(), shift_id=shift_id, approved=approved, **body), actor()
        )

    return routes
