"""What is logged, and what must never be."""

import subprocess
import sys

import orjson
import pytest

from chassis.logs import without_signature

FAILING = """
from chassis import logs

def sign_in(phone: str, code: str) -> None:
    raise ZeroDivisionError("no such luck")

logs.configure("INFO", "test")
try:
    sign_in("13900000101", "123456")
except ZeroDivisionError as error:
    logs.get().exception("http.unforeseen", exc_info=error)
"""


def test_an_unforeseen_error_is_logged_with_its_place_and_without_the_values_it_met() -> None:
    done = subprocess.run([sys.executable, "-c", FAILING], capture_output=True, text=True, check=True)
    (line,) = done.stdout.splitlines()
    (error,) = orjson.loads(line)["exception"]
    assert (error["exc_type"], error["exc_value"]) == ("ZeroDivisionError", "no such luck")
    assert [frame["name"] for frame in error["frames"]] == ["<module>", "sign_in"]
    assert "13900000101" not in line
    assert "123456" not in line


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/v1/feedback/01BBBBBBBBBBBBBBBBBBBBBBBB/" + "0a" * 20, "/v1/feedback/01BBBBBBBBBBBBBBBBBBBBBBBB/…"),
        ("/v1/issues/01BBBBBBBBBBBBBBBBBBBBBBBB/feedback", "/v1/issues/01BBBBBBBBBBBBBBBBBBBBBBBB/feedback"),
        ("/v1/inbox", "/v1/inbox"),
    ],
)
def test_the_signature_of_a_link_is_not_logged(path: str, told: str) -> None:
    assert without_signature(path) == told
