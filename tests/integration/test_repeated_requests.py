"""What is asked of an issue again, after a death between the write and its answer, is not done twice."""

import random
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

import chassis.http.app
from chassis.clock import utc_now
from chassis.geography import AreaFinder
from chassis.http.app import ServiceApp
from chassis.identity import Actor, TokenVerifier
from chassis.mongo import Document, Mongo
from services.issues.cases import routes
from services.issues.cases.queries import CaseQueries
from services.issues.cases.quotas import QuotaStore
from services.issues.categories.queries import Rulebook
from services.issues.categories.store import CategoryStore
from services.issues.media.queries import PhotoQueries
from services.issues.media.store import PhotoStore
from tests.integration.issue_lives import CALENDAR, Lives
from tests.integration.test_idempotency import SECRETS, bearer, time_passes


class DyingQueries(CaseQueries):
    """Queries whose process can be made to die where the answer is read, right after the write."""

    dies = False

    def one(self, issue_id: str, actor: Actor) -> Document:
        """One issue, if the process lives."""
        if self.dies:
            raise KeyboardInterrupt  # no handler of the application sees it, as none sees a kill -9
        return super().one(issue_id, actor)


@pytest.mark.parametrize(
    ("what", "body", "written"),
    [
        ("comments", {"text": "还没有人来"}, "comment"),
        ("transitions", {"action": "withdraw", "version": 1}, "withdraw"),
    ],
)
def test_a_death_between_write_and_answer_leaves_nothing_to_be_done_twice(
    mongo: Mongo, what: str, body: dict[str, Any], written: str
) -> None:
    lives = Lives(mongo, random.Random(1))
    queries = DyingQueries(mongo, PhotoQueries(mongo, str), "key")
    rules, photos = Rulebook(CategoryStore(mongo), lambda: CALENDAR), PhotoStore(mongo)
    places = AreaFinder(queries.areas)
    blueprint = routes.blueprint(lives.cases, rules, queries, places, photos, utc_now, QuotaStore(mongo), 0)
    service = ServiceApp("issues", "Issues", [blueprint])
    app = chassis.http.app.make(service, mongo, TokenVerifier(SECRETS.jwks()))
    issue = lives.begin(utc_now())
    path = f"/v1/issues/{issue.id}/{what}"

    queries.dies = True
    with pytest.raises(KeyboardInterrupt):
        _send(app, path, body)
    queries.dies = False
    assert _send(app, path, body).status_code == 409  # for all anybody knows it is still at work
    time_passes(mongo, timedelta(minutes=1))
    again = _send(app, path, body)
    assert (again.status_code, again.json["version"]) == (201 if what == "comments" else 200, 2)
    stored = mongo["issues"].find_one({"_id": issue.id}) or {}
    assert [line["action"] for line in stored["history"]] == ["report", written]
    assert _send(app, path, body).headers["Idempotent-Replayed"] == "true"


def _send(app: Flask, path: str, body: dict[str, Any]) -> Any:
    headers = {"Idempotency-Key": "once", "Authorization": bearer("R")}
    return app.test_client().post(path, json=body, headers=headers)
