"""Grants and their record as documents. Days are kept as text: they are days, wherever they are read."""

from collections.abc import Sequence
from datetime import date

from chassis.identity import Grant
from chassis.mongo import Document
from services.volunteer.people.domain import GrantEntry


def grants_of(documents: Sequence[Document]) -> tuple[Grant, ...]:
    """Grants as they were stored; those of older releases have no term."""
    return tuple(_grant(one) for one in documents)


def grant_document(grant: Grant) -> Document:
    """A grant as it is stored."""
    term = {"since": grant.since, "until": grant.until}
    days = {name: day.isoformat() for name, day in term.items() if day is not None}
    return {"role": grant.role, "area": grant.area, **days}


def record_of(documents: Sequence[Document]) -> tuple[GrantEntry, ...]:
    """The record of a member's grants as it was stored."""
    return tuple(
        GrantEntry(one["action"], _grant(one["grant"]), one["by"], one["at"], one["reason"])
        for one in documents
    )


def entry_document(entry: GrantEntry) -> Document:
    """A line of the record as it is stored."""
    return {**vars(entry), "grant": grant_document(entry.grant)}


def _grant(document: Document) -> Grant:
    return Grant(document["role"], document["area"], _day(document, "since"), _day(document, "until"))


def _day(document: Document, name: str) -> date | None:
    return date.fromisoformat(document[name]) if name in document else None
