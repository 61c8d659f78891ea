"""A ledger on a real database, with members who have points, and many callers at once."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

from chassis.clock import new_ulid, utc_now
from chassis.errors import Refusal, Unavailable
from chassis.identity import Actor, Grant
from chassis.mongo import Mongo
from services.points import commands
from services.points.domain import Leg, Posting, issuer
from services.points.funds.store import FundStore
from services.points.holds import commands as hold_commands
from services.points.holds.domain import Hold
from services.points.holds.store import HoldStore
from services.points.integrity import commands as integrity_commands
from services.points.integrity.store import SealStore
from services.points.lots import commands as lot_commands
from services.points.lots.domain import FOREVER, Validity
from services.points.lots.store import LotStore
from services.points.queries import LedgerQueries
from services.points.store import JournalStore

DISTRICT = "120199"
ADMIN = Actor("A", (Grant("district_admin", DISTRICT),))
KEEPER = Actor("K", (Grant("shop_keeper", DISTRICT),))
SHOP = f"shop:{DISTRICT}"
MINUTE = timedelta(minutes=1)


class Ledger:
    """A ledger with members who have points. `prepared`: another one has made its indexes."""

    def __init__(self, mongo: Mongo, validity: Validity = FOREVER, *, prepared: bool = False) -> None:
        self.mongo = mongo
        self.now: Callable[[], datetime] = utc_now
        self.journal = JournalStore(mongo, validity)
        self.holds = HoldStore(mongo, self.journal)
        self.lots = LotStore(mongo, self.journal, DISTRICT)
        self.queries = LedgerQueries(mongo, DISTRICT)
        self.seals = SealStore(mongo, self.journal, DISTRICT)
        if not prepared:
            self._prepare()

    def _prepare(self) -> None:
        self.journal.ensure_indexes()
        self.holds.ensure_indexes()
        self.lots.ensure_indexes()
        funds = FundStore(self.mongo, self.journal)
        funds.ensure_indexes()
        funds.put_area(DISTRICT, "区", 1)

    def member(self, points: int = 0) -> str:
        member = new_ulid()
        self.journal.put_member(member, 1)
        if points:
            self.earn(member, points)
        return member

    def earn(self, member: str, points: int) -> Posting:
        posting = Posting(
            id=new_ulid(),
            key=new_ulid(),
            rule="issue.confirmed",
            rule_version=1,
            cause=new_ulid(),
            area=DISTRICT,
            legs=(Leg(member, "points", points), Leg(issuer(DISTRICT), "points", -points)),
            posted_at=self.now(),
            verified=True,
        )
        assert self.journal.post(posting)
        return posting

    def post(self, key: str, *legs: Leg, memo: str = "调整", **more: Any) -> Posting:
        posting_id = new_ulid()
        order = commands.by_hand(
            self.now,
            ADMIN,
            district=DISTRICT,
            key=key,
            posting_id=posting_id,
            memo=memo,
            legs=legs,
            **more,
        )
        return commands.post_by_hand(self.journal, order)

    def spend(self, member: str, points: int, key: str | None = None) -> Posting:
        return self.post(key or new_ulid(), Leg(member, "points", -points), Leg(SHOP, "points", points))

    def hold(self, member: str, amount: int, key: str | None = None, ttl: timedelta = MINUTE) -> Hold:
        return hold_commands.hold(
            self.holds,
            self.now,
            KEEPER,
            account=member,
            unit="points",
            amount=amount,
            memo="兑换",
            ttl=ttl,
            key=key or new_ulid(),
            hold_id=new_ulid(),
        )

    def capture(self, hold: Hold, amount: int | None = None) -> Hold:
        return hold_commands.capture(
            self.holds,
            self.now,
            KEEPER,
            hold_id=hold.id,
            amount=amount,
            target=SHOP,
            district=DISTRICT,
            posting_id=new_ulid(),
        )

    def release(self, hold: Hold) -> Hold:
        return hold_commands.release(self.holds, self.now, KEEPER, hold_id=hold.id)

    def reverse(self, posting: Posting) -> Posting:
        return commands.reverse(
            self.journal, utc_now, posting_id=posting.id, reversal_id=new_ulid(), reason="误发", by="A"
        )

    def reverse_part(self, posting: Posting, points: int, key: str | None = None) -> Posting:
        """Take back so many points of a posting of two legs."""
        legs = [replace(leg, amount=points if leg.amount > 0 else -points) for leg in posting.legs]
        return commands.reverse_part(
            self.journal,
            utc_now,
            ADMIN,
            posting_id=posting.id,
            reversal_id=new_ulid(),
            reason="多发",
            legs=legs,
            key=key or new_ulid(),
        )

    def sweep(self, at: datetime) -> int:
        return lot_commands.sweep(self.lots, lambda: at, DISTRICT)

    def balance(self, account: str) -> dict[str, int]:
        return dict(self.queries.account(account, ADMIN)["points"])

    def proof(self) -> None:
        found = self.verification()
        assert found["sound"], found

    def verification(self, known: bytes | None = None) -> dict[str, Any]:
        return verification(self.mongo, DISTRICT, self.now, known)


def verification(
    mongo: Mongo, district: str, clock: Callable[[], datetime] = utc_now, known: bytes | None = None
) -> dict[str, Any]:
    """The proof of a ledger."""
    seals = SealStore(mongo, JournalStore(mongo), district)
    return integrity_commands.verify(seals, clock, district, known)


def at_once(count: int, work: Callable[[int], object]) -> Counter[str]:
    """What became of so many that did the same at once; who was too busy tries again, as callers do."""
    begin = Barrier(count)

    def one(number: int) -> str:
        begin.wait(60)
        while True:
            try:
                work(number)
            except Unavailable:
                continue
            except Refusal as refusal:
                return refusal.code
            return "done"

    with ThreadPoolExecutor(count) as pool:
        return Counter(pool.map(one, range(count)))
