"""What can be done about one's personal data, and to reach a member."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate
from chassis.events import Event
from chassis.identity import Actor
from services.volunteer.people import domain as people
from services.volunteer.people.commands import Allow, busy_member, leaving_office
from services.volunteer.people.domain import Member
from services.volunteer.privacy import domain
from services.volunteer.privacy.domain import ContactView
from services.volunteer.training.session import Session

_TRIES = 5
ELSEWHERE = {
    "issues": "/v1/issues?reporter=me",
    "issues handled": "/v1/issues?assignee=me",
    "suggestions": "/v1/suggestions?mine=true",
    "proposals": "/v1/proposals?mine=true",
    "saved filters": "/v1/saved-filters",
    "points": "/v1/accounts/{id}",
    "postings": "/v1/accounts/{id}/statement",
    "orders": "/v1/shop/orders",
    "donations": "/v1/donations",
    "help": "/v1/time-bank/requests?mine=true",
    "time bank": "/v1/time-bank/members/{id}",
    "relatives": "/v1/time-bank/relatives",
    "commendations": "/v1/commendations?mine=true",
    "gift flags": "/v1/ledger/flags",
    "messages": "/v1/inbox",
}
"""Where the other services show what they keep of a member."""


class Members(Protocol):
    """Where members are kept. `erase` raises ConcurrentUpdate, and what `allow` raises."""

    def get(self, member_id: str) -> Member: ...
    def admins(self) -> list[Member]: ...
    def erase(
        self, member: Member, events: Sequence[Event], district: str, allow: Allow | None = None
    ) -> None: ...


class Sessions(Protocol):
    """Where sessions are kept."""

    def end_all(self, member_id: str) -> None: ...


class Activities(Protocol):
    """Where activity reports are kept."""

    def of(self, member: str) -> list[dict[str, Any]]: ...
    def forget(self, member: str) -> None: ...


class Duties(Protocol):
    """Where shifts and the duties on them are kept. `forget` raises Conflict."""

    def of(self, member: str) -> list[dict[str, Any]]: ...
    def forget(self, member: str) -> None: ...


class Trainings(Protocol):
    """Where training sessions are kept."""

    def of(self, member: str) -> list[Session]: ...
    def forget(self, member: str) -> None: ...


class ContactViews(Protocol):
    """The record of look-ups."""

    def add(self, view: ContactView) -> None: ...
    def forget(self, member: str) -> None: ...


def view_contact(
    members: Members,
    views: ContactViews,
    clock: Clock,
    actor: Actor,
    *,
    view_id: str,
    member_id: str,
    reason: str,
    subject: str,
    district: str,
) -> tuple[ContactView, Member]:
    """Look up how a member is reached. The record is written first: without it nothing is shown.

    Raises NotFound, and what `domain.check_may_see_contact` does.
    """
    member = members.get(member_id)
    area = domain.check_may_see_contact(member, actor, district)
    view = ContactView(view_id, actor.member_id, member.id, area, reason, subject, clock())
    views.add(view)
    return view, member


def erase(
    members: Members,
    sessions: Sessions,
    activities: Activities,
    duties: Duties,
    trainings: Trainings,
    views: ContactViews,
    clock: Clock,
    actor: Actor,
    *,
    district: str,
) -> None:
    """Forget a member at their own request; the other services hear of it and do the same.

    The member itself comes last: whoever is interrupted can ask again. Raises NotFound when it is done, and
    Conflict for the last admin of the district, before anything is forgotten, or where others act on the
    member's shifts all the time.
    """
    _check_may_leave(members, actor.member_id, district, clock())
    activities.forget(actor.member_id)
    duties.forget(actor.member_id)
    trainings.forget(actor.member_id)
    views.forget(actor.member_id)
    _until_erased(members, actor.member_id, district, clock)
    sessions.end_all(actor.member_id)


def _check_may_leave(members: Members, member_id: str, district: str, at: datetime) -> None:
    member = members.get(member_id)
    allow = leaving_office(member, people.erase(member)[0], district, at)
    if allow is not None:
        allow([one for one in members.admins() if one.id != member_id])


def _until_erased(members: Members, member_id: str, district: str, clock: Clock) -> None:
    for _ in range(_TRIES):
        member = members.get(member_id)
        erased, events = people.erase(member)
        try:
            return members.erase(erased, events, district, leaving_office(member, erased, district, clock()))
        except ConcurrentUpdate:
            continue
    raise busy_member()
