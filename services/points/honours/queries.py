"""Rankings as members see them: two or three documents, however many members there are."""

from typing import Any

from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.points.honours import domain
from services.points.honours.domain import Board, Gain


class HonourQueries:
    """Reads rankings."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def is_hidden(self, member: str) -> bool:
        """Whether a member's name is left out of rankings."""
        return member in self._hidden()

    def board(self, area: str, period: str, measure: str, most: int, actor: Actor) -> Document:
        """The first places of an area in a period, and the actor's own.

        Who hides keeps their place, without their name.
        """
        stored = self._mongo["leaderboards"].find_one({"_id": f"{area}/{period}"}) or {}
        counted = self._mongo["honours_state"].find_one({"_id": "counted"})
        ranking = _board(stored.get(measure, {"top": [], "counts": []}))
        hidden = self._hidden() - {actor.member_id}
        return {
            "area": area,
            "period": period,
            "by": measure,
            "counted_until": counted["until"] if counted else None,
            "items": [
                {
                    "rank": one.rank,
                    "member": one.member if one.member not in hidden else None,
                    "points": one.gain.points,
                    "minutes": one.gain.minutes,
                }
                for one in domain.entries(ranking, measure, most)
            ],
            "next": None,
            "me": self._own(area, period, measure, ranking, actor),
        }

    def _own(self, area: str, period: str, measure: str, ranking: Board, actor: Actor) -> Document:
        found = self._mongo["gains"].find_one({"_id": f"{actor.member_id}/{period}"}) or {}
        areas = {code: Gain(*amounts) for code, amounts in found.get("areas", {}).items()}
        gain = domain.within(areas, area)
        rank = domain.rank(ranking.counts, gain.of(measure))
        return {"rank": rank, "member": actor.member_id, "points": gain.points, "minutes": gain.minutes}

    def _hidden(self) -> set[str]:
        found = self._mongo["hidden_members"].find_one({"_id": "rankings"}) or {}
        return set(found.get("members", ()))


def _board(stored: dict[str, Any]) -> Board:
    top = [(member, Gain(points, minutes)) for member, points, minutes in stored["top"]]
    return Board(top, dict(stored["counts"]))
