"""What the histories make due by the district's rules: which postings, and which messages to whom.

The rules are those of the ledger and of the inboxes themselves: whether they are right, their own tests
say. What is proved with this is that nothing was lost or done twice on the way.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from demo.records import Record
from services.notify.domain import RULES, messages, role_keys
from services.points.earning.domain import EARNED_BY, EARNING_RULES, Evidence, earned

_EVENTS = {
    "report": "reported",
    "claim": "claimed",
    "release": "released",
    "start": "started",
    "resolve": "resolved",
    "escalate": "escalated",
    "return": "returned",
    "refer": "referred",
    "route": "routed",
    "reject": "rejected",
    "merge": "merged",
    "confirm": "confirmed",
    "reopen": "reopened",
    "withdraw": "withdrawn",
    "rate": "rated",
}
_AT = datetime(2022, 6, 1, tzinfo=UTC)

Legs = frozenset[tuple[str, str, int]]
"""Account, unit and amount of each leg of a posting."""

Due = Counter[tuple[str, str, str]]
"""How many messages are due by member, kind and subject."""


@dataclass(frozen=True)
class Fact:
    """An event as its subject's record tells it."""

    kind: str
    subject: str
    area: str
    data: dict[str, Any]


def issue_facts(
    issue: Record, history: list[Record], reporters: Mapping[str, str] | None = None
) -> Iterator[Fact]:
    """The events of an issue, from its history. Not for one that staff assigned: to whom, it does not say.

    `reporters` says who reported the issues (by number) that were merged into this one.
    """
    assignee = steward = resolver = None
    confirmed = 0
    followers = [issue["reporter"]]
    for line in history:
        action, actor = line["action"], line["actor"]
        if action == "adopt":
            followers.append((reporters or {})[line["note"]])
            continue
        if action == "claim":
            assignee = steward = actor
        elif action == "return":
            assignee = steward if line["level"] == "steward" else None
        elif action in ("release", "escalate", "route"):
            assignee = None
        elif action == "resolve":
            resolver = actor
        elif action == "confirm":
            confirmed += 1
        data = {
            "number": issue["number"],
            "level": line["level"],
            "reporter": issue["reporter"],
            "followers": list(dict.fromkeys(followers)),
            "assignee": assignee,
            "resolver": resolver,
            "actor": actor,
            "photos": len(issue["media"]),
            "round": confirmed,
        }
        yield Fact(f"issue.{_EVENTS[action]}.v1", issue["id"], issue["area"], data)


def activity_facts(activity: Record) -> Iterator[Fact]:
    """The events of an activity."""
    data = {key: activity[key] for key in ("member", "minutes")} | {"photos": len(activity["media"])}
    submitted = {**data, "actor": activity["member"]}
    yield Fact("activity.submitted.v1", activity["id"], activity["area"], submitted)
    if activity["status"] != "submitted":
        decided = {**data, "actor": activity["verified_by"]}
        yield Fact(f"activity.{activity['status']}.v1", activity["id"], activity["area"], decided)


def posting_facts(postings: Iterable[Record]) -> Iterator[Fact]:
    """The events of postings."""
    for one in postings:
        yield Fact("points.posted.v1", one["id"], one["area"], {"rule": one["rule"], "legs": one["legs"]})


def postings_due(facts: Iterable[Fact]) -> dict[str, Legs]:
    """Key → legs of every posting that the facts make due; the same cause pays once by each rule."""
    due: dict[str, Legs] = {}
    for fact in facts:
        rules = [EARNING_RULES[code] for code in EARNED_BY.get(fact.kind, ())]
        if not rules:
            continue
        evidence = Evidence(
            cause=fact.subject,
            area=fact.area,
            worker=fact.data["assignee"] if "assignee" in fact.data else fact.data["member"],
            resolver=fact.data.get("resolver"),
            reporter=fact.data.get("reporter"),
            photos=fact.data["photos"],
            minutes=fact.data.get("minutes", 0),
            round=(fact.data.get("round") or 1) if fact.kind == "issue.confirmed.v1" else 1,
        )
        for rule in rules:
            posting = earned(rule, evidence, posting_id="", at=_AT)
            if posting is not None:
                due.setdefault(
                    posting.key, frozenset((leg.account, leg.unit, leg.amount) for leg in posting.legs)
                )
    return due


def legs_of(legs: Iterable[Record]) -> Legs:
    """Legs as the ledger lists them, in no order."""
    return frozenset((leg["account"], leg["unit"], leg["amount"]) for leg in legs)


def messages_due(facts: Iterable[Fact], people: dict[str, list[Record]]) -> Due:
    """The messages that the facts make due to `people` (member id → roles)."""
    grants = {member: {f"{one['role']}@{one['area']}" for one in roles} for member, roles in people.items()}

    def holders(role: str, area: str) -> list[str]:
        wanted = set(role_keys(role, area))
        return sorted(member for member, held in grants.items() if held & wanted)

    return Counter(
        (message.member, fact.kind, fact.subject)
        for fact in facts
        if fact.kind in RULES
        for message in messages(fact.kind, fact.area, fact.data, holders)
        if message.member in people
    )
