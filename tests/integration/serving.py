"""A service's own application on the test's database, who calls it, and all that it has stored."""

from types import ModuleType
from typing import Any

import pytest

from chassis import idempotency
from chassis.clock import utc_now
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from infra import contracts
from services.volunteer.people.domain import Member
from services.volunteer.people.tokens import TokenIssuer


class Served:
    """The WSGI application of a service (`services.points.app` …), wired as it wires itself."""

    def __init__(self, service: ModuleType, mongo: Mongo, patch: pytest.MonkeyPatch, **settings: str) -> None:
        environ = {**contracts.environment(), **settings}
        patch.setattr(service, "Mongo", lambda *_: mongo)
        self.mongo = mongo
        self.app = service.create_app(environ)
        self._tokens = TokenIssuer(environ["TOKEN_SIGNING_KEY"], "1", utc_now)

    def call(
        self,
        who: Actor,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        key: str | None = None,
        **more: Any,
    ) -> Any:
        """The answer that somebody gets."""
        token = self._tokens.issue(Member(who.member_id, "13900000101", None, who.grants))
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        if key is not None:
            headers["Idempotency-Key"] = key
        sent = {} if body is None else {"json": body}
        return self.app.test_client().open(path, method=method, headers=headers, **sent, **more)

    def stored(self) -> dict[str, list[Document]]:
        """Collection → its documents; without the keys of requests, noted while they are at work."""
        names = set(self.mongo.database.list_collection_names()) - {idempotency.COLLECTION}
        found = {name: list(self.mongo[name].find().sort("_id", 1)) for name in sorted(names)}
        return {name: documents for name, documents in found.items() if documents}
