"""Gift circles: members whose gifts come back to them in short circles, shown to staff for review.

A gift is what goes from member to member by a posting, in a unit. What a member receives belongs to a circle
when a way of gifts leads from them back to the giver, so that all of it is a circle of at most four members.
Work done for one another is no gift, however often two members help each other: the settlements of the time
bank do not count.

A flag only asks people to look (PIPL, article 24): nothing is blocked by it.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.errors import Conflict, NotAllowed
from chassis.events import Event
from chassis.identity import Actor
from services.points.circles import events
from services.points.domain import Leg, Posting, debt, is_member
from services.points.timebank.exchange.settlement import SETTLED

WINDOW = timedelta(days=30)
LONGEST = 4
LEAST_PERCENT = 60
REVIEWERS = frozenset({"subdistrict_staff", "district_admin"})


@dataclass(frozen=True)
class Gift:
    """An amount of a unit that went from one member to another."""

    giver: str
    receiver: str
    unit: str
    amount: int


@dataclass(frozen=True)
class Share:
    """What a member received as gifts, what of it came in circles, and, where that is much, who else is in
    those."""

    received: int
    circular: int
    others: tuple[str, ...]

    @property
    def percent(self) -> int:
        """How much of what was received came in circles, rounded down."""
        return self.circular * 100 // self.received


class Verdict(StrEnum):
    """What staff made of a flag."""

    OPEN = "open"
    DISMISSED = "dismissed"
    CONFIRMED = "confirmed"


@dataclass(frozen=True)
class Flag:
    """A member to look at: of what they received in `[since, until)`, so much came in circles."""

    id: str
    member: str
    unit: str
    area: str
    share: Share
    since: datetime
    until: datetime
    verdict: Verdict = Verdict.OPEN
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    version: int = 1


@dataclass(frozen=True)
class Change:
    """A flag after it was raised, renewed or decided, and the fact to publish, if there is one."""

    flag: Flag
    event: Event | None


def gifts(postings: Iterable[Posting]) -> list[Gift]:
    """The gifts among some postings, without what others of them take back."""
    known = list(postings)
    back: dict[str, list[Leg]] = {}
    for one in known:
        if one.reverses is not None:
            back.setdefault(one.reverses, []).extend(one.legs)
    found = []
    for one in known:
        if one.reverses is None and one.rule != SETTLED:
            found += _gifts_of([*one.legs, *back.get(one.id, ())])
    return found


def shares(given: Iterable[Gift]) -> dict[tuple[str, str], Share]:
    """(member, unit) → what of the gifts to them came in circles; members without gifts are left out."""
    units: dict[str, dict[tuple[str, str], int]] = {}
    for gift in given:
        if gift.giver != gift.receiver:
            edges = units.setdefault(gift.unit, {})
            edge = (gift.giver, gift.receiver)
            edges[edge] = edges.get(edge, 0) + gift.amount
    return {
        (member, unit): share for unit, edges in units.items() for member, share in _shares(edges).items()
    }


def is_circular(share: Share) -> bool:
    """Whether so much came in circles that somebody is to look."""
    return share.circular * 100 >= share.received * LEAST_PERCENT


def raised(flag: Flag) -> Change:
    """A flag that is new."""
    return Change(flag, events.FlagRaised(flag.member, None, flag.unit, flag.share.percent))


def renewed(flag: Flag, share: Share, since: datetime, until: datetime) -> Change:
    """An open flag with the figures of the last night; nobody is told again."""
    return Change(replace(flag, share=share, since=since, until=until, version=flag.version + 1), None)


def asks_again(last: Flag, since: datetime) -> bool:
    """Whether a decided flag is too old to speak for the gifts since then."""
    return last.until <= since


def decided(flag: Flag, verdict: Verdict, reason: str, actor: Actor, at: datetime) -> Change:
    """What somebody made of a flag. Raises NotAllowed for one's own or a partner's, Conflict when decided."""
    if actor.member_id == flag.member or actor.member_id in flag.share.others:
        raise NotAllowed(
            "own-circle", zh="不能审核与自己有关的线索。", en="Nobody decides on gifts of their own."
        )
    if flag.verdict is not Verdict.OPEN:
        raise Conflict("flag-decided", zh="此线索已有结论。", en="This was decided before.")
    done = replace(
        flag,
        verdict=verdict,
        reason=reason,
        decided_by=actor.member_id,
        decided_at=at,
        version=flag.version + 1,
    )
    return Change(done, events.FlagDecided(flag.member, actor.member_id, verdict.value))


def repeats(flag: Flag, verdict: Verdict, reason: str, actor: Actor) -> bool:
    """Whether this decision is the one that an actor has made before, in the same words."""
    return (flag.verdict, flag.reason, flag.decided_by) == (verdict, reason, actor.member_id)


def _gifts_of(legs: Iterable[Leg]) -> list[Gift]:
    """Who gave to whom: in a unit where only members give, what is given is shared out in order.

    What a member owes instead of giving it back is not theirs any more.
    """
    units: dict[str, Counter[str]] = {}
    for leg in legs:
        units.setdefault(leg.unit, Counter())[leg.account.removeprefix(debt(""))] += leg.amount
    found = []
    for unit, moved in units.items():
        givers = deque((account, -amount) for account, amount in moved.items() if amount < 0)
        if not all(is_member(giver) for giver, _ in givers):
            continue
        for account, amount in moved.items():
            wanted = amount
            while wanted > 0:
                giver, has = givers.popleft()
                taken = min(has, wanted)
                if is_member(account):
                    found.append(Gift(giver, account, unit, taken))
                wanted -= taken
                if has > taken:
                    givers.appendleft((giver, has - taken))
    return found


def _shares(edges: Mapping[tuple[str, str], int]) -> dict[str, Share]:
    gifts = _Gifts(edges)
    found = {}
    for receiver, givers in gifts.got_from.items():
        circular = sum(edges[giver, receiver] for giver in gifts.closing(receiver))
        share = Share(sum(edges[giver, receiver] for giver in givers), circular, ())
        if is_circular(share):
            share = replace(share, others=tuple(sorted(gifts.partners(receiver))))
        found[receiver] = share
    return found


class _Gifts:
    """Who gave to whom. Of one member at a time: all ways of all members together would fill the memory."""

    def __init__(self, edges: Iterable[tuple[str, str]]) -> None:
        self._given_to: dict[str, set[str]] = {}
        self.got_from: dict[str, set[str]] = {}
        for giver, receiver in edges:
            self._given_to.setdefault(giver, set()).add(receiver)
            self.got_from.setdefault(receiver, set()).add(giver)

    def closing(self, receiver: str) -> set[str]:
        """The givers whose gifts to a member close a circle: gifts lead from that member back to them.

        The shortest way back visits nobody twice: with the gift it is a circle.
        """
        left, found, reached, edge = set(self.got_from[receiver]), set[str](), set[str](), {receiver}
        for _ in range(LONGEST - 2):
            edge = _all_of(self._given_to, edge) - reached - {receiver}
            reached |= edge
            found |= left & edge
            left -= edge
        # The last step is looked for from its other end: fewer gave to a giver than got from all of these.
        return found | {giver for giver in left if not reached.isdisjoint(self.got_from.get(giver, ()))}

    def partners(self, member: str) -> set[str]:
        """Everybody else in the circles through a member."""
        nexts, lasts = self._given_to.get(member, set()), self.got_from.get(member, set())
        found = nexts & lasts
        if len(nexts | lasts) == 1:
            return found
        for one in nexts:
            after = self._given_to.get(one, set()) & lasts
            found |= after | ({one} if after else set())
        for middle in _all_of(self._given_to, nexts) & _all_of(self.got_from, lasts) - {member}:
            before = nexts & self.got_from[middle]
            after = lasts & self._given_to[middle]
            if len(before | after) > 1:
                found.add(middle)
                found |= before if len(after) > 1 else before - after
                found |= after if len(before) > 1 else after - before
        return found


def _all_of(ways: Mapping[str, set[str]], members: Iterable[str]) -> set[str]:
    return set().union(*(ways.get(one, ()) for one in members))
