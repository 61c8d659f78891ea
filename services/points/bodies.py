"""What somebody ordered by a posting: a repeat under the same key is known by its body's hash."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import orjson

from services.points.domain import Leg, Posting

Body = tuple[object, ...]
_FORM = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def ordered(posting: Posting) -> Body:
    """What was ordered: the same key with anything else is another order.

    That is the legs, why, and from when they count, unless the posting says that its legs follow from
    something else that was ordered.
    """
    return posting.body or (posting.legs, posting.memo, posting.effective_at)


def hash_of(body: Body) -> str:
    """SHA-256, in hex, of a body's canonical form: JSON without blanks, a leg as account, unit and amount,
    moments in UTC.

    Lots are no part of it: they follow from the books.
    """
    form = orjson.dumps(body, default=_plain, option=_FORM)
    return hashlib.sha256(form).hexdigest()


def repeats(stored: Posting, wanted: Posting) -> bool:
    """Whether what is wanted is what was ordered by a stored posting.

    Postings of earlier releases have no hash: they are compared with what is wanted themselves.
    """
    if stored.body_hash is None:
        return ordered(stored) == ordered(wanted)
    return stored.body_hash == hash_of(ordered(wanted))


def _plain(part: Any) -> list[str | int] | str:
    if isinstance(part, Leg):
        return [part.account, part.unit, part.amount]
    if isinstance(part, datetime):
        return part.astimezone(UTC).isoformat()
    raise TypeError(f"{type(part).__name__} has no canonical form")
