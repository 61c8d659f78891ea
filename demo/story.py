"""What a record becomes in the system: a story that its people act out, step by step."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

ENDS = {
    "claim": "claimed",
    "start": "in_progress",
    "resolve": "resolved",
    "confirm": "confirmed",
    "escalate": "escalated",
    "refer": "referred",
    "reject": "rejected",
    "merge": "merged",
}
"""Where an issue stands after an action. Actions that leave it elsewhere never end a story."""

_REFERENCE = re.compile(r"\[([^\[\]]+)\]$")


@dataclass(frozen=True)
class Step:
    """What one person does to an issue.

    `into` is the reference of the older issue that a merge names, `area` where staff route the issue to.
    """

    phone: str
    action: str
    note: str | None = None
    agency: str | None = None
    into: str | None = None
    area: str | None = None


@dataclass(frozen=True)
class IssueStory:
    """A record that is an issue: whose report, with a photo or not, and what is done with it.

    `area` is where it is reported when nobody can say the place: `location` is None then.
    """

    reference: str
    phone: str
    category: str
    text: str
    location: Mapping[str, float] | None
    photo: bool
    steps: tuple[Step, ...]
    area: str | None = None

    @property
    def ends(self) -> str:
        """The status in which the story leaves the issue."""
        actions = [one.action for one in self.steps if one.action != "rate"]
        return ENDS[actions[-1]] if actions else "reported"

    @property
    def older(self) -> str | None:
        """The reference of the issue that this one is merged into."""
        return next((one.into for one in self.steps if one.into), None)


@dataclass(frozen=True)
class ActivityStory:
    """A record that is an activity: who reports it, and who verifies it. `minutes` of service."""

    reference: str
    phone: str
    verifier: str
    category: str
    area: str
    text: str
    minutes: int


def marked(text: str, reference: str) -> str:
    """A text that carries the reference of its record: how a second run knows what is there already."""
    return f"{text} [{reference}]"


def reference_in(text: str) -> str | None:
    """The reference that a text carries, if it carries one."""
    found = _REFERENCE.search(text)
    return found[1] if found else None
