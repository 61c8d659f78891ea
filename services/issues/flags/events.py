"""The facts about what is shown: hidden by flags, and decided on by staff."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event
from services.issues.cases.events import IssueFact


@dataclass(frozen=True)
class IssueHidden(IssueFact):
    """Several members flagged the issue: its words and photos are withheld until staff have decided."""

    type: ClassVar[str] = "issue.hidden.v1"


@dataclass(frozen=True)
class IssueReviewed(IssueFact):
    """Staff decided whether the issue is shown."""

    hidden: bool
    type: ClassVar[str] = "issue.reviewed.v1"


PUBLISHED: list[type[Event]] = [IssueHidden, IssueReviewed]
