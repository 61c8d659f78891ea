"""The demonstration's client keeps to the gateway's limit, and takes every other refusal as an answer."""

import pytest
import requests

from demo.client import Api, Refused


def answer(status: int, retry_after: str = "") -> requests.Response:
    made = requests.Response()
    made.status_code, made._content = status, b'{"x": 1}'
    made.headers["Content-Type"] = "application/json"
    if retry_after:
        made.headers["Retry-After"] = retry_after
    return made


def told(monkeypatch: pytest.MonkeyPatch, answers: list[requests.Response]) -> tuple[Api, list[float]]:
    """A client that gets these answers in turn, and the pauses that it makes."""
    api, pauses = Api("http://nowhere"), list[float]()
    monkeypatch.setattr(api, "send", lambda *_, **__: answers.pop(0))
    monkeypatch.setattr("time.sleep", pauses.append)
    return api, pauses


def test_who_sends_too_many_in_a_second_waits_and_sends_again(monkeypatch: pytest.MonkeyPatch) -> None:
    api, pauses = told(monkeypatch, [answer(429, "1"), answer(429, "1"), answer(200)])
    assert api.call("GET", "/v1/issues") == {"x": 1}
    assert pauses == [1.0, 1.0]


def test_a_limit_that_never_ends_is_a_refusal_at_last(monkeypatch: pytest.MonkeyPatch) -> None:
    api, pauses = told(monkeypatch, [answer(429, "1") for _ in range(50)])
    with pytest.raises(Refused):
        api.call("GET", "/v1/issues")
    assert len(pauses) == 19


@pytest.mark.parametrize(("status", "retry_after"), [(429, "3000"), (429, ""), (503, "1"), (409, "")])
def test_every_other_refusal_is_an_answer(
    monkeypatch: pytest.MonkeyPatch, status: int, retry_after: str
) -> None:
    api, pauses = told(monkeypatch, [answer(status, retry_after)])
    with pytest.raises(Refused) as caught:
        api.call("POST", "/v1/issues")
    assert (caught.value.status, pauses) == (status, [])
