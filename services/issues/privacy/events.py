"""The fact that an issue was made anonymous."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event
from services.issues.cases.events import IssueFact


@dataclass(frozen=True)
class IssueAnonymised(IssueFact):
    """Nothing is kept any more of who reported the issue, of their words, place and photos."""

    type: ClassVar[str] = "issue.anonymised.v1"


PUBLISHED: list[type[Event]] = [IssueAnonymised]
