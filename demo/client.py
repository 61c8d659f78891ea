"""People who use the public API: each signs in by phone and acts under their own token."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_fixed

_REFRESH_BEFORE_SECONDS = 60.0


def _is_too_fast(answer: requests.Response) -> bool:
    """Whether the gateway let nothing through for a second; other limits are for longer, and are answers."""
    return answer.status_code == 429 and answer.headers.get("Retry-After") == "1"


_NOT_TOO_FAST = Retrying(
    retry=retry_if_result(_is_too_fast),
    wait=wait_fixed(1),
    stop=stop_after_attempt(20),
    retry_error_callback=lambda state: state.outcome and state.outcome.result(),
)


class Refused(Exception):
    """The API answered with a problem document: `status` and the document itself."""

    def __init__(self, method: str, path: str, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{method} {path}: {status} {problem.get('detail', '')} {problem.get('errors', '')}")
        self.status = status
        self.problem = problem


class Api:
    """The gateway of a running deployment. Safe to share among threads."""

    def __init__(self, url: str, connections: int = 32) -> None:
        self.url = url.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False  # a proxy of the machine has no part in talking to the gateway
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, HTTPAdapter(pool_maxsize=connections))

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request as it is; the answer may be a refusal."""
        return self.session.request(method, self.url + path, timeout=60, **options)

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Send a request and return what the answer's JSON holds; wait where too many are sent in a second.

        Raises Refused.
        """
        answer: requests.Response = _NOT_TOO_FAST(self.send, method, path, **options)
        if not answer.ok:
            is_json = "json" in answer.headers.get("Content-Type", "")
            raise Refused(method, path, answer.status_code, answer.json() if is_json else {})
        return answer.json() if answer.content else None

    def sign_in(self, phone: str) -> "Person":
        """Sign in with a one-time code (the deployment must have DEV_LOGIN)."""
        code = self.call("POST", "/v1/auth/codes", json={"phone": phone})["dev_code"]
        tokens = self.call("POST", "/v1/auth/tokens", json={"grant": "code", "phone": phone, "code": code})
        return Person(self, phone, tokens)


@dataclass
class Person:
    """A signed-in member. The token is refreshed before it expires."""

    api: Api
    phone: str
    tokens: dict[str, Any]
    _until: float = field(init=False)
    _id: str = field(init=False, default="")
    _renewing: threading.Lock = field(init=False, default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self._until = time.monotonic() + self.tokens["expires_in"] - _REFRESH_BEFORE_SECONDS

    @property
    def id(self) -> str:
        """The member id."""
        if not self._id:
            self._id = str(self.get("/v1/me")["id"])
        return self._id

    def renew(self) -> None:
        """Take a new token now, with the roles as they are now."""
        body = {"grant": "refresh", "refresh_token": self.tokens["refresh_token"]}
        self.tokens = self.api.call("POST", "/v1/auth/tokens", json=body)
        self._until = time.monotonic() + self.tokens["expires_in"] - _REFRESH_BEFORE_SECONDS

    def headers(self) -> dict[str, str]:
        """The headers that say who is asking."""
        # A refresh token is good for one use: of several threads that act as this person, one renews.
        with self._renewing:
            if time.monotonic() > self._until:
                self.renew()
        return {"Authorization": f"Bearer {self.tokens['access_token']}", "Accept-Language": "en"}

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request as this person; the answer may be a refusal."""
        headers = {**self.headers(), **options.pop("headers", {})}
        return self.api.send(method, path, headers=headers, **options)

    def get(self, path: str, **params: Any) -> Any:
        """Read. Raises Refused."""
        return self.api.call("GET", path, headers=self.headers(), params=params)

    def pages(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """All items of a list, page after page. Raises Refused."""
        items: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = self.get(path, limit=100, **params, **({"cursor": cursor} if cursor else {}))
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items

    def post(self, path: str, body: Any = None, key: str | None = None) -> Any:
        """Write, under an idempotency key where one is given. Raises Refused."""
        headers = {**self.headers(), **({"Idempotency-Key": key} if key else {})}
        return self.api.call("POST", path, json={} if body is None else body, headers=headers)

    def upload(self, photo: bytes, name: str = "photo.jpg", key: str | None = None) -> Any:
        """Upload a photo. Raises Refused."""
        headers = {**self.headers(), **({"Idempotency-Key": key} if key else {})}
        return self.api.call("POST", "/v1/media", files={"file": (name, photo)}, headers=headers)

    def act(self, issue_id: str, action: str, key: str | None = None, **details: Any) -> Any:
        """Carry out an action on an issue. Raises Refused."""
        return self.post(f"/v1/issues/{issue_id}/transitions", {"action": action, **details}, key)
