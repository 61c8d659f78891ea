"""The hash chain of an issue's history: it shows tampering, and it survives forgetting.

Each line's hash covers the hash before it, what the line says of no person (action, moments, status, level,
unit), and a *seal* of each part that may: the actor, the note, the photos. A seal is a salted digest. While
the salt is there, the part can be held against its seal; forgetting removes part and salt together, and the
seal that stays behind tells nothing. So the hash of a line never changes. A part may be missing only where a
later line says that something was forgotten.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

import orjson

from chassis.clock import rfc3339
from services.issues.cases.issue import Entry, Line, Seal

PARTS = ("actor", "media", "note")
FORGETTING = frozenset({"anonymise", "erase"})
"""The actions after which parts of earlier lines may be missing."""
_EMPTY: Mapping[str, Any] = {"actor": None, "media": (), "note": None}
_SALT_BYTES = 16
_NAMES = tuple(field.name for field in fields(Entry))


@dataclass(frozen=True)
class Fault:
    """The first line that is not as it was written. `place` counts from 1; `what` is wrong with it.

    `line`: it was edited, or it stands where another one stood (lines before it were removed, added or
    moved). `actor`, `note`, `media`: that part was changed or removed. `end`: lines after the last are gone.
    """

    place: int
    what: str


def link(previous: str, entries: Iterable[Entry]) -> tuple[Line, ...]:
    """Lines that go on from the hash of the one before; "" where there is none."""
    lines = []
    for entry in entries:
        seals = _sealed(entry)
        lines.append(Line(entry, seals, _hash(previous, entry, seals)))
        previous = lines[-1].hash
    return tuple(lines)


def emptied(line: Line, parts: Iterable[str]) -> Line:
    """A line with some of its parts forgotten; its hash stays right."""
    gone = tuple(parts)
    seals = {**line.seals, **{part: replace(line.seals[part], salt=None) for part in gone}}
    return replace(line, entry=replace(line.entry, **{part: _EMPTY[part] for part in gone}), seals=seals)


def verify(lines: Sequence[Line], head: str) -> Fault | None:
    """The first fault of a history whose last hash is kept apart as `head`; None where there is none."""
    forgotten = max((place for place, one in enumerate(lines) if one.entry.action in FORGETTING), default=-1)
    previous = ""
    for place, line in enumerate(lines):
        if line.hash != _hash(previous, line.entry, line.seals):
            return Fault(place + 1, "line")
        for part in PARTS:
            if not _holds(line, part, may_be_missing=place < forgotten):
                return Fault(place + 1, part)
        previous = line.hash
    return None if previous == head else Fault(len(lines) + 1, "end")


def _holds(line: Line, part: str, *, may_be_missing: bool) -> bool:
    seal, value = line.seals[part], getattr(line.entry, part)
    if seal.salt is None:
        return may_be_missing and value == _EMPTY[part]
    return seal.digest == _digest(part, seal.salt, value)


def _sealed(entry: Entry) -> dict[str, Seal]:
    """Each part under a salt of its own; all salts are drawn at once, since each draw asks the kernel."""
    drawn = secrets.token_bytes(_SALT_BYTES * len(PARTS))
    salts = (drawn[start : start + _SALT_BYTES].hex() for start in range(0, len(drawn), _SALT_BYTES))
    return {
        part: Seal(_digest(part, salt, getattr(entry, part)), salt)
        for part, salt in zip(PARTS, salts, strict=True)
    }


def _digest(part: str, salt: str, value: Any) -> str:
    return hashlib.sha256(orjson.dumps([part, salt, value])).hexdigest()


def _hash(previous: str, entry: Entry, seals: Mapping[str, Seal]) -> str:
    plain = [
        entry.action,
        _text(entry.at),
        entry.status,
        entry.level,
        entry.lead_unit,
        _text(entry.observed_at),
    ]
    return hashlib.sha256(orjson.dumps([previous, plain, [seals[part].digest for part in PARTS]])).hexdigest()


def _text(moment: datetime | None) -> str | None:
    # What was tampered with may be anything: it must be named as a fault, not fail.
    return rfc3339(moment) if isinstance(moment, datetime) else moment


def as_document(line: Line) -> dict[str, Any]:
    """A line as the database keeps it."""
    entry = line.entry
    return {
        "action": entry.action,
        "actor": entry.actor,
        "at": entry.at,
        "status": str(entry.status),
        "level": str(entry.level),
        "lead_unit": entry.lead_unit,
        "note": entry.note,
        "media": list(entry.media),
        "observed_at": entry.observed_at,
        "seals": {part: {"digest": one.digest, "salt": one.salt} for part, one in line.seals.items()},
        "hash": line.hash,
    }


def from_document(document: Mapping[str, Any]) -> Line:
    """A line from the database, however it was tampered with: then its hash and seals do not fit."""
    media, seals = document.get("media"), document.get("seals")
    values: dict[str, Any] = {name: document.get(name) for name in _NAMES}
    values["media"] = tuple(media) if isinstance(media, list) else (media,)
    return Line(
        entry=Entry(**values),
        seals={part: _seal(seals.get(part) if isinstance(seals, dict) else None) for part in PARTS},
        hash=str(document.get("hash")),
    )


def _seal(document: Any) -> Seal:
    values = document if isinstance(document, dict) else {}
    return Seal(str(values.get("digest")), values.get("salt"))
