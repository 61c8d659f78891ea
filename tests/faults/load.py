"""Residents and stewards at work, as good clients: every request under a key, and again until answered."""

import random
import threading
import time
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import requests
from PIL import Image

from chassis.clock import new_ulid
from demo.client import Person
from demo.district import COMMUNITY_A, RESIDENTS_OF_A, District, centre, grids, stewards_of

_PATIENCE_SECONDS = 120.0
_PAUSE_SECONDS = 0.2
_AGAIN = {429, 502, 503, 504}
_DONE = {"claim": "claimed", "resolve": "resolved", "confirm": "confirmed"}


def _photo() -> bytes:
    """A small photo: only reports with one earn their reporter points."""
    out = BytesIO()
    Image.new("RGB", (64, 48), "green").save(out, "JPEG")
    return out.getvalue()


class Unanswered(Exception):
    """A request got no definite answer in time, or one that a good client must not get."""


@dataclass
class Load:
    """Threads that live whole stories (report, claim, resolve, confirm) until they are told to stop."""

    district: District
    threads: int = 4
    acknowledged: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    repeats: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Sign everybody in, upload a photo each, and begin."""
        residents = self.district.people(RESIDENTS_OF_A[: self.threads])
        stewards = {phone: self.district.person(phone) for phone in stewards_of(COMMUNITY_A)}
        for number, resident in enumerate(residents):
            grid = grids(COMMUNITY_A)[number % 4]
            pair = [stewards[phone] for phone, own in stewards_of(COMMUNITY_A).items() if own == grid]
            photo = resident.upload(_photo())["id"]
            args = (resident, pair, grid, photo)
            self._running.append(threading.Thread(target=self._live, args=args, name=f"load-{number}"))
        for thread in self._running:
            thread.start()

    def stop(self) -> None:
        """Have each thread finish its story, and wait for them. Raises Unanswered with what went wrong."""
        self._stop.set()
        for thread in self._running:
            thread.join()
        if self.troubles:
            raise Unanswered("\n".join(self.troubles[:20]))

    @property
    def finished(self) -> int:
        """Stories that were told to their end."""
        return sum(status == "confirmed" for status in list(self.acknowledged.values()))

    def _live(self, resident: Person, stewards: list[Person], grid: str, photo: str) -> None:
        try:
            while not self._stop.is_set():
                self._story(resident, random.choice(stewards), grid, photo)
        except Exception as error:  # noqa: BLE001 - told by `stop`, in the test's own thread
            self.troubles.append(repr(error))

    def _story(self, resident: Person, steward: Person, grid: str, photo: str) -> None:
        key = new_ulid()
        body = {
            "category": "environment",
            "description": f"楼道堆物 {key}",
            "location": centre(grid),
            "media": [photo],
        }
        issue = self._persist(resident, "/v1/issues", body, key).json()
        self.acknowledged[issue["id"]] = "reported"
        self.keys[key] = issue["id"]
        self._act(steward, issue["id"], "claim")
        self._act(steward, issue["id"], "resolve")
        self._act(resident, issue["id"], "confirm")

    def _act(self, person: Person, issue_id: str, action: str) -> None:
        body = {"action": action, "note": "已处理"}
        answer = self._persist(person, f"/v1/issues/{issue_id}/transitions", body, new_ulid())
        # After a lost answer the repeat may find its own action done: then the conflict is the answer.
        if answer.status_code == 409 and not self._was_done(person, issue_id, action):
            raise Unanswered(f"{action} of {issue_id}: {answer.text}")
        self.acknowledged[issue_id] = _DONE[action]

    def _was_done(self, person: Person, issue_id: str, action: str) -> bool:
        path = f"/v1/issues/{issue_id}/history"
        lines = self._until_answered(lambda: person.send("GET", path), path).json()["items"]
        return any(line["action"] == action and line["actor"] == person.id for line in lines)

    def _persist(self, person: Person, path: str, body: Any, key: str) -> requests.Response:
        headers = {"Idempotency-Key": key}
        return self._until_answered(lambda: person.send("POST", path, json=body, headers=headers), path)

    def _until_answered(self, send: Any, path: str) -> requests.Response:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        last = "no connection"
        while time.monotonic() < deadline:
            try:
                answer: requests.Response = send()
            except requests.RequestException as error:
                last = repr(error)
            else:
                last = f"{answer.status_code} {answer.text[:200]}"
                in_flight = answer.status_code == 409 and "in-flight" in answer.text
                if answer.status_code not in _AGAIN and not in_flight:
                    if answer.ok or answer.status_code == 409:
                        return answer
                    raise Unanswered(f"{path}: {last}")
            self.repeats += 1
            time.sleep(_PAUSE_SECONDS)
        raise Unanswered(f"{path}: {last}")
