"""Incoming events that make the time bank forget."""

from chassis.erasures import Erasures
from chassis.events import Envelope
from chassis.subscriptions import Subscription
from services.points.timebank.exchange.schemas import MemberErasedFact


def subscriptions(erasures: Erasures) -> dict[str, Subscription]:
    """Type → schema and function."""

    def member_erased(event: Envelope, _: object) -> None:
        erasures.note(event.subject, event.time)

    return {"member.erased.v1": Subscription(MemberErasedFact, member_erased)}
