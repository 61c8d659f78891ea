"""The facts about areas."""

from dataclasses import dataclass
from typing import Any, ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class AreaDefined(Event):
    """An area exists, or its name or boundary changed. `boundary` is GeoJSON in WGS-84."""

    name: str
    boundary: dict[str, Any] | None
    type: ClassVar[str] = "area.defined.v1"


PUBLISHED: list[type[Event]] = [AreaDefined]
