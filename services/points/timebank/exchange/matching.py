"""Which requests and offers go together, and which best. Pure, symmetric, and the same every time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from services.points.timebank.exchange.help import Help, Kind, Status

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Match:
    """How well a request and an offer go together; `minutes` are what they could agree on."""

    request: Help
    offer: Help
    skills: tuple[str, ...]
    minutes: int
    overlap: int
    nearness: int

    def other(self, one: Help) -> Help:
        """The counterpart of one of the two."""
        return self.offer if one.id == self.request.id else self.request


def match(one: Help, other: Help) -> Match | None:
    """Whether two go together: a request and an offer of different members, both open, that share a skill,
    of which one's area lies in the other's, and whose times overlap for as long as the shorter of them takes.
    """
    if one.kind is other.kind or one.author == other.author:
        return None
    if Status.OPEN is not one.status or Status.OPEN is not other.status:
        return None
    request, offer = (one, other) if one.kind is Kind.REQUEST else (other, one)
    skills = tuple(sorted(set(request.skills) & set(offer.skills)))
    near = min(len(request.area), len(offer.area))
    overlap = (min(one.ends_at, other.ends_at) - max(one.starts_at, other.starts_at)) // _MINUTE
    minutes = min(request.minutes, offer.minutes)
    if not skills or request.area[:near] != offer.area[:near] or overlap < minutes:
        return None
    return Match(request, offer, skills, minutes, overlap, near)


def ranked(one: Help, others: Iterable[Help]) -> list[Match]:
    """The matches of one, best first: more of what is asked for, more minutes, nearer, more time to choose
    from, then who came first."""
    found = [made for other in others if (made := match(one, other)) is not None]

    def order(made: Match) -> tuple[int, int, int, int, str]:
        return (-len(made.skills), -made.minutes, -made.nearness, -made.overlap, made.other(one).id)

    return sorted(found, key=order)
