"""What is logged, and what must never be."""

import subprocess
import sys

import orjson

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
