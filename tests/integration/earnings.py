"""Rules, evidence and counts on a real database, with several workers at once."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from chassis import trace
from chassis.clock import new_ulid, utc_now
from chassis.errors import Unavailable
from chassis.mongo import Mongo
from services.points.earning import commands
from services.points.earning.commands import Heard
from services.points.earning.domain import Evidence
from services.points.earning.queries import RuleBook
from services.points.earning.rule import CONFIRMED, LEAD, VERIFIED, EarningRule
from services.points.earning.store import EvidenceStore, RuleStore
from tests.integration.ledgers import ADMIN, DISTRICT, Ledger

NOON = datetime.fromisoformat("2026-11-24T04:00:00+00:00")
GRIDS = tuple(f"{DISTRICT}00100100{number}" for number in (1, 2))
HOUR = timedelta(hours=1)


class Earning(Ledger):
    """A ledger whose rules are kept in it."""

    def __init__(self, mongo: Mongo) -> None:
        super().__init__(mongo)
        self.rules = RuleStore(mongo, self.journal)
        self.book = EvidenceStore(mongo, self.journal)
        self.rules.ensure_indexes()
        self.book.ensure_indexes()

    def consume(self, *evidence: Evidence) -> None:
        """By rules read anew: here versions come into force in the past, which live they never do."""
        in_force = RuleBook(self.rules.all, utc_now).in_force
        for one in evidence:
            heard = [Heard(one, trace.current())]
            commands.consume(self.book, self.journal, in_force, utc_now, heard=heard)

    def consume_in_one(self, evidence: Sequence[Evidence]) -> None:
        heard = [Heard(one, trace.begin(None, None, one.cause)) for one in evidence]
        in_force = RuleBook(self.rules.all, utc_now).in_force
        commands.consume(self.book, self.journal, in_force, utc_now, heard=heard)

    def consume_at_once(self, evidence: Sequence[Evidence]) -> None:
        """As several workers would: what was too busy comes again."""

        def one(each: Evidence) -> None:
            while True:
                try:
                    return self.consume(each)
                except Unavailable:
                    continue

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(one, evidence))

    def reopen(self, issue: str, round_: int = 1) -> None:
        commands.take_back(self.book, self.journal, utc_now, issue=issue, round_=round_)

    def draft(self, wanted: EarningRule) -> EarningRule:
        return commands.draft(self.rules, ADMIN, district=DISTRICT, rule_id=new_ulid(), wanted=wanted)

    def activate(self, draft: EarningRule, since: datetime) -> EarningRule:
        """In force from then on."""
        return commands.activate(self.rules, lambda: since - LEAD, rule_id=draft.id)

    def simulate(self, rule: EarningRule, since: datetime, until: datetime, area: str = DISTRICT) -> Any:
        return commands.rehearse(
            self.rules,
            self.book,
            ADMIN,
            rule_id=rule.id,
            since=since,
            until=until,
            area=area,
            most=1000,
        )

    def paid_by(self, rule: EarningRule) -> Counter[tuple[str, str, str, int]]:
        """Key, account, unit and amount of every leg that a version posted."""
        found = self.mongo["journal"].find({"lists": DISTRICT})
        return legs_of((one["key"], one["legs"]) for one in found if of_version(one, rule))

    def collections(self) -> dict[str, int]:
        return {
            name: len(list(self.mongo[name].find({}, {"_id": 1})))
            for name in self.mongo.database.list_collection_names()
        }


def of_version(document: Any, rule: EarningRule) -> bool:
    return (document["rule"], document["rule_version"]) == (rule.code, rule.version)


def legs_of(postings: Any) -> Counter[tuple[str, str, str, int]]:
    return Counter(
        (key, leg["account"], leg["unit"], leg["amount"]) for key, legs in postings for leg in legs
    )


def confirmed(worker: str, at: datetime = NOON, reporter: str | None = None, **more: Any) -> Evidence:
    told = {"area": GRIDS[0], "category": "safety.lamp", "photos": 1, **more}
    return Evidence(
        new_ulid(), worker=worker, resolver=worker, reporter=reporter, event=CONFIRMED, at=at, **told
    )


def activity(worker: str, at: datetime = NOON, minutes: int = 60, **more: Any) -> Evidence:
    told = {"area": GRIDS[0], "category": "outreach", **more}
    return Evidence(new_ulid(), worker=worker, minutes=minutes, event=VERIFIED, at=at, **told)
