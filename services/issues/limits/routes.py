"""The working calendar over HTTP."""

from datetime import date
from typing import Any

from chassis.errors import Invalid
from chassis.http import access
from chassis.http.blueprint import Blueprint
from services.issues.limits import schemas
from services.issues.limits.domain import EARLIEST, LATEST
from services.issues.limits.queries import Calendar
from services.issues.limits.store import DayStore


def blueprint(store: DayStore, calendar: Calendar) -> Blueprint:
    """The routes under `/v1/calendar`."""
    routes = Blueprint("calendar", __name__, url_prefix="/v1/calendar", description="Working days")

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.DaysQuery, location="query")
    @routes.response(200, schemas.DayListSchema)
    @access.public
    def days(query: dict[str, Any]) -> dict[str, Any]:
        """List days and whether they are worked."""
        return {"items": calendar.days(query["since"], query["until"]), "next": None}

    @routes.route("/<day>", methods=["PUT"])
    @routes.arguments(schemas.ExceptionSchema)
    @routes.response(200, schemas.DaySchema)
    @access.roles("district_admin")
    def put(body: dict[str, Any], day: str) -> dict[str, Any]:
        """Say whether a day is worked here, other than the national calendar says."""
        chosen = _day(day)
        store.put(chosen, **body)
        return calendar.days(chosen, chosen)[0]

    return routes


def _day(text: str) -> date:
    try:
        chosen = date.fromisoformat(text)
    except ValueError:
        chosen = None
    if chosen is None or not EARLIEST <= chosen <= LATEST:
        raise Invalid("day", zh="日期格式应为 2026-10-10。", en="Dates read like 2026-10-10.")
    return chosen
