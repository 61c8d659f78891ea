"""This service's own events that concern other issues: parts that are done or not, and merges."""

from typing import Any

from marshmallow import fields

from chassis.clock import Clock
from chassis.events import Envelope
from chassis.subscriptions import FactSchema, Subscription
from services.issues.cases.commands import Cases, Rules
from services.issues.cases.issue import SYSTEM
from services.issues.duplicates import commands


class PartFact(FactSchema):
    """What is read of an event: the issue that this one was split from, and who acted."""

    part_of = fields.String(required=True, allow_none=True)
    actor = fields.String(required=True)


def subscriptions(cases: Cases, rules: Rules, clock: Clock) -> dict[str, Subscription]:
    """Type → schema and function."""

    def counted(event: Envelope, data: dict[str, Any]) -> None:
        # That something changed, the event says; what is done now, the parts: it may be an old event.
        commands.count_parts(cases, rules, clock, whole_id=data["part_of"] or event.subject)

    def ended(event: Envelope, data: dict[str, Any]) -> None:
        if data["part_of"] is not None:
            counted(event, data)

    def merged(event: Envelope, data: dict[str, Any]) -> None:
        # Usually so already: this is for one who took a merge back while somebody else carried it out.
        commands.speak_for_all(cases, clock, SYSTEM, issue_id=event.subject)
        ended(event, data)

    def confirmed(event: Envelope, data: dict[str, Any]) -> None:
        if data["part_of"] is None:
            commands.whole_confirmed(cases, rules, clock, whole_id=event.subject, by=data["actor"])

    def unmerged(event: Envelope, data: dict[str, Any]) -> None:
        # Usually done already: this is for a process that died between the two writes.
        if cases.get(event.subject).merged_into is None:
            commands.release(cases, clock, SYSTEM, issue_id=event.subject)
        counted(event, data)

    return {
        "issue.resolved.v1": Subscription(PartFact, ended),
        "issue.rejected.v1": Subscription(PartFact, ended),
        "issue.referred.v1": Subscription(PartFact, ended),
        "issue.merged.v1": Subscription(PartFact, merged),
        "issue.withdrawn.v1": Subscription(PartFact, ended),
        "issue.confirmed.v1": Subscription(PartFact, confirmed),
        "issue.reopened.v1": Subscription(PartFact, counted),
        "issue.unmerged.v1": Subscription(PartFact, unmerged),
    }
