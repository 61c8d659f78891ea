"""Members of a test, and where they are kept: in memory."""

from datetime import UTC, date, datetime, timedelta

from chassis.events import Event
from chassis.identity import Actor, Grant
from services.volunteer.people.commands import Allow
from services.volunteer.people.domain import Member, changed, turn
from services.volunteer.people.events import MemberChanged, Role, TermEnded
from services.volunteer.people.terms import day_of, in_effect, next_turn

DISTRICT, COMMUNITY, GRID = "120199", "120199001001", "120199001001001"
RESIDENT = Grant("resident", DISTRICT)
ADMIN = Actor("A", (Grant("district_admin", DISTRICT),))
STAFF = Actor("C", (Grant("community_staff", COMMUNITY),))
TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 15, 59, tzinfo=UTC)
"""A minute before midnight in Shanghai."""


def name_of(code: str) -> str:
    return f"area {code}"


def day(days: int) -> date:
    return TODAY + timedelta(days=days)


def steward(since: int | None = None, until: int | None = None) -> Grant:
    first, last = (None if days is None else day(days) for days in (since, until))
    return Grant("steward", GRID, first, last)


def member(*roles: Grant) -> Member:
    held = (RESIDENT, *roles)
    return Member("M", "13900000101", "管家", held, due=next_turn(held, NOW))


class Register:
    """Members of a test, and where they are kept: in memory."""

    def __init__(self, *known: Member) -> None:
        self.members = {one.id: one for one in known}
        self.told: list[Event] = []

    def get(self, member_id: str) -> Member:
        return self.members[member_id]

    def by_phone(self, phone: str) -> Member | None:
        return next((one for one in self.members.values() if one.phone == phone), None)

    def add(self, new: Member, event: MemberChanged) -> Member:
        self.save(new, event)
        return new

    def save(self, changed: Member, *events: Event, allow: Allow | None = None) -> None:
        if allow is not None:
            allow([one for one in self.members.values() if one.id != changed.id])
        self.members[changed.id] = changed
        self.told.extend(events)

    def due(self, at: datetime, most: int) -> list[Member]:
        return [one for one in self.members.values() if one.due and one.due <= at][:most]


def lived(start: Member) -> tuple[Member, list[TermEnded]]:
    """A fortnight of a member, looked at every six hours; at each moment what was told is what is held."""
    ended: list[TermEnded] = []
    told = changed(start, NOW)
    for hours in range(0, 14 * 24, 6):
        at = NOW + timedelta(hours=hours)
        while (change := turn(start, at, name_of)) is not None:
            start, (told, *ends) = change[0], change[1]  # type: ignore[assignment]
            ended += [one for one in ends if isinstance(one, TermEnded)]
        held = in_effect(start.roles, day_of(at))
        assert told.roles == tuple(Role(one.role, one.area) for one in held)
    return start, ended
