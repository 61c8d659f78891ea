"""Typed settings read from the environment once, at start-up.

A process declares a frozen dataclass; each field is the environment variable of the same name in upper
case. A wrong or missing value stops the start-up with every offending variable named.
"""

import dataclasses
import logging
import typing
from collections.abc import Callable, Mapping

T = typing.TypeVar("T")

ENVIRONMENTS = ("development", "test", "production")
"""What ENV may be. A word that is none of them must not quietly mean that this is no production."""
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


class SettingsError(Exception):
    """Raised with one line per variable that is missing or cannot be read."""


class Secret(str):
    """A string that never shows its value in a repr or a log line."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(***)"


def _boolean(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError("use true or false")


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


_PARSERS: dict[object, Callable[[str], object]] = {
    str: str,
    int: int,
    float: float,
    bool: _boolean,
    Secret: Secret,
    tuple[float, ...]: _numbers,
    tuple[str, ...]: _words,
}


def load(kind: type[T], environ: Mapping[str, str]) -> T:
    """Build `kind` (a dataclass) from `environ`.

    Raises SettingsError naming every missing or malformed variable, and whatever problem the class's
    own `check()` yields (an optional method returning an iterable of sentences).
    """
    values: dict[str, object] = {}
    problems: list[str] = []
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(typing.cast("typing.Any", kind)):
        name = field.name.upper()
        text = environ.get(name)
        needed = field.default is dataclasses.MISSING
        if text is None or (needed and not text.strip()):
            # An empty value is what a compose file makes of a variable nobody set: never a key or an address.
            if needed:
                problems.append(f"{name} is not set")
            continue
        try:
            values[field.name] = _PARSERS[hints[field.name]](text)
        except ValueError as error:
            problems.append(f"{name} is wrong: {error}")
    if problems:
        raise SettingsError("\n".join(problems))
    settings = kind(**values)
    check = getattr(settings, "check", None)
    problems = list(check()) if check else []
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


@dataclasses.dataclass(frozen=True)
class ServiceSettings:
    """What every service process needs; services add their own fields in `app.py`."""

    mongo_url: str
    amqp_url: Secret
    token_jwks: str
    district: str
    topology_file: str = "infra/topology.json"
    env: str = "development"
    log_level: str = "INFO"
    worker_port: int = 0
    worker_threads: int = 4
    worker_nice: int = 15
    retry_delays: tuple[float, ...] = (1.0, 10.0, 60.0, 600.0, 3600.0)
    reconnect_seconds: float = 30.0
    timer_seconds: float = 30.0
    faults: str = ""

    def check(self) -> typing.Iterator[str]:
        """Yield a sentence for each combination that must not start."""
        if not (self.district.isascii() and self.district.isdigit() and len(self.district) == 6):
            yield "DISTRICT is wrong: it is the 6-digit division code of the district"
        if self.env not in ENVIRONMENTS:
            yield f"ENV is wrong: it is one of {', '.join(ENVIRONMENTS)}"
        if self.log_level not in logging.getLevelNamesMapping():
            yield "LOG_LEVEL is wrong: it is DEBUG, INFO, WARNING or ERROR"
        if not 0 <= self.worker_port <= 65535:
            yield "WORKER_PORT is wrong: it is a port, or 0 for none"
        if self.worker_threads < 1:
            yield "WORKER_THREADS is wrong: it is 1 or more"
        if not 0 <= self.worker_nice <= 19:
            yield "WORKER_NICE is wrong: it is from 0 to 19"
        if not all(seconds > 0 for seconds in self.retry_delays):
            yield "RETRY_DELAYS is wrong: it is seconds, each above 0, parted by commas"
        if not 0.5 <= self.reconnect_seconds <= 3600:
            yield "RECONNECT_SECONDS is wrong: it is seconds, from 0.5 to 3600"
        if not 0 < self.timer_seconds <= 3600:
            yield "TIMER_SECONDS is wrong: it is seconds, above 0 and up to 3600"
        if self.env == "production" and self.faults:
            yield "FAULTS is refused when ENV=production: it is for fault tests only"
