"""Requests and offers as documents: how they are read, and what they are found by."""

from dataclasses import asdict, fields
from typing import Any

from chassis.identity import ancestors
from chassis.mongo import Document
from services.points.timebank.exchange.help import Entry, Help, Kind, Settlement, Status
from services.points.timebank.exchange.settlement import day_of

COLLECTION, DAYS = "help_requests", "help_days"
UNREAD = {"history": 0, "outbox": 0}
_NAMES = {field.name for field in fields(Help)} - {"id"}
_MOST_COUNTERPARTS = 500


def help_of(document: Document) -> Help:
    """A request or an offer as it was stored."""
    values = {name: document[name] for name in _NAMES if name in document}
    settled = document["settlement"]
    return Help(
        **{
            **values,
            "id": str(document["_id"]),
            "kind": Kind(document["kind"]),
            "status": Status(document["status"]),
            "skills": tuple(document["skills"]),
            "former": tuple(document["former"]),
            "requests": tuple(document.get("requests", ())),
            "settlement": Settlement(**settled) if settled else None,
        }
    )


def values_of(one: Help) -> Document:
    """The fields of its document, and what it is listed by."""
    values: dict[str, Any] = {**asdict(one), "kind": one.kind.value, "status": one.status.value}
    del values["id"]
    if one.next_check_at is None:
        del values["next_check_at"]  # its index is of those that wait for something
    members = [one.author, *([one.partner] if one.partner else [])]
    values["lists"] = [*ancestors(one.area), *members, *(former(member) for member in one.former)]
    return values


def open_in(one: Help) -> list[str]:
    """What it is found by while it is open: its kind with its area (`offer=<code>`), and with every area
    around it (`offer:<code>`)."""
    kind = one.kind.value
    return [f"{kind}={one.area}", *(f"{kind}:{code}" for code in ancestors(one.area))]


def former(member: str) -> str:
    """What a member is listed by with whom it came to nothing."""
    return f"was:{member}"


def day_key(one: Help) -> str:
    """What a giver has earned on the day of some help is counted under this."""
    return f"{one.giver}:{day_of(one).isoformat()}"


def line_of(entry: Entry) -> Document:
    """A line of the history as it is stored."""
    return {**asdict(entry), "status": entry.status.value}


def counterparts(one: Help) -> list[Document]:
    """The stages that find what is open of the other kind within its area or around it, the newest ones."""
    kind = Kind.OFFER if one.kind is Kind.REQUEST else Kind.REQUEST
    marks = [f"{kind.value}:{one.area}", *(f"{kind.value}={code}" for code in ancestors(one.area))]
    return [
        {"$match": {"open_in": {"$in": marks}}},
        {"$sort": {"order": -1}},
        {"$limit": _MOST_COUNTERPARTS},
        {"$project": UNREAD},
    ]
