"""Counts verified gains from the journal itself: of one member, or of everybody."""

from collections.abc import Iterator
from datetime import datetime

from chassis.clock import ulid_at
from chassis.mongo import Mongo
from chassis.paging import FLOOR, oldest_first
from services.points.documents import posting_of
from services.points.domain import Posting, debt
from services.points.honours import domain
from services.points.honours.domain import Gain, Gains

_LAST = "7" + "Z" * 25


class Counting:
    """Reads the journal for honours."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def of_member(self, member: str, since: str) -> list[Posting]:
        """The postings that changed what a member has or owes, from a place in the journal's order on."""
        found: dict[str, Posting] = {}
        for account in (member, debt(member)):
            window = {"lists": account, "order": {"$gte": since, "$lt": _LAST}}
            for one in self._mongo["journal"].find(window, {"outbox": 0}):
                found[str(one["_id"])] = posting_of(one)
        return list(found.values())

    def month(self, member: str, month: str) -> Gains:
        """What a member gained in a month, by area."""
        # What takes a gain back is posted after it: from the month's beginning on, all of it is there.
        found = domain.gains(self.of_member(member, domain.order_from(month)), member)
        return found.get(month, {})

    def touched(self, district: str, since: datetime, until: datetime) -> set[tuple[str, str]]:
        """The members and months whose gains are changed by what was posted in a time."""
        found = set()
        for one in self._verified(district, since, until):
            original = one
            if one.reverses is not None:
                document = self._mongo["journal"].find_one({"_id": one.reverses})
                original = posting_of(document) if document else one
            month = domain.month_of(original.counts_from)
            found |= {(member, month) for member in domain.members_of(one)}
        return found

    def everybody(self, district: str, until: datetime) -> dict[tuple[str, str], Gains]:
        """(member, month) → gains by area, of the whole journal up to a moment, read in one go."""
        undone: list[tuple[str, Posting]] = []
        sums: dict[tuple[str, str], dict[str, Gain]] = {}
        for one in self._verified(district, FLOOR, until):
            if one.reverses is not None:
                undone.append((one.reverses, one))
            else:
                self._add(sums, one, one)
        for original_id, reversal in undone:
            document = self._mongo["journal"].find_one({"_id": original_id})
            if document is not None:
                self._add(sums, reversal, posting_of(document))
        whole = {key: domain.without_zeros(areas) for key, areas in sums.items()}
        return {key: areas for key, areas in whole.items() if areas}

    @staticmethod
    def _add(sums: dict[tuple[str, str], dict[str, Gain]], one: Posting, dated_by: Posting) -> None:
        month = domain.month_of(dated_by.counts_from)
        for member in domain.members_of(one):
            areas = sums.setdefault((member, month), {})
            gain = domain.gain_of(one, member)
            areas[dated_by.area] = areas.get(dated_by.area, Gain()) + gain

    def _verified(self, district: str, since: datetime, until: datetime) -> Iterator[Posting]:
        for one in oldest_first(
            self._mongo["journal"],
            {"lists": district},
            since=since,
            high=ulid_at(until),
            projection={"outbox": 0},
        ):
            if one["verified"]:
                yield posting_of(one)
