"""What is judged of the ledger: each figure beside what the same database can do without it."""

from collections import defaultdict
from dataclasses import dataclass, field

from bench.figures import Speed, Target, median_of, median_ratio

ROUNDS = 5
TRANSACTION, FIND = "raw transaction of three writes", "raw find of the account"
HELLO = "bare gunicorn + Flask"
HOT, UNIFORM = "issue to two members", "one member to another"
SPREAD = "many pools to two members"
ONE_FUND = "one fund to two members"
BATCHES, BALANCE = "events of confirmed issues, 32 at once", "read a balance"
CLAIMS = "events of claimed issues, 32 at once"
BALANCE_WITHIN = f"{BALANCE}, in the service"
HOT_AT_WORK, BATCHES_AT_WORK = f"{HOT}, workers at work", "events of confirmed issues, by the worker"
PROOF_POSTINGS, PROOF_SECONDS = 1_000_000, 60.0


@dataclass(frozen=True)
class Proof:
    """One proof of a whole ledger. `filled_seconds` is how long it took to fill it."""

    postings: int
    seconds: float
    faults: int
    found: bool
    filled_seconds: float


@dataclass
class Findings:
    """What a run found: each round's speed by name, and the proofs. `seconds` is a measurement's length."""

    seconds: float
    rounds: defaultdict[str, list[Speed]] = field(default_factory=lambda: defaultdict(list))
    proofs: list[Proof] = field(default_factory=list)
    sealed_after: list[float] = field(default_factory=list)
    """Seconds from the last posting of a load to its seal, in each round, workers at work."""

    def median(self, name: str) -> Speed:
        """The medians over the rounds."""
        return median_of(self.rounds[name])

    def share(self, name: str, other: str = TRANSACTION) -> float:
        """Operations a second in % of another's in the same round."""
        pair = ([one.per_second for one in self.rounds[each]] for each in (name, other))
        return median_ratio(*pair) * 100

    def balance_factor(self) -> float:
        """How many times the least a balance can take, the raw find and the web stack, it does take."""
        floors = [
            find.p50_ms + hello.p50_ms
            for find, hello in zip(self.rounds[FIND], self.rounds[HELLO], strict=True)
        ]
        return median_ratio([one.p50_ms for one in self.rounds[BALANCE]], floors)

    def balance_within(self) -> float:
        """How many times a raw find the service's own read of a balance takes, without any web stack."""
        pair = ([one.p50_ms for one in self.rounds[each]] for each in (BALANCE_WITHIN, FIND))
        return median_ratio(*pair)

    def targets(self) -> list[Target]:
        """The targets and what was measured for them."""
        found = [
            Target("Postings by HTTP, of raw transactions", self.share(HOT), 40, True, "%"),
            Target("The same while all workers work", self.share(HOT_AT_WORK), 40, True, "%"),
            Target("Events in batches, one posting each, of raw ones", self.share(CLAIMS), 150, True, "%"),
            Target("Postings of events that make two, of raw ones", self.share(BATCHES), 150, True, "%"),
            Target("The same by the worker, beside all others", self.share(BATCHES_AT_WORK), 150, True, "%"),
            Target("Postings that share the issuer, of others", self.share(HOT, SPREAD), 80, True, "%"),
            Target("A balance in the service, of a raw find", self.balance_within(), 1.5, False, "×"),
            Target("By HTTP, of a raw find and the bare web stack", self.balance_factor(), 1.5, False, "×"),
        ]
        if self.sealed_after:
            found.append(
                Target("A load's last posting is sealed after", max(self.sealed_after), 5, False, "s")
            )
        for one in self.proofs:
            bound = PROOF_SECONDS * one.postings / PROOF_POSTINGS
            found.append(Target(f"Proof of {one.postings:,} postings", one.seconds, bound, False, "s"))
        return found
