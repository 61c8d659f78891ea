"""Who answers, rates or remarks on a version that they have seen is told where it is another by now."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient

from chassis.http import problems
from services.issues.cases import routes
from services.issues.cases.issue import Issue, Level, Status
from tests.unit.test_case_workflow import ACTORS, NOW, YOUNGER, standing
from tests.unit.test_duplicates import Book, Shelf

REQUESTS: dict[str, dict[str, Any]] = {
    "feedback": {"contacted": True, "resolved": "yes", "satisfied": True},
    "ratings": {"satisfied": True, "score": 5},
    "comments": {"text": "还漏水"},
}


class Reader:
    """Shows the version of what is in memory."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def one(self, issue_id: str, _: object) -> dict[str, Any]:
        return {"version": self.shelf.get(issue_id).version}


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(replace(standing(Status.RESOLVED, Level.STEWARD), version=4))


@pytest.fixture
def client(shelf: Shelf) -> FlaskClient:
    parts: tuple[Any, ...] = (shelf, Book(), Reader(shelf), None, None, lambda: NOW, None, 0)
    app = Flask("issues")
    problems.register(app)
    app.register_blueprint(routes.blueprint(*parts))
    app.before_request(lambda: setattr(g, "actor", ACTORS["reporter"]))
    return app.test_client()


def version(shelf: Shelf) -> int:
    kept: Issue = shelf.kept[YOUNGER]
    return kept.version


@pytest.mark.parametrize("what", REQUESTS)
def test_what_is_said_of_an_old_version_is_refused_and_changes_nothing(
    client: FlaskClient, shelf: Shelf, what: str
) -> None:
    path = f"/v1/issues/{YOUNGER}/{what}"
    for tag in ('"3"', '"5"', 'W/"3"', '"nobody gave this out"'):
        refused = client.post(path, json=REQUESTS[what], headers={"If-Match": tag})
        assert (refused.status_code, refused.get_json(force=True)["version"]) == (412, 4), tag
        assert version(shelf) == 4
    answer = client.post(path, json=REQUESTS[what], headers={"If-Match": '"4"'})
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"5"')


@pytest.mark.parametrize("what", REQUESTS)
def test_who_names_no_version_speaks_of_what_there_is_now(
    client: FlaskClient, shelf: Shelf, what: str
) -> None:
    for headers in ({}, {"If-Match": "*"}):
        shelf.kept[YOUNGER] = replace(standing(Status.RESOLVED, Level.STEWARD), version=4)
        assert (
            client.post(f"/v1/issues/{YOUNGER}/{what}", json=REQUESTS[what], headers=headers).status_code
            == 201
        )
