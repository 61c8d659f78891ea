"""Incoming events that issues are routed and assigned by: areas and members."""

from typing import Any

from chassis.clock import Clock
from chassis.events import Envelope
from chassis.subscriptions import Subscription
from services.issues.cases import commands
from services.issues.cases.commands import Rules
from services.issues.cases.schemas import AreaDefinedFact, MemberChangedFact
from services.issues.cases.store import CaseStore


def subscriptions(store: CaseStore, rules: Rules, clock: Clock) -> dict[str, Subscription]:
    """Type → schema and function."""

    def area_defined(event: Envelope, data: dict[str, Any]) -> None:
        store.put_area(event.subject, data["name"], data["boundary"], event.sequence)

    def member_changed(event: Envelope, data: dict[str, Any]) -> None:
        grants = [f"{one['role']}@{one['area']}" for one in data["roles"]]
        store.put_member(event.subject, grants, data["home_area"], event.sequence)
        # By the newest that is known, which may not be this one. Who has just been registered left nothing.
        if event.sequence > 1:
            commands.vacate_cases(store, rules, clock, member_id=event.subject)

    return {
        "area.defined.v1": Subscription(AreaDefinedFact, area_defined),
        "member.changed.v1": Subscription(MemberChangedFact, member_changed),
    }
