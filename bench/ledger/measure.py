"""One run: rounds of raw measurements and of the ledger's in turn, then proofs."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle

from bench import ceilings, load
from bench.figures import Speed, speed
from bench.ledger.batches import Batches
from bench.ledger.figures import (
    BALANCE,
    BALANCE_WITHIN,
    BATCHES,
    BATCHES_AT_WORK,
    CLAIMS,
    FIND,
    HELLO,
    HOT,
    HOT_AT_WORK,
    ONE_FUND,
    ROUNDS,
    SPREAD,
    TRANSACTION,
    UNIFORM,
    Findings,
    Proof,
)
from bench.ledger.filling import Filling
from bench.ledger.raw import Raw, side_by_side
from bench.load import Job
from bench.scene import Scene, WrongAnswer
from chassis.clock import utc_now
from chassis.identity import Actor
from chassis.mongo import Mongo
from demo.client import Api
from demo.district import COMMUNITY_A, DISTRICT, RESIDENTS_OF_A, District, areas, stewards_of
from infra.local.deployment import PORTS_IN_ALL, SERVICES, wait_until
from services.issues.cases.events import IssueClaimed, IssueConfirmed
from services.points.domain import issuer
from services.points.funds.domain import fund
from services.points.integrity import commands
from services.points.integrity.domain import moment
from services.points.integrity.store import SealStore
from services.points.queries import LedgerQueries
from services.points.store import JournalStore

_STOCK = 1_000_000
_FUND = fund(COMMUNITY_A)
Measure = tuple[str, Callable[[], Speed]]
"""A name and what measures it."""


class Measuring:
    """Measures a running deployment. `say` hears what comes next."""

    def __init__(self, scene: Scene, seconds: float, say: Callable[[str], None]) -> None:
        self._scene, self._seconds, self._say = scene, seconds, say
        self._port = scene.deployment.ports.api("points")
        self._mongo = Mongo(scene.deployment.mongo_url, "points")
        self._raw = Raw(scene.deployment.mongo_url)
        self._seals = SealStore(self._mongo, JournalStore(self._mongo), DISTRICT)
        district = District(Api(f"http://127.0.0.1:{scene.gateway}"))
        self._admin = district.admin
        people = district.people([*RESIDENTS_OF_A, *stewards_of(COMMUNITY_A)])
        self._members = [one.id for one in people]
        self._batches = Batches(scene, self._mongo, self._members)
        self._hello_port = scene.gateway + PORTS_IN_ALL
        scene.deployment.supervisor.start(ceilings.hello_program(scene.deployment, self._hello_port))

    def run(self, sizes: Sequence[int]) -> Findings:
        """Measure everything. The workers stay away from the proofs: they would make the indexes anew."""
        found = Findings(self._seconds)
        self._stock()
        for number in range(1, ROUNDS + 1):
            self._say(f"round {number} of {ROUNDS}")
            self._admin.renew()
            self._scene.renew()
            with self._workers_stopped():
                self._round(found, self._alone(), number)
            self._rest()
            self._round(found, self._with_workers(found), number)
        if sizes:
            wait_until(self._all_sealed, 60, "the sealing of all postings")
            self._stop_workers()
            found.proofs.extend(map(self._proof, sizes))
        return found

    def _round(self, found: Findings, measures: Sequence[Measure], number: int) -> None:
        """Measure in turn; every other round the other way round."""
        for name, measured in measures[:: -1 if number % 2 else 1]:
            found.rounds[name].append(measured())

    def _alone(self) -> list[Measure]:
        """What is measured while no worker runs: what each of them takes by itself."""
        return [
            (TRANSACTION, lambda: self._raw.transactions(self._seconds)),
            (HOT, lambda: self._post(self._hot())),
            (SPREAD, lambda: self._post(self._spread())),
            (UNIFORM, lambda: self._post(self._uniform())),
            (ONE_FUND, self._post_from_one_fund),
            (CLAIMS, lambda: self._batches.store(self._seconds, IssueClaimed)),
            (BATCHES, lambda: self._batches.store(self._seconds, IssueConfirmed)),
            (FIND, lambda: self._raw.finds(self._seconds, self._members[0])),
            (BALANCE_WITHIN, self._balance_within),
            (HELLO, lambda: self._one_by_one(self._hello_port, "/hello")),
            (BALANCE, lambda: self._one_by_one(self._port, f"/v1/accounts/{self._members[0]}")),
        ]

    def _with_workers(self, found: Findings) -> list[Measure]:
        """What is measured while all that follows from a posting is done beside it."""
        return [
            (HOT_AT_WORK, lambda: self._posted_and_settled(found)),
            (BATCHES_AT_WORK, lambda: self._batches.drain(int(150 * self._seconds))),
        ]

    def _posted_and_settled(self, found: Findings) -> Speed:
        posted = self._post(self._hot())
        found.sealed_after.append(self._until_sealed())
        self._rest()
        return posted

    def _until_sealed(self) -> float:
        """Wait until the newest posting is in the chain: seconds since it was written."""
        newest = self._mongo["journal"].find_one({}, {"order": 1}, sort=[("order", -1)]) or {}
        order = str(newest["order"])

        def is_sealed() -> bool:
            page = self._seals.last_page()
            return page is not None and page.through > order

        wait_until(is_sealed, 60, "the seal of the newest posting")
        return (utc_now() - moment(order)).total_seconds()

    @contextmanager
    def _workers_stopped(self) -> Iterator[None]:
        workers = self._stop_workers()
        try:
            yield
        finally:
            self._scene.deployment.supervisor.resume(*workers)

    def _stop_workers(self) -> list[str]:
        workers = [f"{one}-worker" for one in SERVICES]
        for one in workers:
            self._scene.deployment.supervisor.end(one)
        return workers

    def _hot(self) -> list[str]:
        """Three legs, one of them the issuer's: all of these postings share that, and nothing else."""
        return [self._order((one, 1), (other, 1), (issuer(DISTRICT), -2)) for one, other in self._pairs()]

    def _one_fund(self) -> list[str]:
        """Three legs, one of them a fund's, which all of these postings hold to its floor."""
        return [self._order((one, 1), (other, 1), (_FUND, -2)) for one, other in self._pairs()]

    def _spread(self) -> list[str]:
        """Like those of the issuer, each from another area's pool: nothing that all of them share."""
        pools = cycle(f"pool:{code}" for code, _ in areas())
        return [
            self._order((one, 1), (other, 1), (pool, -2))
            for (one, other), pool in zip(self._pairs(), pools, strict=False)
        ]

    def _uniform(self) -> list[str]:
        """Two legs, of the same members: as many writes of accounts, one of them held to its floor."""
        return [self._order((one, 1), (other, -1)) for one, other in self._pairs()]

    def _pairs(self) -> list[tuple[str, str]]:
        """Each member with one far away, so that postings of the same moment share neither."""
        half = len(self._members) // 2
        return list(zip(self._members, [*self._members[half:], *self._members[:half]], strict=True))

    def _order(self, *legs: tuple[str, int]) -> str:
        body = {
            "memo": "bench",
            "legs": [{"account": name, "unit": "points", "amount": amount} for name, amount in legs],
        }
        return load.http("POST", "/v1/postings", str(self._admin.tokens["access_token"]), body, key=True)

    def _post(self, requests: list[str]) -> Speed:
        found = self._scene.send(Job(self._port, requests, self._seconds))
        return speed(found.latencies_ms, found.seconds)

    def _post_from_one_fund(self) -> Speed:
        """A few are told to come again, since others were always first: these do not count."""
        found = load.run(Job(self._port, self._one_fund(), self._seconds))
        if set(found.statuses) - {"201", "503"}:
            raise WrongAnswer(f"answers by status: {found.statuses}")
        all_of_them = speed(found.latencies_ms, found.seconds)
        return replace(all_of_them, per_second=found.statuses["201"] / found.seconds)

    def _one_by_one(self, port: int, path: str) -> Speed:
        requests = [load.http("GET", path, str(self._admin.tokens["access_token"]))]
        found = self._scene.send(Job(port, requests, self._seconds, connections=1))
        return speed(found.latencies_ms, found.seconds)

    def _balance_within(self) -> Speed:
        """What the route calls, by the member whose balance it is."""
        queries, member = LedgerQueries(self._mongo, DISTRICT), self._members[0]
        actor = Actor(member, ())
        return side_by_side(lambda: queries.account(member, actor)["id"] == member, 1, self._seconds)

    def _stock(self) -> None:
        """Give every member, and the fund, something to spend."""
        holders = [*self._members, _FUND]
        requests = [self._order((one, _STOCK), (issuer(DISTRICT), -_STOCK)) for one in holders]
        self._scene.send(Job(self._port, requests, 600, count=len(requests)))
        self._rest()

    def _rest(self) -> None:
        """Wait until all is relayed and sealed."""
        journal = self._mongo["journal"]

        def idle() -> bool:
            return journal.find_one({"pending": {"$gte": 0}}, {"_id": 1}) is None

        wait_until(idle, 300, "the relay of all postings")

    def _proof(self, size: int) -> Proof:
        began = time.perf_counter()
        Filling(self._mongo, DISTRICT).add(
            size, lambda done: self._say(f"filling the ledger: {done:,} of {size:,}")
        )
        filled = time.perf_counter() - began
        self._say(f"proving {size:,} postings")
        began = time.perf_counter()
        found = commands.verify(self._seals, utc_now, DISTRICT)
        seconds = time.perf_counter() - began
        journal = self._mongo["journal"]
        victim = journal.find_one({"memo": None}, {"_id": 1}) or {}
        journal.update_one(victim, {"$set": {"memo": "edited"}})
        named = commands.verify(self._seals, utc_now, DISTRICT)["edited"] == [victim["_id"]]
        journal.update_one(victim, {"$set": {"memo": None}})
        return Proof(found["postings"], seconds, found["faults"], named, filled)

    def _all_sealed(self) -> bool:
        return not commands.verify(self._seals, utc_now, DISTRICT)["waiting"]


def measure(scene: Scene, seconds: float, sizes: Sequence[int], say: Callable[[str], None]) -> Findings:
    """Do everything."""
    return Measuring(scene, seconds, say).run(sizes)
