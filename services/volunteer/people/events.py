"""The facts about people: identifiers and roles, nothing personal."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class Role:
    """A role on an area."""

    role: str
    area: str


@dataclass(frozen=True)
class MemberChanged(Event):
    """A member exists, or their roles or home area changed; the whole present state."""

    roles: tuple[Role, ...]
    home_area: str | None
    type: ClassVar[str] = "member.changed.v1"


@dataclass(frozen=True)
class MemberErased(Event):
    """A member asked to be forgotten: whoever keeps anything of them removes it."""

    type: ClassVar[str] = "member.erased.v1"


PUBLISHED: list[type[Event]] = [MemberChanged, MemberErased]
