"""The members of a test, in memory."""

from datetime import datetime

from chassis.events import Event
from services.volunteer.people.commands import Allow
from services.volunteer.people.domain import Member
from services.volunteer.people.events import MemberChanged


class Register:
    """The members of a test, in memory."""

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
