"""Acting stories out through the public API, many people at once; what is there already is not done again.

A record is known by the reference in its text, and how far its story has come by the issue's history. So a
replay that was broken off goes on where it stopped, and one that is complete changes nothing. What is sent
carries an Idempotency-Key made of the reference, so that an answer that got lost costs nothing either.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from io import BytesIO
from typing import Any
from zlib import crc32

import requests
from PIL import Image
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from demo import records
from demo.client import Refused
from demo.district import District
from demo.records import WORKERS, Record, Records
from demo.story import ActivityStory, IssueStory, Step, marked

_PATIENCE_SECONDS = 60
_PASSING = frozenset({429, 502, 503, 504})


class Outcome(StrEnum):
    """What became of a story in this run."""

    NEW = "new"
    CONTINUED = "continued"
    THERE = "there already"
    ELSEWHERE = "gone another way"


class _OriginalAway(Exception):
    """The issue that a duplicate is merged into could not be reported."""


@dataclass
class Replay:
    """Acts stories out among the people of a district, given what the system holds at the start.

    `failures` names each story that could not be acted out, and why. `done` is called once a story.
    """

    district: District
    held: Records
    done: Callable[[], None] = lambda: None
    failures: dict[str, str] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._issues = {name: found[0] for name, found in self.held.issues_by_reference().items()}
        self._activities = {name: found[0] for name, found in self.held.activities_by_reference().items()}
        self._numbers = {str(one["number"]) for one in self._issues.values()}

    def issues(self, stories: Sequence[IssueStory]) -> Counter[Outcome]:
        """Act issues out; those that are merged into an older one after all others."""
        first = {one.reference: partial(self._issue, one) for one in stories if one.older is None}
        last = {one.reference: partial(self._issue, one) for one in stories if one.older is not None}
        return self._side_by_side(first) + self._side_by_side(last)

    def activities(self, stories: Sequence[ActivityStory]) -> Counter[Outcome]:
        """Act activities out."""
        return self._side_by_side({one.reference: partial(self._activity, one) for one in stories})

    def _side_by_side(self, acts: Mapping[str, Callable[[], Outcome]]) -> Counter[Outcome]:
        def one(reference: str) -> Outcome | None:
            try:
                return acts[reference]()
            except (Refused, requests.RequestException, _OriginalAway) as error:
                self.failures[reference] = str(error)
                return None
            finally:
                self.done()

        with ThreadPoolExecutor(WORKERS) as pool:
            return Counter(outcome for outcome in pool.map(one, acts) if outcome is not None)

    def _issue(self, story: IssueStory) -> Outcome:
        known = self._issues.get(story.reference)
        taken: int | None = 0
        if known is None:
            issue = self._issues[story.reference] = self._report(story)
        else:
            issue, taken = known, self._steps_taken(story, known)
        if taken is None:
            self.elsewhere.add(story.reference)
            return Outcome.ELSEWHERE
        for number in range(taken, len(story.steps)):
            self._take(story, issue["id"], number)
        if known is None:
            return Outcome.NEW
        return Outcome.CONTINUED if taken < len(story.steps) else Outcome.THERE

    def _report(self, story: IssueStory) -> Record:
        reporter = self.district.person(story.phone)
        media = []
        if story.photo:
            key = f"{story.reference} photo"
            media = [patiently(lambda: reporter.upload(photo(story.reference), key=key))["id"]]
        body = {
            "category": story.category,
            "description": marked(story.text, story.reference),
            "location": story.location,
            "area": story.area,
            "media": media,
        }
        reported: Record = patiently(
            lambda: reporter.post("/v1/issues", body, key=f"{story.reference} report")
        )
        return reported

    def _steps_taken(self, story: IssueStory, issue: Record) -> int | None:
        """How many steps of the story were taken; None where somebody did something else."""
        steps = len(story.steps)
        if issue["status"] == story.ends and issue["version"] == steps + 1:
            return steps
        history = records.history(self.district.admin, issue["id"])
        taken = [(line["action"], line["actor"]) for line in history[1:] if not self._is_merge(line)]
        planned = [(step.action, self.district.person(step.phone).id) for step in story.steps]
        return len(taken) if taken == planned[: len(taken)] else None

    def _is_merge(self, line: Record) -> bool:
        """Whether a line tells of a record that was merged into this one: a step of that record's story."""
        return line["action"] == "adopt" and line["note"] in self._numbers

    def _take(self, story: IssueStory, issue_id: str, number: int) -> None:
        step = story.steps[number]
        person = self.district.person(step.phone)
        key = f"{story.reference} step {number + 1}"
        if step.action == "rate":
            body = {"satisfied": True, "score": 5, "comment": step.note or ""}
            patiently(lambda: person.post(f"/v1/issues/{issue_id}/ratings", body, key))
        else:
            details = self._details(step)
            patiently(lambda: person.act(issue_id, step.action, key, **details))

    def _details(self, step: Step) -> dict[str, str]:
        details = {"note": step.note, "agency": step.agency, "area": step.area}
        if step.into is not None:
            if step.into not in self._issues:
                raise _OriginalAway(f"the older issue {step.into} is not there")
            details["into"] = self._issues[step.into]["id"]
        return {name: value for name, value in details.items() if value is not None}

    def _activity(self, story: ActivityStory) -> Outcome:
        activity = self._activities.get(story.reference)
        outcome = Outcome.THERE
        if activity is None:
            outcome = Outcome.NEW
            activity = self._activities[story.reference] = self._submit(story)
        if activity["status"] == "submitted":
            outcome = Outcome.NEW if outcome is Outcome.NEW else Outcome.CONTINUED
            self._verify(story, activity["id"])
        return outcome

    def _submit(self, story: ActivityStory) -> Record:
        body = {
            "category": story.category,
            "area": story.area,
            "summary": marked(story.text, story.reference),
            "minutes": story.minutes,
        }
        steward = self.district.person(story.phone)
        submitted: Record = patiently(
            lambda: steward.post("/v1/activities", body, key=f"{story.reference} report")
        )
        return submitted

    def _verify(self, story: ActivityStory, activity_id: str) -> None:
        path, body = f"/v1/activities/{activity_id}/verifications", {"decision": "approve"}
        staff = self.district.person(story.verifier)
        patiently(lambda: staff.post(path, body, key=f"{story.reference} verification"))


def photo(name: str) -> bytes:
    """A small photo, always the same for the same name: one plain colour."""
    mark = crc32(name.encode())
    out = BytesIO()
    Image.new("RGB", (320, 240), (mark & 255, mark >> 8 & 255, mark >> 16 & 255)).save(out, "JPEG")
    return out.getvalue()


def patiently(send: Callable[[], Any]) -> Any:
    """Send until it is answered: the system may be busy or start anew, and areas take a moment to spread.

    Everything sent has a key, so that sending it again never acts twice. Raises what is no passing trouble.
    """
    attempts = Retrying(
        retry=retry_if_exception(_is_passing),
        wait=wait_random_exponential(0.2, 3),
        stop=stop_after_delay(_PATIENCE_SECONDS),
        reraise=True,
    )
    return attempts(send)


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, Refused):
        in_flight = str(error.problem.get("type", "")).endswith("/in-flight")
        not_spread = error.status == 422 and error.problem.get("errors", {}).keys() & {"location", "area"}
        return error.status in _PASSING or in_flight or bool(not_spread)
    return isinstance(error, requests.ConnectionError | requests.Timeout)
