"""What the system holds of the stories, read through the public API as the district's admin sees it."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from demo.client import Person
from demo.district import DISTRICT
from demo.story import reference_in

Record = dict[str, Any]
WORKERS = 8


@dataclass(frozen=True)
class Records:
    """All issues and activities of the district."""

    issues: list[Record]
    activities: list[Record]

    def issues_by_reference(self) -> dict[str, list[Record]]:
        """Issues that carry a reference; more than one for it only where something was doubled."""
        return _by_reference(self.issues, "description")

    def activities_by_reference(self) -> dict[str, list[Record]]:
        """Activities that carry a reference; more than one for it only where something was doubled."""
        return _by_reference(self.activities, "summary")


def load(admin: Person) -> Records:
    """Everything that is there now."""
    return Records(
        admin.pages("/v1/issues", area=DISTRICT),
        admin.pages("/v1/activities", area=DISTRICT),
    )


def histories(admin: Person, issue_ids: Iterable[str], done: Callable[[], None]) -> dict[str, list[Record]]:
    """The history of each issue, remarks left out. `done` counts them."""

    def one(issue_id: str) -> tuple[str, list[Record]]:
        lines = history(admin, issue_id)
        done()
        return issue_id, lines

    with ThreadPoolExecutor(WORKERS) as pool:
        return dict(pool.map(one, issue_ids))


def history(admin: Person, issue_id: str) -> list[Record]:
    """What was done with an issue, remarks left out."""
    lines: list[Record] = admin.get(f"/v1/issues/{issue_id}/history")["items"]
    return [line for line in lines if line["action"] != "comment"]


def inboxes(people: Iterable[Person]) -> dict[str, list[Record]]:
    """Member id → all messages in the member's inbox."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return dict(pool.map(lambda one: (one.id, one.pages("/v1/inbox")), people))


def _by_reference(records: list[Record], text: str) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        reference = reference_in(record[text])
        if reference is not None:
            found[reference].append(record)
    return dict(found)
