"""What rankings are read from; its only writer.

`gains` hold what a member gained in a period by area; `leaderboards` the rankings of an area in a period. A
timer walks along the journal and marks whose month has changed; marked months are counted again from the
journal, the wider periods from their months, and the rankings from those. Whatever is written is held
against the version that was there before its sources were read, so nothing older replaces anything newer.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from chassis import logs
from chassis.clock import Clock
from chassis.identity import ancestors
from chassis.mongo import Document, Mongo
from chassis.recount import Marks
from services.points.honours import domain
from services.points.honours.counting import Counting
from services.points.honours.domain import ALL, MEASURES, Board, Gain, Gains

GAINS, BOARDS, STATE, HIDDEN = "gains", "leaderboards", "honours_state", "hidden_members"
_COMMIT_TIME = timedelta(seconds=5)
"""Within this time after its identifier was made a posting is written; the nightly proof finds later ones."""
_REST = timedelta(minutes=1)
"""How long `counted` may stay behind while nothing is earned."""
log = logs.get()


class HonourStore:
    """What members have gained, and the rankings of the district's areas."""

    def __init__(self, mongo: Mongo, clock: Clock) -> None:
        self._mongo = mongo
        self._clock = clock
        self._counting = Counting(mongo)
        self._months = Marks(mongo["marked_gains"])
        self._boards = Marks(mongo["marked_boards"])

    def ensure_indexes(self) -> None:
        """Gains are read by member, and by the ranking they belong to."""
        self._mongo[GAINS].create_index("member")
        self._mongo[GAINS].create_index("boards")

    def hide(self, member: str, hidden: bool) -> None:
        """Leave a member's name out of rankings, or show it again."""
        change = {"$addToSet" if hidden else "$pull": {"members": member}}
        self._mongo[HIDDEN].update_one({"_id": "rankings"}, change, upsert=True)

    def sweep(self, district: str) -> int:
        """Take in what was posted since the last time, and count again some of what it changed.

        Returns how many months and rankings were counted. Neither waits for all of the other: under load
        there is always something more.
        """
        self._walk(district)
        return self._months.sweep(self._count_month) + self._boards.sweep(self._count_board)

    def prove(self, district: str) -> list[str]:
        """Count everything anew, in one go, and name what differs; it is marked to be counted again."""
        differing = self.differing(district)
        self._months.put(*(key for key in differing if domain.is_month(key.rsplit("/", 1)[1])))
        self._boards.put(*(key for key in differing if key.split("/")[0].isdigit()))
        if differing:
            log.warning("honours.differed", count=len(differing), first=differing[:5])
        return differing

    def differing(self, district: str) -> list[str]:
        """The gains (`member/period`) and rankings (`area/period`) that are not what the journal says.

        Whatever the timer has not come to yet is left out.
        """
        counted, now = self._counted(), self._clock() + _COMMIT_TIME
        wanted = _by_period(self._counting.everybody(district, now))
        waiting = {_key(*one) for one in self._counting.touched(district, counted, now)}
        waiting |= {str(one["_id"]) for one in self._mongo["marked_gains"].find()}
        people = {key.split("/")[0] for key in waiting}
        stored = {str(one["_id"]): domain.without_zeros(_areas(one)) for one in self._mongo[GAINS].find()}
        stored = {key: areas for key, areas in stored.items() if areas}
        wrong = {key for key in {*wanted, *stored} if wanted.get(key, {}) != stored.get(key, {})}
        return sorted({key for key in wrong if key.split("/")[0] not in people} | self._wrong_boards(stored))

    def _wrong_boards(self, stored: Mapping[str, Gains]) -> set[str]:
        of_boards: dict[str, dict[str, Gain]] = {}
        for key, areas in stored.items():
            member, period = key.split("/")
            for scope in _scopes(areas):
                of_boards.setdefault(f"{scope}/{period}", {})[member] = domain.within(areas, scope)
        waiting = {str(one["_id"]) for one in self._mongo["marked_boards"].find()}
        shown = {str(one["_id"]): one for one in self._mongo[BOARDS].find()}
        return {
            key
            for key in {*of_boards, *shown} - waiting
            if any(
                _stored_board(domain.board(of_boards.get(key, {}), measure))
                != shown.get(key, {}).get(measure, _stored_board(domain.board({}, measure)))
                for measure in MEASURES
            )
        }

    def _counted(self) -> datetime:
        kept = self._mongo[STATE].find_one({"_id": "counted"})
        return kept["until"] if kept else domain.begins(ALL)

    def _walk(self, district: str) -> None:
        counted, until = self._counted(), self._clock() - _COMMIT_TIME
        if until <= counted:
            return
        touched = self._counting.touched(district, counted, until)
        self._months.put(*(_key(*one) for one in touched))
        if touched or until - counted > _REST:
            # $max: of two that walk at once, the one that is behind takes nothing back.
            self._mongo[STATE].update_one({"_id": "counted"}, {"$max": {"until": until}}, upsert=True)

    def _count_month(self, key: str) -> None:
        member, month = key.split("/")
        while not self._count_month_once(member, month):
            pass  # another counted meanwhile: what was read may be older than what is stored by now

    def _count_month_once(self, member: str, month: str) -> bool:
        periods = [month, *domain.wider_periods(month)]
        before = {period: self._mongo[GAINS].find_one({"_id": _key(member, period)}) for period in periods}
        now = {month: _as_before(before[month], self._counting.month(member, month))}
        if not self._put_gains(member, month, before[month], now[month]):
            return False
        months = {
            str(one["period"]): _areas(one)
            for one in self._mongo[GAINS].find({"member": member})
            if domain.is_month(str(one["period"]))
        }
        for period in periods[1:]:
            parts = (areas for one, areas in months.items() if domain.lies_in(one, period))
            now[period] = _as_before(before[period], domain.added(parts))
            if not self._put_gains(member, period, before[period], now[period]):
                return False
        for period in periods:
            self._boards.put(*(f"{scope}/{period}" for scope in _scopes(now[period])))
        return True

    def _put_gains(self, member: str, period: str, before: Document | None, areas: Gains) -> bool:
        values = {
            "member": member,
            "period": period,
            "areas": {area: [gain.points, gain.minutes] for area, gain in areas.items()},
            "boards": sorted(f"{scope}/{period}" for scope in _scopes(areas)),
        }
        return self._put(GAINS, _key(member, period), before, values)

    def _count_board(self, key: str) -> None:
        while not self._count_board_once(key):
            pass

    def _count_board_once(self, key: str) -> bool:
        scope = key.split("/", maxsplit=1)[0]
        before = self._mongo[BOARDS].find_one({"_id": key}, {"version": 1})
        found = self._mongo[GAINS].find({"boards": key}, {"member": 1, "areas": 1})
        of_members = {str(one["member"]): domain.within(_areas(one), scope) for one in found}
        boards = {measure: _stored_board(domain.board(of_members, measure)) for measure in MEASURES}
        return self._put(BOARDS, key, before, boards)

    def _put(self, collection: str, key: str, before: Document | None, values: dict[str, Any]) -> bool:
        """False when another wrote since `before` was read."""
        if before is not None:
            seen = {"_id": key, "version": before["version"]}
            change = {"$set": {**values, "version": before["version"] + 1}}
            return bool(self._mongo[collection].update_one(seen, change).matched_count)
        try:
            self._mongo[collection].insert_one({"_id": key, **values, "version": 1})
        except DuplicateKeyError:
            return False
        return True


def _key(member: str, period: str) -> str:
    return f"{member}/{period}"


def _scopes(areas: Iterable[str]) -> set[str]:
    return {scope for area in areas for scope in ancestors(area)}


def _areas(document: Document) -> dict[str, Gain]:
    return {area: Gain(*amounts) for area, amounts in document.get("areas", {}).items()}


def _as_before(before: Document | None, areas: Gains) -> dict[str, Gain]:
    """Gains in every area that was there before, if only zero.

    Of an area that was let go nobody would know its ranking, who died before marking it.
    """
    return {**dict.fromkeys(_areas(before or {}), Gain()), **areas}


def _stored_board(board: Board) -> Document:
    return {
        "top": [[member, gain.points, gain.minutes] for member, gain in board.top],
        "counts": [[amount, number] for amount, number in sorted(board.counts.items())],
    }


def _by_period(months: dict[tuple[str, str], Gains]) -> dict[str, Gains]:
    """Gains by `member/period`, of the months and of all wider periods."""
    parts: dict[str, list[Gains]] = {}
    for (member, month), areas in months.items():
        for period in (month, *domain.wider_periods(month)):
            parts.setdefault(_key(member, period), []).append(areas)
    added = {key: domain.added(one) for key, one in parts.items()}
    return {key: areas for key, areas in added.items() if areas}
