"""The two doors of a service: through the gateway and its own. What they refuse is checked word by word."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import orjson
import urllib3

from demo.client import Person
from demo.district import COMMUNITY_A, RESIDENTS_OF_A, District, stewards_of
from infra.local.deployment import Deployment
from tests.e2e.operations import Operation

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_KEPT_UP_TO = 64 * 1024  # a server may close a connection on which it left more than this unread
_STEWARD = next(iter(stewards_of(COMMUNITY_A)))


def people(district: District) -> tuple[Person, Person, Person]:
    """Who sends the requests: the admin, a steward, and a resident without any other role."""
    return district.admin, district.person(_STEWARD), district.person(RESIDENTS_OF_A[30])


@dataclass
class Doors:
    """Sends requests as they are, byte by byte, and keeps every complaint about the answers."""

    deployment: Deployment
    district: District
    complaints: list[str] = field(default_factory=list)
    sent: int = 0
    _pools: dict[int, urllib3.HTTPConnectionPool] = field(default_factory=dict)
    _languages: Iterator[str] = field(default_factory=lambda: cycle(("en", "zh-CN")))

    def ports(self, service: str) -> tuple[int, int]:
        """The gateway's port and the service's own."""
        return self.deployment.ports.gateway, self.deployment.ports.api(service)

    def caller(self, operation: Operation) -> Person:
        """Somebody whom the operation lets in."""
        admin, steward, resident = people(self.district)
        roles = operation.rule.roles
        if not roles:
            return resident
        return admin if "district_admin" in roles else steward

    @property
    def resident(self) -> Person:
        """Somebody without any role but the residents'."""
        return people(self.district)[2]

    def send(
        self,
        port: int,
        method: str,
        target: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        """Send a request to a local port without touching a byte of its target."""
        pool = self._pools.setdefault(port, urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=4))
        self.sent += 1
        closing = {"Connection": "close"} if body and len(body) > _KEPT_UP_TO else {}
        return pool.urlopen(
            method,
            target,
            body=body,
            headers={**closing, **(headers or {})},
            retries=False,
            redirect=False,
            timeout=30,
        )

    def refuses(
        self,
        operation: Operation,
        what: str,
        *,
        target: str | None = None,
        method: str | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        anonymous: bool = False,
        statuses: tuple[int, ...] = (),
        names: str | None = None,
    ) -> None:
        """Send a bad request through both doors. Both must refuse it: with one of `statuses` (any 4xx where
        none is given) and, where that is 422, naming the field `names`."""
        target = operation.address() if target is None else target
        for port in self.ports(operation.service):
            language = next(self._languages)
            all_headers = {"Accept-Language": language}
            if body is not None:
                all_headers["Content-Type"] = "application/json"
            if not anonymous:
                all_headers["Authorization"] = self.caller(operation).headers()["Authorization"]
            all_headers.update(headers or {})
            answer = self.send(port, method or operation.method, target, body=body, headers=all_headers)
            door = "the gateway" if port == self.deployment.ports.gateway else "the service"
            for wrong in _wrong_with(answer, target, language, statuses, names):
                self.complaints.append(f"{operation}, {what}, at {door}: {wrong}")

    def settle(self) -> None:
        """Fail with everything that was wrong."""
        assert self.sent, "nothing was sent"
        told = "\n".join(self.complaints[:40])
        assert not self.complaints, f"{len(self.complaints)} of {self.sent}:\n{told}"


def _wrong_with(
    answer: urllib3.BaseHTTPResponse, target: str, language: str, statuses: tuple[int, ...], names: str | None
) -> Iterator[str]:
    status = answer.status
    if not (status in statuses if statuses else 400 <= status < 500):
        yield f"answered {status}: {answer.data[:200]!r}"
        return
    if answer.headers.get("Content-Type") != "application/problem+json":
        yield f"{status} of the type {answer.headers.get('Content-Type')}: {answer.data[:200]!r}"
        return
    problem = orjson.loads(answer.data)
    if problem.get("status") != status:
        yield f"the document says {problem.get('status')}, the answer {status}"
    for name in ("type", "title", "detail", "instance"):
        if not isinstance(problem.get(name), str) or not problem[name]:
            yield f"{status} without {name}: {problem}"
    if status == 422 and not problem.get("errors"):
        yield f"422 that names no field: {problem}"
    if names is not None and status == 422 and names not in problem.get("errors", {}):
        yield f"422 that does not name {names}: {problem}"
    yield from _in_another_language(problem, target, language)


def _in_another_language(problem: Mapping[str, Any], target: str, language: str) -> Iterator[str]:
    texts = [problem.get("title"), problem.get("detail")]
    for errors in problem.get("errors", {}).values():
        texts.extend(errors)
    for text in texts:
        if bool(_CHINESE.search(str(text))) != language.startswith("zh"):
            yield f"this is not {language} (to {target[:80]}): {text}"
