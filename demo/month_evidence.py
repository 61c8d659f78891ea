"""What the proofs of the scene rest on: its records, and what the API shows of goods, holds and money."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from demo import month_due
from demo.district import COMMUNITY_A, District
from demo.evidence import Evidence
from demo.month import Month
from demo.month_work import BUYER, HELPED
from demo.records import Record, Records


@dataclass
class Found:
    """The state of the system after the scene; `evidence` has its events, postings and inboxes.

    `item` is what was listed of the goods, `holds` those of who bought and who was helped, `trace` that of
    the donation, `fund` the public statement of the community's fund.
    """

    records: Mapping[str, Record]
    evidence: Evidence
    item: Record = field(default_factory=dict)
    holds: list[Record] = field(default_factory=list)
    trace: Record = field(default_factory=dict)
    fund: list[Record] = field(default_factory=list)

    def postings(self, *causes: str) -> list[Record]:
        """The postings by some causes."""
        return [one for one in self.evidence.postings if one["cause"] in causes]


def gather(month: Month, people: Mapping[str, list[Record]]) -> Found:
    """Read what the scene's records do not say themselves. `people`: member id → roles."""
    records, district = month.records, month.district
    found = Found(
        records,
        Evidence(
            held=Records([], []),
            facts=list(month_due.facts(records)),
            subjects=month_due.subjects(records),
            people=dict(people),
        ),
        holds=[one for phone in (BUYER, HELPED) for one in district.person(phone).pages("/v1/holds")],
    )
    if "sold" in records:
        found.item = district.person(BUYER).get(f"/v1/shop/items/{records['sold']['item']}")
        found.trace = _public(district, f"/v1/donations/{records['sold']['id']}/trace")
        found.fund = _public(district, f"/v1/funds/{COMMUNITY_A}/statement", limit=100)["items"]
    return found


def _public(district: District, path: str, **params: Any) -> Any:
    return district.api.call("GET", path, params=params)
