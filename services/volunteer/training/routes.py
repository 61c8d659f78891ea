"""Courses and training sessions over HTTP."""

from typing import Any

from chassis.clock import Clock
from chassis.fields import PageQuery
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.idempotency import new_id
from chassis.identity import check_area
from services.volunteer.training import commands, queries, schemas
from services.volunteer.training.commands import Areas, Members
from services.volunteer.training.domain import HOLDERS, TRAINEES
from services.volunteer.training.queries import TrainingQueries
from services.volunteer.training.store import CourseStore, TrainingSessionStore


def blueprint(
    courses: CourseStore,
    sessions: TrainingSessionStore,
    reads: TrainingQueries,
    areas: Areas,
    members: Members,
    clock: Clock,
    district: str,
) -> Blueprint:
    """The routes under `/v1/courses` and `/v1/training-sessions`."""
    routes = Blueprint("training", __name__, url_prefix="/v1", description="Training")

    @routes.route("/courses", methods=["POST"])
    @routes.arguments(schemas.CourseBody)
    @routes.response(201, schemas.CourseSchema)
    @access.roles("district_admin", "social_worker", "subdistrict_staff")
    def offer(body: dict[str, Any]) -> Any:
        """Add a course."""
        return commands.offer_course(courses, clock, actor(), course_id=new_id(), **body)

    @routes.route("/courses", methods=["GET"])
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, schemas.CoursePageSchema)
    @access.signed_in
    def offered(query: dict[str, Any]) -> dict[str, Any]:
        """List the courses, the newest first."""
        found = reads.courses(**query)
        return {"items": found.items, "next": found.next}

    @routes.route("/courses/<ulid:course_id>", methods=["GET"])
    @routes.response(200, schemas.CourseSchema)
    @access.signed_in
    def course(course_id: str) -> Any:
        """Show a course."""
        return courses.get(course_id)

    @routes.route("/training-sessions", methods=["POST"])
    @routes.arguments(schemas.SessionBody)
    @routes.response(201, schemas.SessionSchema)
    @access.roles(*HOLDERS)
    def hold(body: dict[str, Any]) -> Any:
        """Enter a session of a course, until a day after it has ended."""
        check_area(body["area"], district)
        made = commands.hold_session(courses, sessions, areas, clock, actor(), session_id=new_id(), **body)
        return queries.view(made, actor())

    @routes.route("/training-sessions", methods=["GET"])
    @routes.arguments(schemas.SessionQuery, location="query")
    @routes.response(200, schemas.SessionPageSchema)
    @access.signed_in
    def page(query: dict[str, Any]) -> dict[str, Any]:
        """List the sessions of an area and all in it, the newest first."""
        area = query["area"] or district
        check_area(area, district)
        found = reads.sessions(
            actor(),
            area=area,
            mine=query["member"] is not None,
            limit=query["limit"],
            cursor=query["cursor"],
        )
        return {"items": found.items, "next": found.next}

    @routes.route("/training-sessions/<ulid:session_id>", methods=["GET"])
    @routes.response(200, schemas.SessionSchema)
    @access.signed_in
    def one(session_id: str) -> Any:
        """Show a session."""
        return reads.session(session_id, actor())

    @routes.route("/training-sessions/<ulid:session_id>/signups", methods=["POST"])
    @routes.response(201, schemas.SessionSchema)
    @access.roles(*TRAINEES)
    def sign_up(session_id: str) -> Any:
        """Take a seat, until the session ends."""
        joined = commands.sign_up(sessions, clock, actor(), session_id=session_id, attendance_id=new_id())
        return queries.view(joined, actor())

    @routes.route("/training-sessions/<ulid:session_id>/signups/me", methods=["DELETE"])
    @routes.response(204)
    @access.signed_in
    def withdraw(session_id: str) -> None:
        """Give one's seat back before the session begins; again changes nothing."""
        commands.withdraw(sessions, clock, actor(), session_id=session_id)

    @routes.route("/training-sessions/<ulid:session_id>/attendances", methods=["POST"])
    @routes.arguments(schemas.AttendanceBody)
    @routes.response(201, schemas.SessionSchema)
    @access.roles(*HOLDERS)
    def record(body: dict[str, Any], session_id: str) -> Any:
        """Record that somebody else came, or did not, once the session has begun."""
        done = commands.record(
            sessions, members, clock, actor(), session_id=session_id, attendance_id=new_id(), **body
        )
        return queries.view(done, actor())

    return routes
