"""Areas over HTTP on the real database."""

from collections.abc import Callable
from typing import Any

import pytest

import chassis.http.app
from chassis.clock import new_ulid, utc_now
from chassis.http.app import ServiceApp
from chassis.identity import Grant, TokenVerifier
from chassis.mongo import Mongo
from demo.district import boundary
from infra.local.secrets import Secrets
from services.volunteer.areas import routes
from services.volunteer.areas.queries import AreaQueries
from services.volunteer.areas.store import AreaStore
from services.volunteer.people.domain import Member
from services.volunteer.people.tokens import TokenIssuer

CODES = ("120199", "120199001", "120199001001", "120199001001001")
GRID = CODES[-1]
Ask = Callable[..., Any]


@pytest.fixture
def ask(mongo: Mongo) -> Ask:
    """Asks the areas' routes as the district's admin, and answers the JSON."""
    keys, store = Secrets.new(), AreaStore(mongo)
    store.ensure_indexes()
    blueprint = routes.blueprint(store, AreaQueries(mongo), utc_now, CODES[0])
    service = ServiceApp("areas", "Areas", [blueprint])
    client = chassis.http.app.make(service, mongo, TokenVerifier(keys.jwks())).test_client()
    admin = Member(new_ulid(), "13900000001", None, (Grant("district_admin", CODES[0]),))
    token = TokenIssuer(keys.token_signing_key, "1", utc_now).issue(admin)
    headers = {"Authorization": f"Bearer {token}"}
    return lambda method, **body: client.open("/v1/areas", method=method, json=body, headers=headers).json


@pytest.fixture
def defined(ask: Ask) -> list[Any]:
    """An area of each kind."""
    return [ask("POST", code=code, name=f"区域{code}", boundary=boundary(code)) for code in CODES]


def test_an_area_is_answered_as_it_is_listed(ask: Ask, defined: list[Any]) -> None:
    assert [one["parent"] for one in defined] == [None, *CODES[:-1]]
    assert ask("GET")["items"] == defined


def test_an_area_that_is_renamed_keeps_its_boundary(ask: Ask, defined: list[Any]) -> None:
    renamed = ask("POST", code=GRID, name="梧桐里网格")
    assert renamed == {**defined[-1], "name": "梧桐里网格", "version": 2}
    assert renamed["boundary"] is not None
    assert ask("GET")["items"][-1] == renamed


def test_a_boundary_is_taken_away_by_null_alone(ask: Ask, defined: list[Any]) -> None:
    bare = ask("POST", code=GRID, name=defined[-1]["name"], boundary=None)
    assert bare == {**defined[-1], "boundary": None, "version": 2}


def test_the_same_name_alone_again_changes_nothing(ask: Ask, defined: list[Any]) -> None:
    refused = ask("POST", code=GRID, name=defined[-1]["name"])
    assert refused["type"] == "/problems/area-exists"
    assert ask("GET")["items"] == defined
