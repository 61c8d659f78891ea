"""Versions of the time bank's policy ↔ documents; the only writer of them."""

from dataclasses import asdict
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from chassis import paging
from chassis.clock import new_ulid
from chassis.errors import ConcurrentUpdate, missing
from chassis.fields import EARLIEST
from chassis.mongo import Document, Mongo
from services.points.timebank.policy import domain
from services.points.timebank.policy.domain import Conversion, Policy, Rounding, RoundingMode, Skill

_COLLECTION = "time_bank_policies"


class PolicyStore:
    """The versions of a district's policy; there are few of them."""

    def __init__(self, mongo: Mongo, district: str) -> None:
        self._mongo = mongo
        self._district = district

    def ensure_indexes(self) -> None:
        """For the list of versions."""
        self._mongo[_COLLECTION].create_index([("district", 1), ("order", 1)])

    def in_force(self, at: datetime) -> Policy:
        """The highest version that is in force at a moment."""
        found = self._highest({"effective_from": {"$lte": at}})
        return _policy(found) if found else domain.before_any(at)

    def latest(self) -> int:
        """The number of the highest version, in force or not yet; 0 where there is none."""
        found = self._highest({})
        return int(found["version"]) if found else 0

    def get(self, version: str) -> Policy:
        """A version; 0 is what holds before any was made. Raises NotFound."""
        if version == "0":
            return domain.before_any(EARLIEST)
        found = self._mongo[_COLLECTION].find_one({"_id": f"{self._district}:{version}"})
        if found is None:
            raise missing("政策版本", "version of the policy")
        return _policy(found)

    def page(self, limit: int, cursor: str | None) -> paging.Page:
        """All versions, newest first."""
        return paging.newest_first(
            self._mongo[_COLLECTION], {"district": self._district}, limit=limit, cursor=cursor
        )

    def add(self, policy: Policy) -> None:
        """Raises ConcurrentUpdate when there is a version of this number."""
        document = {
            **asdict(policy),
            "_id": f"{self._district}:{policy.version}",
            "district": self._district,
            "order": new_ulid(),
        }
        try:
            self._mongo[_COLLECTION].insert_one(document)
        except DuplicateKeyError:
            raise ConcurrentUpdate(str(policy.version)) from None

    def _highest(self, where: Document) -> Document | None:
        stages: list[Document] = [
            {"$match": {"district": self._district}},
            {"$match": where},
            {"$sort": {"version": -1}},
            {"$limit": 1},
        ]
        return next(iter(self._mongo[_COLLECTION].aggregate(stages)), None)


def _policy(document: Document) -> Policy:
    names = set(Policy.__dataclass_fields__) - {"rounding", "conversion", "skills", "gifts"}
    rounding, conversion = document["rounding"], document["conversion"]
    return Policy(
        rounding=Rounding(rounding["step"], RoundingMode(rounding["mode"])),
        conversion=Conversion(**{**conversion, "to": tuple(conversion["to"])}) if conversion else None,
        skills=tuple(Skill(**one) for one in document["skills"]),
        gifts=tuple(document["gifts"]),
        **{name: document[name] for name in names},
    )
