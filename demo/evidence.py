"""What the proofs rest on: all that the public API shows of a replay, gathered until nothing more comes."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from demo import due, records
from demo.client import Person
from demo.district import COMMUNITY_A, DISTRICT
from demo.due import Due, Fact
from demo.records import Record, Records
from demo.story import ActivityStory, IssueStory

_QUIET_SECONDS = 30.0
_POLL_SECONDS = 0.5


@dataclass
class Evidence:
    """The state of the system after a replay.

    `facts` and `subjects` are those of the stories that went as planned; issues on which others acted too
    are in `held` alone. `people` maps the member id of everyone whose inbox can be read to their roles.
    """

    held: Records
    facts: list[Fact]
    subjects: set[str]
    people: dict[str, list[Record]]
    postings: list[Record] = field(default_factory=list)
    inboxes: dict[str, list[Record]] = field(default_factory=dict)
    usage: Record = field(default_factory=dict)
    ledger: Record = field(default_factory=dict)

    def own_postings(self) -> list[Record]:
        """The postings that the stories caused."""
        return [one for one in self.postings if one["cause"] in self.subjects]

    def messages_due(self) -> Due:
        """The messages that the stories, and the points paid for them, make due."""
        own = due.posting_facts(self.own_postings())
        return due.messages_due([*self.facts, *own], self.people)

    def messages_delivered(self) -> Due:
        """The messages about the stories, and about the points paid for them, that are in the inboxes."""
        subjects = self.subjects | {one["id"] for one in self.own_postings()}
        return Due(
            (member, one["kind"], one["subject"])
            for member, inbox in self.inboxes.items()
            for one in inbox
            if one["subject"] in subjects
        )


def gather(
    admin: Person,
    people: Sequence[Person],
    stories: Iterable[IssueStory | ActivityStory],
    elsewhere: set[str],
    done: Callable[[], None],
) -> Evidence:
    """Read the stories' records and histories. `done` counts the issues."""
    held = records.load(admin)
    wanted = {one.reference for one in stories} - elsewhere
    issues = [found[0] for name, found in held.issues_by_reference().items() if name in wanted]
    activities = [found[0] for name, found in held.activities_by_reference().items() if name in wanted]
    histories = records.histories(admin, [one["id"] for one in issues], done)
    # Of all issues: what was merged into one of these may be a record of another file.
    reporters = {str(issue["number"]): str(issue["reporter"]) for issue in held.issues}
    facts = [fact for issue in issues for fact in due.issue_facts(issue, histories[issue["id"]], reporters)]
    facts += [fact for activity in activities for fact in due.activity_facts(activity)]
    return Evidence(
        held=held,
        facts=facts,
        subjects={one["id"] for one in [*issues, *activities]},
        people={one.id: one.get("/v1/me")["roles"] for one in people},
    )


def settle(
    found: Sequence[Evidence],
    admin: Person,
    people: Sequence[Person],
    holds: Callable[[], bool],
    progress: Callable[[int, int], None],
) -> None:
    """Read what follows by events until all of it `holds`, or nothing new has come for half a minute.

    `progress` is told how many messages were delivered and how many are due.
    """
    seen, quiet_since = -1, time.monotonic()
    inboxes: dict[str, list[Record]] = {}
    waiting = list(people)
    while True:
        postings = admin.pages("/v1/postings", area=DISTRICT)
        inboxes |= records.inboxes(waiting)
        usage = admin.get("/v1/stats/usage", area=COMMUNITY_A)
        ledger = admin.get("/v1/ledger/verification")
        for one in found:
            one.postings, one.inboxes, one.usage, one.ledger = postings, inboxes, usage, ledger
        expected = sum((one.messages_due() for one in found), Due())
        delivered = sum((one.messages_delivered() for one in found), Due())
        progress((delivered & expected).total(), expected.total())
        if holds():
            return
        now = len(postings) + delivered.total() + usage["total"]
        if now != seen:
            seen, quiet_since = now, time.monotonic()
        elif time.monotonic() - quiet_since > _QUIET_SECONDS:
            return
        lacking = {member for member, _, _ in expected - delivered}
        waiting = [one for one in people if one.id in lacking]
        time.sleep(_POLL_SECONDS)
