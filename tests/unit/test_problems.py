"""Errors as problem documents, in the caller's language."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pymongo.errors import AutoReconnect

from chassis import errors
from chassis.errors import Refusal
from chassis.http import problems

REFUSALS: list[tuple[Refusal, int]] = [
    (errors.Invalid("note", zh="请填写说明。", en="Say why."), 422),
    (errors.Unauthenticated("who", zh="请登录。", en="Sign in."), 401),
    (errors.NotAllowed("no", zh="不允许。", en="Not allowed."), 403),
    (errors.missing("问题", "issue"), 404),
    (errors.Conflict("state", zh="状态不符。", en="Wrong state.", allowed=["claim"]), 409),
    (errors.Stale("old", zh="已更新。", en="Changed.", version=3), 412),
    (errors.TooLarge("big", zh="过大。", en="Too big.", limit=5), 413),
    (errors.TooMany("many", zh="过多。", en="Too many.", retry_after=7), 429),
    (errors.Unavailable("away", zh="不可用。", en="Away."), 503),
    (errors.Unavailable("busy-ledger", zh="繁忙。", en="Busy.", retry_after=1), 503),
]


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("problems")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    problems.register(app)

    @app.get("/refusals/<int:number>")
    def refuse(number: int) -> str:
        raise REFUSALS[number][0]

    @app.get("/outage")
    def outage() -> str:
        raise AutoReconnect("mongodb://user:secret@10.0.0.7 is away")

    @app.get("/bug")
    def bug() -> str:
        raise ZeroDivisionError("13900000101")

    return app.test_client()


def problem(client: FlaskClient, path: str, language: str = "en", method: str = "GET") -> Any:
    answer = client.open(path, method=method, headers={"Accept-Language": language})
    assert answer.content_type == "application/problem+json"
    document = answer.json
    assert document is not None
    assert {"type", "title", "status", "detail", "instance"} <= set(document)
    assert document["status"] == answer.status_code
    assert document["instance"] == path
    return document


@pytest.mark.parametrize("number", range(len(REFUSALS)))
def test_each_refusal_has_its_status_and_speaks_both_languages(client: FlaskClient, number: int) -> None:
    refusal, status = REFUSALS[number]
    english, chinese = (problem(client, f"/refusals/{number}", one) for one in ("en", "zh"))
    assert english["status"] == chinese["status"] == status
    assert english["type"] == chinese["type"] == f"/problems/{refusal.code}"
    assert english["title"] != chinese["title"]
    if not isinstance(refusal, errors.Invalid):
        assert (english["detail"], chinese["detail"]) == (refusal.en, refusal.zh)
    for name, value in refusal.extra.items():
        if not name.startswith("errors"):
            assert english[name] == value


def test_every_kind_of_refusal_has_a_status() -> None:
    tried = {type(refusal) for refusal, _ in REFUSALS}
    own = {errors.Malformed}  # raised where bodies are read, and tried there
    assert set(Refusal.__subclasses__()) - own == tried


def test_a_field_is_named_with_its_fault_in_both_languages(client: FlaskClient) -> None:
    assert problem(client, "/refusals/0", "en")["errors"] == {"note": ["Say why."]}
    chinese = problem(client, "/refusals/0", "zh")
    assert chinese["errors"] == {"note": ["请填写说明。"]}
    assert "errors_zh" not in chinese


@pytest.mark.parametrize(
    ("asked", "english"),
    [
        ("en", True),
        ("en-GB", True),
        ("en-US,en;q=0.9,zh;q=0.8", True),
        ("zh-CN,zh;q=0.9,en;q=0.8", False),
        ("zh", False),
        ("zh-Hans-CN", False),
        ("fr", False),
        ("fr,en;q=0.3", True),
        ("*", False),
        ("", False),
        ("\x80;;q=,", False),
    ],
)
def test_the_language_is_the_first_of_ours_that_the_caller_reads_and_chinese_otherwise(
    client: FlaskClient, asked: str, english: bool
) -> None:
    detail = problem(client, "/refusals/2", asked)["detail"]
    assert detail == ("Not allowed." if english else "不允许。")


def test_the_address_and_method_of_a_mistaken_request_are_problems_too(client: FlaskClient) -> None:
    assert problem(client, "/nowhere")["status"] == 404
    wrong = client.post("/bug")
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert problem(client, "/bug", "zh", "POST")["title"] == "不支持的方法"


def test_when_to_try_again_is_a_header_where_it_is_known(client: FlaskClient) -> None:
    answers = [client.get(f"/refusals/{number}") for number in range(len(REFUSALS))]
    told = {one.status_code: one.headers["Retry-After"] for one in answers if "Retry-After" in one.headers}
    assert told == {429: "7", 503: "1"}
    assert [refusal.extra.get("retry_after") for refusal, _ in REFUSALS] == [
        int(one.headers["Retry-After"]) if "Retry-After" in one.headers else None for one in answers
    ]
    assert client.get("/outage").headers["Retry-After"] == "2"


def test_how_to_sign_in_is_a_header(client: FlaskClient) -> None:
    assert client.get("/refusals/1").headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("path", "status"), [("/outage", 503), ("/bug", 500)])
def test_what_goes_wrong_inside_is_not_told_outside(client: FlaskClient, path: str, status: int) -> None:
    for language in ("zh", "en"):
        document = problem(client, path, language)
        assert document["status"] == status
        assert "secret" not in str(document)
        assert "13900000101" not in str(document)
        assert "Error" not in str(document)


@pytest.mark.parametrize("status", [502, 504])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_who_does_not_know_whether_it_was_done_is_told_how_to_find_out(status: int, language: str) -> None:
    app = Flask("problems")
    with app.test_request_context("/", headers={"Accept-Language": language}):
        document = problems.problem(status).json
    assert document is not None
    assert "Idempotency-Key" in document["detail"]
