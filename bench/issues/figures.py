"""What is judged of issue work at size: each request beside its raw commands, and large beside small."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.figures import Speed, Target

FACTOR, GROWTH, MEMORY_MIB = 1.6, 1.5, 128.0
SHORT_MS = 3.0
"""Where the raw commands take less than this, the web stack itself is the larger part of a request."""


@dataclass(frozen=True)
class Pair:
    """Requests to the service over HTTP, the like within it, and the same commands without it.

    `hello_ms` is the median answer of a bare Flask application under gunicorn.
    """

    service: Speed
    within: Speed
    raw: Speed
    hello_ms: float

    @property
    def short(self) -> bool:
        """Whether the web stack has a part in what the request is held against."""
        return self.raw.p50_ms < SHORT_MS

    @property
    def floor_ms(self) -> float:
        """The least that the request can take: its commands, and where these are short the web stack too."""
        return self.raw.p50_ms + (self.hello_ms if self.short else 0.0)

    @property
    def factor(self) -> float:
        """How many times its raw commands the median request takes within the service."""
        return self.within.p50_ms / self.raw.p50_ms

    @property
    def factor_by_http(self) -> float:
        """How many times the floor the median request over HTTP takes."""
        return self.service.p50_ms / self.floor_ms


@dataclass(frozen=True)
class Export:
    """One export of all issues, and its commands alone. Memory is the resident memory of the API process."""

    rows: int
    megabytes: float
    seconds: float
    raw_seconds: float
    before_mib: float
    peak_mib: float

    @property
    def growth_mib(self) -> float:
        """How much more memory the process held at most than before."""
        return self.peak_mib - self.before_mib


@dataclass
class Findings:
    """What a run found: by size and kind, and by size the fill, the bare stack and the export."""

    requests: int
    writes: int
    pairs: dict[int, dict[str, Pair]] = field(default_factory=dict)
    hello: dict[int, Speed] = field(default_factory=dict)
    filled: dict[int, float] = field(default_factory=dict)
    exports: dict[int, Export] = field(default_factory=dict)

    @property
    def sizes(self) -> list[int]:
        """The sizes, smallest first."""
        return sorted(self.pairs)

    def growth(self, kind: str) -> float:
        """How many times longer the median request takes at the largest size than at the smallest."""
        first, last = (self.pairs[size][kind].service.p50_ms for size in (self.sizes[0], self.sizes[-1]))
        return last / first

    def targets(self) -> Iterator[Target]:
        """The targets and what was measured for them."""
        for size in self.sizes:
            for kind, pair in self.pairs[size].items():
                name = f"{kind} at {size:,}: p50 in the service to raw"
                yield Target(name, pair.factor, FACTOR, False, "×")
        if len(self.sizes) > 1:
            small, large = self.sizes[0], self.sizes[-1]
            for kind in self.pairs[large]:
                if kind.startswith(("report", "claim", "list")):
                    name = f"{kind}: p50 at {large:,} to {small:,}"
                    yield Target(name, self.growth(kind), GROWTH, False, "×")
        for _, one in sorted(self.exports.items()):
            yield Target(
                f"export of {one.rows:,} rows: memory above before", one.growth_mib, MEMORY_MIB, False, "MiB"
            )
