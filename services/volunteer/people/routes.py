"""Sign-in and members over HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.idempotency import new_id
from chassis.identity import Grant, check_area
from services.volunteer.people import commands, schemas
from services.volunteer.people.domain import NameOf
from services.volunteer.people.queries import MemberQueries, view
from services.volunteer.people.store import CodeStore, MemberStore, SessionStore
from services.volunteer.people.terms import day_of
from services.volunteer.people.tokens import VALID, TokenIssuer


@dataclass(frozen=True)
class SignIn:
    """What signing in works with. `send` delivers a code; `shows_codes` is DEV_LOGIN."""

    codes: CodeStore
    sessions: SessionStore
    tokens: TokenIssuer
    send: Callable[[str, str], None]
    shows_codes: bool
    codes_allowed: int


def auth_blueprint(store: MemberStore, desk: SignIn, district: str) -> Blueprint:
    """The routes under `/v1/auth`."""
    routes = Blueprint("auth", __name__, url_prefix="/v1/auth", description="Signing in")

    @routes.route("/codes", methods=["POST"])
    @routes.arguments(schemas.CodeRequestSchema)
    @routes.response(202, schemas.CodeSentSchema)
    @access.public
    def code(body: dict[str, Any]) -> dict[str, Any]:
        """Send a one-time code to a phone."""
        made = commands.request_code(desk.codes, desk.send, phone=body["phone"], most=desk.codes_allowed)
        answer: dict[str, Any] = {"expires_in": int(commands.CODE_VALID.total_seconds())}
        return {**answer, "dev_code": made} if desk.shows_codes else answer

    @routes.route("/tokens", methods=["POST"])
    @routes.arguments(schemas.TokenRequestSchema)
    @routes.response(200, schemas.TokensSchema)
    @access.public
    def tokens(body: dict[str, Any]) -> dict[str, Any]:
        """Sign in with a code, or go on with a refresh token."""
        if body["grant"] == "code":
            member, token = commands.sign_in(
                store,
                desk.codes,
                desk.sessions,
                phone=body["phone"],
                code=body["code"],
                new_id=new_id(),
                district=district,
            )
        else:
            member, token = commands.refresh(store, desk.sessions, token=body["refresh_token"])
        return {
            "access_token": desk.tokens.issue(member),
            "refresh_token": token,
            "expires_in": int(VALID.total_seconds()),
        }

    @routes.route("/jwks.json", methods=["GET"])
    @routes.response(200, schemas.KeySetSchema)
    @access.public
    def jwks() -> dict[str, Any]:
        """Show the public keys that access tokens are signed with."""
        return desk.tokens.jwks()

    return routes


def blueprint(
    store: MemberStore, queries: MemberQueries, name_of: NameOf, clock: Clock, district: str
) -> Blueprint:
    """The routes `/v1/me` and under `/v1/members`."""
    routes = Blueprint("members", __name__, url_prefix="/v1", description="Members")

    @routes.route("/me", methods=["GET"])
    @routes.response(200, schemas.MemberSchema)
    @access.signed_in
    def me() -> dict[str, Any]:
        """Show oneself."""
        return view(store.get(actor().member_id), day_of(clock()))

    @routes.route("/me", methods=["PATCH"])
    @routes.arguments(schemas.DescribeSchema)
    @routes.response(200, schemas.MemberSchema)
    @access.signed_in
    def describe(body: dict[str, Any]) -> dict[str, Any]:
        """Change one's name or home area."""
        return view(commands.describe(store, clock, actor(), district=district, **body), day_of(clock()))

    @routes.route("/members", methods=["GET"])
    @routes.arguments(schemas.MemberQuery, location="query")
    @routes.response(200, schemas.MemberPageSchema)
    @access.roles("community_staff", "subdistrict_staff", "district_admin")
    def page(query: dict[str, Any]) -> dict[str, Any]:
        """List the members of an area."""
        area = query["area"] or district
        check_area(area, district)
        found = queries.page(area, query["role"], actor(), query["limit"], query["cursor"])
        return {"items": found.items, "next": found.next}

    @routes.route("/members", methods=["POST"])
    @routes.arguments(schemas.EnrolSchema)
    @routes.response(201, schemas.MemberSchema)
    @access.roles("community_staff", "district_admin")
    def enrol(body: dict[str, Any]) -> dict[str, Any]:
        """Enter a member with roles."""
        roles = tuple(Grant(**one) for one in body.pop("roles"))
        member = commands.enrol(
            store, clock, actor(), member_id=new_id(), roles=roles, district=district, **body
        )
        return view(member, day_of(clock()))

    @routes.route("/members/<member_id>/grants", methods=["POST"])
    @routes.arguments(schemas.RoleSchema)
    @routes.response(201, schemas.MemberSchema)
    @access.roles("community_staff", "district_admin")
    def grant(body: dict[str, Any], member_id: str) -> dict[str, Any]:
        """Give a member a role, for a term if need be; it is in their token from the next refresh on."""
        member = commands.grant(
            store, clock, actor(), member_id=member_id, role=Grant(**body), district=district
        )
        return view(member, day_of(clock()))

    @routes.route("/members/<member_id>/grants", methods=["GET"])
    @routes.response(200, schemas.RecordSchema)
    @access.signed_in
    def record(member_id: str) -> dict[str, Any]:
        """List who granted and revoked a member's roles, when and why: one's own, or in one's areas."""
        return {"items": queries.record(member_id, actor()), "next": None}

    @routes.route("/members/<member_id>/grants/revocations", methods=["POST"])
    @routes.arguments(schemas.RevocationSchema)
    @routes.response(201, schemas.MemberSchema)
    @access.roles("community_staff", "district_admin")
    def revoke(body: dict[str, Any], member_id: str) -> dict[str, Any]:
        """Take a role from a member, for a reason that they may read; taking it again changes nothing.

        It is in no token that is issued from now on; one that was issued before is good for 15 minutes.
        """
        member = commands.revoke(
            store, name_of, clock, actor(), member_id=member_id, district=district, **body
        )
        return view(member, day_of(clock()))

    return routes
