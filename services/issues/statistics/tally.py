"""Counts of issues and activities that add up: what an issue is counted as, `domain` says why."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.issues.cases.feedback import last_word
from services.issues.cases.issue import SYSTEM, Status
from services.issues.categories.domain import root_of
from services.issues.statistics.distribution import Distribution

EXCLUDED = (Status.MERGED, Status.WITHDRAWN, Status.REJECTED)
SOLVED = frozenset({Status.RESOLVED, Status.CONFIRMED, Status.NO_ANSWER})
RESPONSES = frozenset(
    {"claim", "assign", "start", "ask", "hold", "split", "escalate", "return", "resolve", "refer", "reject"}
)
"""The actions of the workflow that are a response, when a person takes them."""


@dataclass(frozen=True)
class Case:
    """What the figures need of an issue. `whole` was split into parts; `part` is one of them."""

    area: str
    category: str
    created_at: datetime
    status: Status
    whole: bool
    part: bool
    responded_at: datetime | None
    resolved_at: datetime | None
    satisfied: bool | None


def case(issue: Mapping[str, Any]) -> Case:
    """An issue as it is stored, read for the figures."""
    responses = [
        line["at"]
        for line in issue["history"]
        if line["action"] in RESPONSES and line["actor"] != SYSTEM.member_id
    ]
    return Case(
        area=str(issue["area"]),
        category=root_of(str(issue["category"])),
        created_at=issue["created_at"],
        status=Status(issue["status"]),
        whole=bool(issue["parts"]),
        part=issue["part_of"] is not None,
        responded_at=min(responses, default=None),
        resolved_at=issue["resolved_at"],
        satisfied=_last_word(issue),
    )


def _last_word(issue: Mapping[str, Any]) -> bool | None:
    """Whether the reporter is satisfied, by what they said last. The history also dates older ratings."""
    rating = issue["rating"]
    if rating is not None:
        rated = [line["at"] for line in issue["history"] if line["action"] == "rate"]
        rating = {**rating, "at": max(rated, default=issue["created_at"])}
    return last_word(issue["feedback"], rating)


@dataclass
class Tally:
    """The counts of some issues and activities. Tallies add up.

    `reports` are issues that are no parts: what people reported. The rest leaves out what is excluded from
    every rate.
    """

    by_status: Counter[str] = field(default_factory=Counter)
    activities: int = 0
    reports: int = 0
    split: int = 0
    parts: int = 0
    referred: int = 0
    responded: int = 0
    solved: int = 0
    answered: int = 0
    satisfied: int = 0
    response: Distribution = field(default_factory=Distribution)
    resolution: Distribution = field(default_factory=Distribution)

    @property
    def issues(self) -> int:
        """How many issues were counted."""
        return self.by_status.total()

    def count(self, one: Case) -> None:
        """Count an issue."""
        self.by_status[one.status.value] += 1
        self.reports += not one.part
        if one.status in EXCLUDED:
            return
        self.parts += one.part
        if one.satisfied is not None and not one.part:
            self.answered += 1
            self.satisfied += one.satisfied
        if one.whole:
            self.split += 1
            return
        self.referred += one.status is Status.REFERRED
        if one.responded_at is not None:
            self.responded += 1
            self.response.count(one.responded_at - one.created_at)
        if one.status in SOLVED:
            self.solved += 1
            if one.resolved_at is not None:
                self.resolution.count(one.resolved_at - one.created_at)

    def add(self, other: "Tally") -> None:
        """Take in another tally."""
        self.by_status.update(other.by_status)
        for name in NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.response.add(other.response)
        self.resolution.add(other.resolution)

    def stored(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "by_status": dict(sorted(self.by_status.items())),
            **{name: getattr(self, name) for name in NUMBERS if getattr(self, name)},
            "response": self.response.stored(),
            "resolution": self.resolution.stored(),
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Tally":
        """What `stored` was made from."""
        return cls(
            by_status=Counter(stored["by_status"]),
            **{name: stored.get(name, 0) for name in NUMBERS},
            response=Distribution.of(stored["response"]),
            resolution=Distribution.of(stored["resolution"]),
        )


NUMBERS = (
    "activities",
    "reports",
    "split",
    "parts",
    "referred",
    "responded",
    "solved",
    "answered",
    "satisfied",
)
Tallies = dict[str, Tally]
"""Tallies by category of the study."""


def total(tallies: Iterable[Tally]) -> Tally:
    """The sum of some tallies."""
    result = Tally()
    for one in tallies:
        result.add(one)
    return result


def stored(tallies: Tallies) -> dict[str, Any]:
    """Tallies as they are kept; categories that nothing was counted of are left out."""
    return {name: one.stored() for name, one in sorted(tallies.items()) if one != Tally()}


def read(kept: Mapping[str, Any]) -> Tallies:
    """What `stored` was made from."""
    return {name: Tally.of(one) for name, one in kept.items()}


def added(all_of_them: Iterable[Tallies]) -> Tallies:
    """The sum of tallies, category by category."""
    result: Tallies = {}
    for tallies in all_of_them:
        for name, one in tallies.items():
            result.setdefault(name, Tally()).add(one)
    return result
