"""Areas over HTTP."""

from typing import Any

from chassis.clock import Clock
from chassis.errors import missing
from chassis.geography import read_boundary
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.identity import check_area
from chassis.places import PointQuery, as_kept
from services.volunteer.areas import commands, schemas
from services.volunteer.areas.domain import parent
from services.volunteer.areas.queries import AreaQueries
from services.volunteer.areas.store import AreaStore


def blueprint(store: AreaStore, queries: AreaQueries, clock: Clock, district: str) -> Blueprint:
    """The routes under `/v1/areas`."""
    routes = Blueprint("areas", __name__, url_prefix="/v1/areas", description="The areas of the district")

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.AreaQuery, location="query")
    @routes.response(200, schemas.AreaListSchema)
    @routes.places
    @access.public
    def tree(query: dict[str, Any]) -> dict[str, Any]:
        """Show the areas."""
        area = query["area"] or district
        check_area(area, district)
        return {"items": queries.tree(area), "next": None}

    @routes.route("", methods=["POST"])
    @routes.arguments(schemas.DefineAreaSchema)
    @routes.response(201, schemas.AreaSchema)
    @routes.places
    @access.roles("district_admin")
    def define(body: dict[str, Any]) -> dict[str, Any]:
        """Define an area, or change its name or boundary."""
        if body.get("boundary") is not None:
            body["boundary"] = read_boundary(body["boundary"], as_kept)
        keep = "boundary" not in body
        area = commands.define_area(store, clock, actor(), district=district, keep_boundary=keep, **body)
        return {**vars(area), "kind": area.kind, "parent": parent(area.code)}

    @routes.route("/locate", methods=["GET"])
    @routes.arguments(PointQuery, location="query")
    @routes.response(200, schemas.AreaSchema)
    @routes.places
    @access.public
    def locate(query: dict[str, Any]) -> dict[str, Any]:
        """Find the grid of a point."""
        area = queries.locate(query["lng"], query["lat"])
        if area is None:
            raise missing("区域（该位置不在本区内）", "area at this point")
        return area

    return routes
