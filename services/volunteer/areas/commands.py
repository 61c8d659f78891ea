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
    boundary: dict[str, Any] | None,
) -> Area:
    """Define an area or change it; see `domain.define` for what it raises."""
    above = domain.parent(code)
    parent_known = above is None or areas.find(above) is not None
    area, event = domain.define(
        areas.find(code), Area(code, name, boundary), actor, district=district, parent_known=parent_known
    )
    areas.save(area, event, clock)
    return area
