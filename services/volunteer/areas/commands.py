"""What can be done with areas."""

from typing import Any, Protocol

from chassis.clock import Clock
from chassis.identity import Actor
from services.volunteer.areas import domain
from services.volunteer.areas.domain import Area
from services.volunteer.areas.events import AreaDefined


class Areas(Protocol):
    """Where areas are kept."""

    def find(self, code: str) -> Area | None: ...
    def save(self, area: Area, event: AreaDefined, clock: Clock) -> None: ...


def define_area(
    areas: Areas,
    clock: Clock,
    actor: Actor,
    *,
    district: str,
    code: str,
    name: str,
    boundary: dict[str, Any] | None = None,
    keep_boundary: bool = False,
) -> Area:
    """Define an area or change it, also its boundary unless an existing one is to be kept.

    See `domain.define` for what it raises.
    """
    above, existing = domain.parent(code), areas.find(code)
    parent_known = above is None or areas.find(above) is not None
    outline = existing.boundary if keep_boundary and existing is not None else boundary
    area, event = domain.define(
        existing, Area(code, name, outline), actor, district=district, parent_known=parent_known
    )
    areas.save(area, event, clock)
    return area
