"""Postings ↔ documents."""

from chassis import outbox
from chassis.clock import new_ulid
from chassis.events import envelope
from chassis.identity import ancestors
from chassis.mongo import Document
from services.points import bodies, domain
from services.points.domain import Leg, Posting
from services.points.lots import domain as lots


def posting_of(document: Document) -> Posting:
    """A posting as it was stored."""
    names = ("key", "rule", "rule_version", "cause", "area", "posted_at", "memo", "by", "verified")
    return Posting(
        id=str(document["_id"]),
        legs=tuple(Leg(**one) for one in document["legs"]),
        effective_at=document["effective_at"] if document["dated"] else None,
        reverses=document.get("reverses"),
        takes=tuple(document.get("takes", ())),
        body_hash=document.get("body_hash"),
        **{name: document[name] for name in names},
    )


def lists_of(posting: Posting) -> list[str]:
    """What a posting is found by, all in one index: its areas, its accounts, and what it takes back."""
    accounts = sorted({leg.account for leg in posting.legs})
    return [
        *ancestors(posting.area),
        *accounts,
        *([reversals_of(posting.reverses)] if posting.reverses else []),
    ]


def reversals_of(posting_id: str) -> str:
    """The list of what takes a posting back."""
    return f"reverses:{posting_id}"


def document_of(posting: Posting) -> Document:
    """A new posting as it is stored, with its event.

    `order` is its sequence: its place among all postings, which each gets without waiting for another one.
    """
    event = envelope(
        domain.fact(posting),
        source="points",
        subject=posting.id,
        sequence=1,
        area=posting.area,
        at=posting.posted_at,
    )
    document = {
        "_id": posting.id,
        # Given when it is written, and not when it was ordered: a later look at what came since misses none.
        "order": new_ulid(),
        "key": posting.key,
        "body_hash": bodies.hash_of(bodies.ordered(posting)),
        "rule": posting.rule,
        "rule_version": posting.rule_version,
        "cause": posting.cause,
        "area": posting.area,
        "lists": lists_of(posting),
        "legs": [_leg(leg) for leg in posting.legs],
        "posted_at": posting.posted_at,
        "effective_at": posting.counts_from,
        "dated": posting.effective_at is not None,  # whether somebody said so: part of what was ordered
        "memo": posting.memo,
        "by": posting.by,
        "verified": posting.verified,
        "version": 1,
    }
    if posting.reverses is not None:
        document["reverses"] = posting.reverses
        document["takes"] = list(posting.takes)
    return outbox.fresh(document, [event])


def _leg(leg: Leg) -> Document:
    document: Document = {"account": leg.account, "unit": leg.unit, "amount": leg.amount}
    if lots.expiring(leg.lots):
        document["lots"] = dict(leg.lots or {})
    return document
