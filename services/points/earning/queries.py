"""Rules as payments read them, kept in memory for a moment, and as people see them."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from chassis import paging
from chassis.clock import Clock
from chassis.errors import missing
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.points.earning import domain
from services.points.earning.rule import LEAD, LONG_AGO, STAFF_ROLES, EarningRule, RuleStatus


class RuleBook:
    """All versions, in this process's memory.

    A version is announced LEAD before it comes into force, so what was read at a moment is right for all that
    happened until then, and for half of LEAD after it: the other half is for clocks that differ.
    """

    def __init__(self, load: Callable[[], Sequence[EarningRule]], clock: Clock) -> None:
        self._load = load
        self._clock = clock
        self._lock = threading.Lock()
        self._versions: Sequence[EarningRule] = ()
        self._good_until = LONG_AGO

    def in_force(self, event: str, at: datetime) -> list[EarningRule]:
        """The versions that were in force at a moment, for an event."""
        with self._lock:
            if at >= self._good_until:
                read_at = self._clock()
                self._versions = self._load()
                self._good_until = read_at + LEAD / 2
            return domain.in_force(self._versions, event, at)


class RuleQueries:
    """Reads rules."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def knows(self, code: str) -> bool:
        """Whether any version has this code."""
        return self._mongo["earning_rules"].find_one({"code": code}, {"_id": 1}) is not None

    def one(self, rule_id: str, actor: Actor) -> Document:
        """A version. Raises NotFound, also for one that the actor may not see."""
        document = self._mongo["earning_rules"].find_one({"_id": rule_id})
        if document is None or not _may_read(document["status"], actor):
            raise missing("规则", "rule")
        return {**document, "id": rule_id}

    def page(
        self, code: str | None, status: str | None, actor: Actor, limit: int, cursor: str | None
    ) -> paging.Page:
        """The versions that the actor may see, the newest first. They are few: they need no index."""
        seen = [
            one.value for one in RuleStatus if _may_read(one.value, actor) and status in (None, one.value)
        ]
        where: Document = {"status": {"$in": seen}}
        if code is not None:
            where["code"] = code
        found = paging.newest_first(self._mongo["earning_rules"], {}, where=where, limit=limit, cursor=cursor)
        return paging.Page([{**one, "id": one["_id"]} for one in found.items], found.next)


def _may_read(status: str, actor: Actor) -> bool:
    """Staff see all versions, everybody those that they are or were paid by."""
    return bool(actor.roles & STAFF_ROLES) or status != RuleStatus.DRAFT
