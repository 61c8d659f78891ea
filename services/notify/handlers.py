"""Incoming events that are told to members."""

from typing import Any

from marshmallow import Schema

from chassis.clock import Clock
from chassis.erasures import Erasures
from chassis.events import Envelope
from chassis.subscriptions import Subscription
from services.notify import commands
from services.notify.domain import RULES
from services.notify.schemas import (
    ActivityFact,
    AdjustmentFact,
    CommendationFact,
    DonationFact,
    DutyFact,
    FlagFact,
    HelpFact,
    IssueFact,
    LedgerUnsoundFact,
    LotsExpiringFact,
    MemberChangedFact,
    MemberErasedFact,
    OrderFact,
    PointsPostedFact,
    ProposalFact,
    RoleLostFact,
    SuggestionFact,
    TrainingFact,
)
from services.notify.store import InboxStore

_SCHEMAS: dict[str, type[Schema]] = {
    "issue": IssueFact,
    "activity": ActivityFact,
    "duty": DutyFact,
    "training": TrainingFact,
    "points": PointsPostedFact,
    "ledger": LedgerUnsoundFact,
    "lots": LotsExpiringFact,
    "proposal": ProposalFact,
    "suggestion": SuggestionFact,
    "order": OrderFact,
    "donation": DonationFact,
    "help": HelpFact,
    "adjustment": AdjustmentFact,
    "flag": FlagFact,
    "commendation": CommendationFact,
    "member": RoleLostFact,
}


def subscriptions(store: InboxStore, erasures: Erasures, clock: Clock) -> dict[str, Subscription]:
    """Type → schema and function: every event that a message rule names, and the members."""

    def tell(event: Envelope, data: dict[str, Any]) -> None:
        commands.tell(
            store,
            clock,
            event_id=event.id,
            event_type=event.type,
            subject=event.subject,
            area=event.area,
            data=data,
        )

    def member_changed(event: Envelope, data: dict[str, Any]) -> None:
        grants = [f"{one['role']}@{one['area']}" for one in data["roles"]]
        store.put_member(event.subject, grants, event.sequence)

    def member_erased(event: Envelope, _: dict[str, Any]) -> None:
        erasures.note(event.subject, event.time)

    told = {kind: Subscription(_SCHEMAS[kind.split(".")[0]], tell) for kind in RULES}
    return {
        **told,
        "member.changed.v1": Subscription(MemberChangedFact, member_changed),
        "member.erased.v1": Subscription(MemberErasedFact, member_erased),
    }
