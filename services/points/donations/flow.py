"""Money followed through communities' funds and projects, one posting of the journal after the other.

What stands on such an account is a queue of pieces, each of one donation or of other money. A fund pays its
oldest pieces first, and what comes in waits behind what is there. A project spends its oldest first, so that
what it gives back is its newest. What takes a posting back takes the very pieces that this moved, the last
first, to where they were before; of those that have gone on, what is there now goes in the stead, as if it
had gone on in the first place. Whose a piece is decides nothing: each donation can be followed alone.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count, product

from services.points.domain import Posting, debt

FUND, PROJECT = "fund:", "project:"
_MOST_WAITING = 100
Reader = Callable[[str], Mapping[str, Posting]]
"""An account → all its postings, by their places in the journal's order."""


@dataclass(frozen=True)
class Stay:
    """A stay of money on an account: at which place of its queue, and which posting brought it there."""

    account: str
    place: int = 0
    posting: str = ""


_Way = tuple[Stay, ...]


@dataclass(frozen=True)
class Piece:
    """Some money and its way, from the account that it first came from to where it is."""

    amount: int
    way: _Way

    @property
    def source(self) -> str:
        """The account that it first came from."""
        return self.way[0].account

    @property
    def account(self) -> str:
        """Where it is."""
        return self.way[-1].account

    @property
    def order(self) -> list[int]:
        """Where it stands in the queue: by its place there, and before that."""
        return [stay.place for stay in reversed(self.way)]

    def split(self, most: int) -> tuple["Piece", list["Piece"]]:
        """So much of it, or all that there is, and the rest, if there is any."""
        if self.amount <= most:
            return self, []
        return replace(self, amount=most), [replace(self, amount=self.amount - most)]

    def brought(self, posting: str, giver: str, taker: str) -> int:
        """The number of the stay that a posting brought about; 0 for none."""
        for number, stay in enumerate(self.way):
            if (stay.posting, stay.account) == (posting, taker) and self.way[number - 1].account == giver:
                return number
        return 0


class Flow:
    """Where the money of some donations is, by the postings that were added, in the journal's order.

    `sources` are the accounts of the donations, `read` the funds and projects of which all is added. What
    anybody else pays is new money of theirs. `reached` are the funds and projects that money of the donations
    came to, or money was taken back from: the answer holds when all of them were read.
    """

    def __init__(self, sources: Collection[str], read: Collection[str]) -> None:
        self.reached: set[str] = set()
        self._sources, self._read = sources, read
        self._queues: dict[str, list[Piece]] = {}
        self._sums = Counter[str]()
        self._places = count(1)
        self._moved: set[str] = set()
        self._waiting: list[Posting] = []

    def add(self, posting: Posting) -> None:
        """Let a posting move the money.

        Two that are written at the same moment may stand in the journal the other way round: one that pays
        what comes in only then, or takes back what is posted only then, waits for it. What moves no fund or
        project, like the costs of a donation, is of no matter.
        """
        if not any(leg.account.startswith((FUND, PROJECT)) for leg in posting.legs):
            return
        self._waiting.append(posting)
        while ready := next(filter(self._is_ready, self._waiting), None):
            self._waiting.remove(ready)
            self._move(ready)
        if len(self._waiting) > _MOST_WAITING:
            self._move(self._waiting.pop(0))

    def end(self) -> None:
        """No more comes: what a fund has paid beyond what it had is new money."""
        for one in self._waiting:
            self._move(one)
        self._waiting.clear()

    def pieces(self) -> Iterator[Piece]:
        """All money, wherever it is."""
        return (piece for queue in self._queues.values() for piece in queue)

    def _is_ready(self, posting: Posting) -> bool:
        if posting.reverses is not None and posting.reverses not in self._moved:
            return False
        givers, _ = _sides(posting)
        return all(self._sums[one] >= givers[one] for one in givers if one in self._read)

    def _move(self, posting: Posting) -> None:
        self._moved.add(posting.id)
        givers, takers = _sides(posting)
        if posting.reverses is not None:
            for before, now in product(takers, givers):
                undone = self._undo(posting.reverses, before, now, min(takers[before], givers[now]))
                takers[before] -= undone
                givers[now] -= undone
                self._reach(now)
        purse = [piece for giver in givers for piece in self._paid(giver, givers[giver])]
        for taker, amount in takers.items():
            for piece in _dealt(purse, amount):
                self._put(piece, piece.way, Stay(taker, next(self._places), posting.id))

    def _undo(self, posting: str, giver: str, taker: str, most: int) -> int:
        """Move back what a posting has brought to its taker, at most so much; how much that was."""
        undone = 0
        for piece in self._queues.get(taker, [])[::-1]:
            if undone < most and piece.brought(posting, giver, taker) == len(piece.way) - 1:
                part = self._lift(piece, most - undone)
                self._put(part, part.way[:-1])
                undone += part.amount
        return undone + self._fetch(posting, giver, taker, most - undone) if undone < most else most

    def _fetch(self, posting: str, giver: str, taker: str, most: int) -> int:
        """Move back what has gone on from the taker, the last first; what is there goes in its stead."""
        left = lacking = min(most, sum(one.amount for one, _ in self._gone(posting, giver, taker, ())))
        hand, gaps = self._paid(taker, lacking), list[tuple[int, _Way]]()
        for piece, number in self._gone(posting, giver, taker, hand):
            if not left:
                break
            part, rest = piece.split(left)
            if piece in hand:  # what is paid here had come back by itself
                hand[hand.index(piece) : hand.index(piece) + 1] = rest
            else:
                self._lift(piece, left)
                self._reach(piece.account)
                gaps.append((part.amount, piece.way[number + 1 :]))
            self._put(part, part.way[:number])
            left -= part.amount
        for amount, on in gaps:
            for piece in _dealt(hand, amount):
                self._put(piece, piece.way, *on)
        return lacking

    def _gone(self, posting: str, giver: str, taker: str, hand: Collection[Piece]) -> list[tuple[Piece, int]]:
        """What a posting brought, and the number of that stay; what left it last comes first."""
        found = [(one, one.brought(posting, giver, taker)) for one in (*self.pieces(), *hand)]
        brought = [(one, number) for one, number in found if number]

        def last_first(one: tuple[Piece, int]) -> tuple[list[int], int]:
            places = [-stay.place for stay in one[0].way[one[1] :]]
            return places[1:], places[0]

        return sorted(brought, key=last_first)

    def _paid(self, giver: str, amount: int) -> list[Piece]:
        """What an account pays, taken off its queue if it has one that was read."""
        paid: list[Piece] = []
        queue = self._queues.get(giver, []) if giver in self._read else []
        newest = giver.startswith(PROJECT)
        while amount and queue:
            paid.append(self._lift(queue[-1 if newest else 0], amount))
            amount -= paid[-1].amount
        if newest:
            paid.reverse()
        return [*paid, Piece(amount, (Stay(giver),))] if amount else paid

    def _lift(self, piece: Piece, most: int) -> Piece:
        """Take so much of a piece off its queue."""
        part, rest = piece.split(most)
        queue = self._queues[piece.account]
        at = queue.index(piece)
        queue[at : at + 1] = rest
        self._sums[piece.account] -= part.amount
        return part

    def _put(self, piece: Piece, way: _Way, *on: Stay) -> None:
        """Lay a piece into its place at the end of a way; one that is back where it came from is gone."""
        laid = replace(piece, way=(*way, *on))
        if len(laid.way) == 1:
            return
        queue = self._queues.setdefault(laid.account, [])
        queue.insert(bisect_left(queue, laid.order, key=lambda one: one.order), laid)
        self._sums[laid.account] += laid.amount
        if laid.source in self._sources:
            self._reach(laid.account)

    def _reach(self, account: str) -> None:
        if account.startswith((FUND, PROJECT)):
            self.reached.add(account)


def follow(account: str, own: Mapping[str, Posting], postings: Reader) -> Flow:
    """Where the money of a donation's account is, of which `own` are the postings.

    Read are the funds and projects that its money came to, and no others. What is posted to the donation
    meanwhile is not among its own, and left out there too.
    """
    known, read = dict(own), set[str]()
    while True:
        flow = run([known[place] for place in sorted(known)], {account}, read)
        fresh = sorted(flow.reached - read)
        if not fresh:
            return flow
        for name in fresh:
            known |= {
                place: one
                for place, one in postings(name).items()
                if place in own or all(leg.account != account for leg in one.legs)
            }
        read.update(fresh)


def run(postings: Iterable[Posting], sources: Collection[str], read: Collection[str]) -> Flow:
    """Where the money is after all of some postings; see `Flow`."""
    flow = Flow(sources, read)
    for one in postings:
        flow.add(one)
    flow.end()
    return flow


def _dealt(hand: list[Piece], amount: int) -> list[Piece]:
    """So much of some pieces, the first ones, of which the rest is left in the hand."""
    dealt: list[Piece] = []
    while amount:
        part, rest = hand[0].split(amount)
        hand[:1] = rest
        dealt.append(part)
        amount -= part.amount
    return dealt


def _sides(posting: Posting) -> tuple[Counter[str], Counter[str]]:
    """How much money leaves which accounts, and comes to which: what a member owes is theirs."""
    net = Counter[str]()
    for leg in posting.legs:
        if leg.unit == "fen":
            net[leg.account.removeprefix(debt(""))] += leg.amount
    givers = Counter({account: -amount for account, amount in net.items() if amount < 0})
    return givers, Counter({account: amount for account, amount in net.items() if amount > 0})
