"""Requests and offers of help for tests of the rules, and what decisions rest on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.errors import missing
from chassis.identity import Actor, Grant
from services.points.timebank.exchange.effects import Reads, Surroundings
from services.points.timebank.exchange.help import HOLDING, SYSTEM, Help, Kind, Settlement, Status
from services.points.timebank.exchange.settlement import Standing
from services.points.timebank.members.domain import Registration
from services.points.timebank.policy.domain import Policy, before_any

COMMUNITY = "120199001001"
NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
ACTORS = {
    "author": Actor("A"),
    "partner": Actor("B"),
    "neighbour": Actor("N", (Grant("steward", f"{COMMUNITY}001"),)),
    "community": Actor("C", (Grant("community_staff", COMMUNITY),)),
    "subdistrict": Actor("D", (Grant("subdistrict_staff", COMMUNITY[:9]),)),
    "admin": Actor("E", (Grant("district_admin", COMMUNITY[:6]),)),
    "staff elsewhere": Actor("F", (Grant("community_staff", "120199001002"),)),
    "author, of the staff": Actor("A", (Grant("community_staff", COMMUNITY),)),
    "partner, of the staff": Actor("B", (Grant("community_staff", COMMUNITY),)),
    "system": SYSTEM,
}
OFFER_ID = "offer"
_HAS_PARTNER = HOLDING | {Status.MATCHED, Status.SETTLED}


def opened(kind: Kind = Kind.REQUEST, **more: Any) -> Help:
    """A request of `A`, or an offer, for an hour of errands this morning."""
    values: dict[str, Any] = {
        "id": "help",
        "number": "H20261125-AAAAAA",
        "kind": kind,
        "author": "A",
        "area": COMMUNITY,
        "skills": ("errands",),
        "starts_at": NOW,
        "ends_at": NOW + 3 * HOUR,
        "minutes": 60,
        "text": "取药",
        "created_at": NOW - HOUR,
        "next_check_at": NOW + 3 * HOUR,
    }
    return Help(**{**values, **more})


def standing(status: Status, kind: Kind = Kind.REQUEST, proposed_by: str = "A", **more: Any) -> Help:
    """One as it stands in a status, with `B` as the partner."""
    one = replace(opened(kind), status=status)
    if status in _HAS_PARTNER:
        one = replace(one, partner="B", proposed_by=proposed_by, agreed=60)
    if status in HOLDING or status is Status.SETTLED:
        one = replace(one, hold="hold")
    if status in (Status.CHECKED_OUT, Status.DISPUTED, Status.SETTLED):
        one = replace(one, checked_in_at=NOW - HOUR, checked_out_at=NOW - HOUR / 2)
    if status is Status.DISPUTED:
        one = replace(one, disputed_at=NOW, next_check_at=NOW + timedelta(days=3))
    if status is Status.SETTLED:
        one = replace(one, settlement=Settlement(30, 30, 0, 0), next_check_at=None)
    return replace(one, **more)


def around(
    policy: Policy | None = None,
    *,
    at: datetime = NOW,
    registered: dict[str, Registration] | None = None,
    giver: Standing | None = None,
    others: tuple[Help, ...] = (),
) -> Surroundings:
    """What a decision rests on: nothing registered, nothing earned, and one offer by `B`, where not said."""
    known = {one.id: one for one in (opened(Kind.OFFER, id=OFFER_ID, author="B"), *others)}

    def other(help_id: str) -> Help:
        if help_id not in known:
            raise missing("互助事项", "request or offer")
        return known[help_id]

    reads = Reads(
        registration=lambda member: (registered or {}).get(member, Registration(member)),
        standing=lambda _: giver or Standing(),
        other=other,
    )
    return Surroundings(policy or before_any(NOW), at, "fresh", reads)
