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
    """A member exists, or their roles or home area changed; the whole present state.

    `roles` are those held now: one whose term begins later is told of when it begins.
    """

    roles: tuple[Role, ...]
    home_area: str | None
    type: ClassVar[str] = "member.changed.v1"


@dataclass(frozen=True)
class MemberErased(Event):
    """A member asked to be forgotten: whoever keeps anything of them removes it."""

    type: ClassVar[str] = "member.erased.v1"


@dataclass(frozen=True)
class RoleFact(Event):
    """What is told of a role that somebody holds no more; `place` is the name of its area.

    Why stays where it is recorded: the words may name people.
    """

    member: str
    role: str
    area: str
    place: str
    actor: str | None


@dataclass(frozen=True)
class RoleRevoked(RoleFact):
    """A role was taken from a member."""

    type: ClassVar[str] = "member.role_revoked.v1"


@dataclass(frozen=True)
class EndSet(RoleFact):
    """A role will be taken from a member after its last day, `on`: a date of Shanghai."""

    on: str
    type: ClassVar[str] = "member.end_set.v1"


@dataclass(frozen=True)
class TermEnded(RoleFact):
    """A role ended with the last day of its term, and no other term follows at once."""

    type: ClassVar[str] = "member.term_ended.v1"


PUBLISHED: list[type[Event]] = [MemberChanged, MemberErased, RoleRevoked, EndSet, TermEnded]
