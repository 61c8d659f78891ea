"""Incoming events that make this service forget."""

from chassis.clock import Clock
from chassis.erasures import Erasures
from chassis.events import Envelope
from chassis.subscriptions import FactSchema, Subscription
from services.issues.privacy import commands
from services.issues.privacy.commands import Archive, Photos
from services.issues.privacy.events import IssueAnonymised


class AnyFact(FactSchema):
    """Nothing is read of these events but whom or what they are of."""


def subscriptions(
    archive: Archive, photos: Photos, erasures: Erasures, clock: Clock
) -> dict[str, Subscription]:
    """Type → schema and function."""

    def member_erased(event: Envelope, _: object) -> None:
        erasures.note(event.subject, event.time)

    def anonymised(event: Envelope, _: object) -> None:
        commands.let_photos_go(archive, photos, clock, issue_id=event.subject)

    return {
        "member.erased.v1": Subscription(AnyFact, member_erased),
        IssueAnonymised.type: Subscription(AnyFact, anonymised),
    }
