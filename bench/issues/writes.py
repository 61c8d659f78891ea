"""The kinds that change something: reports, and claims of what was reported before."""

from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from random import Random

from bench import load
from bench.issues.commands import Raw
from bench.issues.drafts import Drafts, Update
from bench.issues.filling import count_cells, lives
from bench.issues.kinds import Block
from bench.issues.lives import GRIDS, body
from chassis.clock import ulid_at, utc_now
from chassis.identity import Actor, Grant
from chassis.mongo import Document, Mongo
from demo.client import Person
from demo.district import DISTRICT
from services.issues.cases import commands
from services.issues.cases.domain import transition
from services.issues.cases.issue import Details
from services.issues.cases.queries import LISTED
from services.issues.cases.quotas import QuotaStore
from services.issues.cases.store import CaseStore
from services.issues.finding.store import cells_of
from services.issues.statistics.store import BucketStore

REPORT, CLAIM = "report an issue", "claim an issue"
CLAIMING = "claim"
REPORTS_PER_HOUR = 10
"""The limit that a deployment has: to look at it is a command of every report."""


class Writes:
    """Reports by residents, and claims of these by a steward of each grid."""

    def __init__(self, mongo: Mongo, residents: Sequence[Person], stewards: Mapping[str, Person]) -> None:
        self._mongo, self._residents, self._stewards = mongo, residents, stewards
        self._chance = Random(30)
        self._drafts = Drafts()
        self._lives = lives(mongo, self._drafts, self._chance)
        self._began = utc_now()
        self._unclaimed: list[Document] = []

    def begin(self) -> None:
        """From now on what is reported is for measuring."""
        self._began, self._unclaimed = utc_now(), []

    def report(self, count: int) -> Block:
        """Reports in all grids, as if an hour had passed since the last ones."""
        self._mongo["report_quotas"].delete_many({})
        for _ in range(count):
            self._lives.report(self._chance.choice(GRIDS), utc_now())
        raw = [self._insert(one) for one in self._drafts["issues"].take()]
        return Block(self._said(count), self._said(count), raw)

    def _said(self, count: int) -> list[str]:
        tokens = [str(one.tokens["access_token"]) for one in self._residents]
        return [
            load.http("POST", "/v1/issues", token, body(self._chance.choice(GRIDS), self._chance))
            for token in islice(cycle(tokens), count)
        ]

    def claim(self, count: int) -> Block:
        """Claims of what was reported: of each third in another way."""
        self._unclaimed = self._unclaimed or self._reported()
        asked, within, raw = ([self._unclaimed.pop() for _ in range(count)] for _ in range(3))
        return Block(
            [self._request(one) for one in asked],
            [self._request(one) for one in within],
            [self._commands(one) for one in raw],
        )

    def remove(self) -> None:
        """Take away what was reported, so that the newest issues are again those that were filled in."""
        reported = self._reported()
        for name in ("issues", "words"):
            self._mongo[name].delete_many({"_id": {"$in": [one["_id"] for one in reported]}})
        count_cells(self._mongo, cells_of(reported))
        buckets = BucketStore(self._mongo, utc_now)
        for area in {str(one["area"]) for one in reported}:
            buckets.mark(area, self._began)

    def _reported(self) -> list[Document]:
        wanted = {"lists": DISTRICT, "order": {"$gte": ulid_at(self._began)}}
        return list(self._mongo["issues"].find(wanted))

    def _insert(self, document: Document) -> Raw:
        """Count it among what the member has reported lately, insert it."""
        issues, quotas = self._mongo["issues"], self._mongo["report_quotas"]
        wanted, update = quota_of(self._drafts, document)

        def report() -> None:
            quotas.update_one(wanted, update, upsert=True)
            issues.insert_many([document], ordered=False)

        return report

    def _request(self, issue: Document) -> str:
        token = str(self._stewards[issue["area"]].tokens["access_token"])
        return load.http("POST", f"/v1/issues/{issue['_id']}/transitions", token, {"action": CLAIMING})

    def _commands(self, document: Document) -> Raw:
        """Load the issue, save it claimed, load it to be shown."""
        issues, key = self._mongo["issues"], {"_id": document["_id"]}
        issue = CaseStore(self._mongo).get(document["_id"])
        steward = Actor(self._stewards[issue.area].id, (Grant("steward", issue.area),))
        policy = commands.policy_of(self._lives.rules, issue)
        self._drafts["issues"].insert_many([document], ordered=False)
        CaseStore(self._drafts.mongo).save(transition(issue, CLAIMING, steward, Details(), utc_now(), policy))
        self._drafts["issues"].take()
        wanted, update = self._drafts["issues"].update

        def claim() -> None:
            issues.find_one(key, LISTED)
            assert issues.update_one(wanted, update).matched_count == 1
            issues.find_one(key, LISTED)

        return claim


def quota_of(drafts: Drafts, document: Document) -> Update:
    """What the service asks of the database before it takes a report."""
    member, at = str(document["reporter"]), document["created_at"]
    QuotaStore(drafts.mongo).take(member, str(document["_id"]), REPORTS_PER_HOUR, at)
    return drafts["report_quotas"].update
