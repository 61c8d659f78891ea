"""Time and identifiers: the two inputs that rules must be handed rather than take."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ulid import ULID, base32

Clock = Callable[[], datetime]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc_now() -> datetime:
    """Now in UTC, cut to milliseconds as MongoDB stores it."""
    return to_milliseconds(datetime.now(UTC))


def to_milliseconds(moment: datetime) -> datetime:
    """A moment without its microseconds: what is kept of it is what it is compared with later."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def new_ulid() -> str:
    """A new ULID (26 characters of Crockford base 32, sortable by creation time)."""
    return str(ULID())


def ulid_at(moment: datetime) -> str:
    """The smallest ULID of a moment: the lower bound when identifiers are used as a time range."""
    # Counted in whole milliseconds: as a float of seconds some moments fall into the millisecond before.
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    return base32.encode_timestamp(milliseconds.to_bytes(6, "big")) + "0" * 16


def rfc3339(moment: datetime) -> str:
    """A UTC moment as RFC 3339 text with milliseconds and `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
