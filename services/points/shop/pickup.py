"""Pick-up codes: made for the buyer, kept as a hash, good for one collection.

Twelve of 32 letters are 60 random bits; with the order's id in the hash, no list of hashes made beforehand
is of use. Each new code takes the place of the one before.
"""

import hashlib
import hmac
import secrets

import segno

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH, _GROUP = 12, 4
CODE_PATTERN = f"[{_LETTERS}]{{4}}-[{_LETTERS}]{{4}}-[{_LETTERS}]{{4}}"
_SCHEME = "alley-steward:pickup"


def new_code() -> str:
    """A code that nobody can guess, as people read it: `4T7K-9QXW-2MBE`."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(letters[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def hashed(order_id: str, code: str) -> str:
    """What is kept of a code."""
    return hashlib.sha256(f"{order_id} {code}".encode()).hexdigest()


def matches(order_id: str, code: str, kept: str | None) -> bool:
    """Whether a code is the one that was given out last for this order and not used since."""
    return kept is not None and hmac.compare_digest(hashed(order_id, code), kept)


def payload(order_id: str, code: str) -> str:
    """The text of the QR code: what a shop's scanner needs to collect the order."""
    return f"{_SCHEME}:{order_id}:{code}"


def drawn(text: str) -> str:
    """The QR code of a text as an SVG element."""
    return segno.make(text, error="m", micro=False).svg_inline(scale=4)
