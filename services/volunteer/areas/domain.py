"""Areas: district, subdistrict, community, grid, told apart by the length of their codes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor, check_area
from services.volunteer.areas.events import AreaDefined

KINDS = {6: "district", 9: "subdistrict", 12: "community", 15: "grid"}


@dataclass(frozen=True)
class Area:
    """An area of the district."""

    code: str
    name: str
    boundary: Mapping[str, Any] | None
    version: int = 1

    @property
    def kind(self) -> str:
        """district, subdistrict, community or grid."""
        return KINDS[len(self.code)]


def parent(code: str) -> str | None:
    """The code of the area above, None for a district."""
    return code[:-3] if len(code) > 6 else None


def define(
    existing: Area | None,
    area: Area,
    actor: Actor,
    *,
    district: str,
    parent_known: bool,
) -> tuple[Area, AreaDefined]:
    """A new area, or a new name or boundary of an existing one.

    Raises NotAllowed, Invalid for a code outside the district or without its parent, and Conflict where
    nothing would change.
    """
    check_area(area.code, district, "code")
    if not actor.has("district_admin", area.code):
        raise NotAllowed(
            "not-your-area", zh="您不管理此区域。", en="Only the district's admin defines areas."
        )
    if not parent_known:
        raise Invalid(
            "code", zh="请先建立上级区域。", en=f"Define the area above first: {parent(area.code)}."
        )
    if existing is None:
        return area, AreaDefined(area.name, _plain(area.boundary))
    changed = replace(area, version=existing.version + 1)
    if (existing.name, existing.boundary) == (area.name, area.boundary):
        raise Conflict("area-exists", zh="该区域已存在。", en="This area exists already, just so.")
    return changed, AreaDefined(area.name, _plain(area.boundary))


def _plain(boundary: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return dict(boundary) if boundary is not None else None
