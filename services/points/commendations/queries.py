"""Commendations as residents, reviewers and those concerned see them, and the check of a certificate."""

import hmac
import re

from chassis import paging
from chassis.errors import Conflict, missing
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.points.commendations import domain
from services.points.commendations.commendation import (
    REVIEWERS,
    SHOWN_TO_ALL,
    Commendation,
    Objection,
    Party,
    Status,
    commendation_of,
    parties,
)

_NUMBER = re.compile("BZ[0-9]{8}-[0-9A-HJKMNP-TV-Z]{10}")
_SHOWN = [one.value for one in SHOWN_TO_ALL]


class CommendationQueries:
    """Reads commendations."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def page(
        self, area: str, status: str | None, mine: bool, actor: Actor, limit: int, cursor: str | None
    ) -> paging.Page:
        """Commendations, newest first: what is public, or all where the actor reviews or is concerned."""
        all_of_them = mine or actor.has_any(REVIEWERS, area)
        if status is not None and status not in _SHOWN and not all_of_them:
            return paging.Page([], None)
        where: Document | None = {"status": status}
        if status is None:
            where = None if all_of_them else {"status": {"$in": _SHOWN}}
        page = paging.newest_first(
            self._mongo["commendations"],
            {"lists": actor.member_id if mine else area},
            where=where,
            limit=limit,
            cursor=cursor,
            projection={"outbox": 0},
        )
        return paging.Page([_shown(one, actor) for one in page.items], page.next)

    def one(self, commendation_id: str, actor: Actor) -> Document:
        """Raises NotFound, also for one that is not for the actor to see."""
        document = self._mongo["commendations"].find_one({"_id": commendation_id})
        if document is None:
            raise missing("表彰", "commendation")
        one = commendation_of(document)
        concerned = parties(one, actor) or _objections_by(one, actor)
        if one.status not in SHOWN_TO_ALL and not concerned:
            raise missing("表彰", "commendation")
        return _shown(document, actor)

    def certificate(self, commendation_id: str, actor: Actor) -> tuple[Commendation, str]:
        """What a certificate is printed from: the commendation and the name of its area.

        Raises NotFound, Conflict unless it is awarded. Who was commended, and who reviews there, print it.
        """
        document = self._mongo["commendations"].find_one({"_id": commendation_id})
        one = commendation_of(document) if document else None
        if one is None or not (actor.member_id == one.member or actor.has_any(REVIEWERS, one.area)):
            raise missing("表彰", "commendation")
        if one.status is not Status.AWARDED:
            raise Conflict(
                "not-awarded",
                zh="尚未授予或已撤销，不能打印证书。",
                en="Only what is awarded has a certificate.",
                status_now=one.status,
            )
        area = self._mongo["areas"].find_one({"_id": one.area}, {"name": 1}) or {}
        return one, str(area.get("name", one.area))

    def check(self, number: str, code: str) -> Document:
        """Whether a certificate is valid, and nothing else. Raises NotFound unless number and code agree."""
        found = (
            self._mongo["commendations"].find_one({"number": number}) if _NUMBER.fullmatch(number) else None
        )
        known = found["code"] if found else None
        if found is None or known is None or not hmac.compare_digest(known, code):
            raise missing("证书", "certificate")
        valid = found["status"] == Status.AWARDED.value
        return {"number": number, "valid": valid, "awarded_at": found["awarded_at"]}


def _shown(document: Document, actor: Actor) -> Document:
    one = commendation_of(document)
    held = parties(one, actor)
    reviews = Party.REVIEWER in held
    return {
        **vars(one),
        "facts": {
            **vars(one.facts),
            "deeds": [{"rule": rule, "count": number} for rule, number in one.facts.deeds.items()],
        },
        "objection_count": len(one.objections),
        "objections": one.objections if reviews else _objections_by(one, actor),
        "history": [_line(line, reviews) for line in document["history"]] if held else [],
        "allowed": domain.allowed_actions(one, actor),
    }


def _objections_by(one: Commendation, actor: Actor) -> list[Objection]:
    """What the actor objected, who may read what became of it."""
    return [objection for objection in one.objections if objection.by == actor.member_id]


def _line(line: Document, reviews: bool) -> Document:
    """A line of the record: who objected, only reviewers learn."""
    return line if reviews or line["action"] != "object" else {**line, "actor": None}
