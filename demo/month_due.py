"""What the scene's records make due: their events, as their own histories tell them."""

from collections.abc import Iterator, Mapping

from demo.due import Fact
from demo.records import Record

_EVENTS = {
    "help": {
        "respond": "help.matched",
        "accept": "help.accepted",
        "check_out": "help.checked_out",
        "confirm": "help.settled",
        "dispute": "help.disputed",
        "settle": "help.decided",
    },
    "sold": {"accept": "donation.accepted", "allocate": "donation.allocated"},
    "order": {"pay": "order.paid", "prepare": "order.ready"},
    "project": {
        "submit": "proposal.submitted",
        "deliberate": "proposal.deliberated",
        "open_voting": "proposal.voting_opened",
        "approve": "proposal.approved",
        "refuse_funding": "proposal.funding_refused",
        "fund": "proposal.funded",
    },
    "commendation": {"nominate": "commendation.nominated"},
}
"""Part → action in its history → the event that tells it. What else is done there is told to nobody."""


def facts(records: Mapping[str, Record]) -> Iterator[Fact]:
    """The events of the scene's parts (name → record)."""
    for name, events in _EVENTS.items():
        record = records.get(name, {"history": []})
        for line in record["history"]:
            if line["action"] in events:
                data = _people(record) | {"actor": line["actor"]}
                yield Fact(f"{events[line['action']]}.v1", record["id"], record["area"], data)
    yield from work_facts(records)


def work_facts(records: Mapping[str, Record]) -> Iterator[Fact]:
    """The events of duty and training: what the scene earns somebody points by."""
    for record in records.values():
        for one in record.get("duties", []):
            yield from duty_facts(one, record["area"])
        for one in record.get("attendances", []):
            yield from attendance_facts(one, record["area"])


def duty_facts(duty: Record, area: str) -> Iterator[Fact]:
    """The events of a member's duty that was verified."""
    data = {"member": duty["member"], "minutes": duty["minutes"], "photos": 0}
    yield Fact("duty.checked_out.v1", duty["id"], area, {**data, "actor": duty["member"]})
    yield Fact("duty.verified.v1", duty["id"], area, {**data, "actor": duty["verified_by"]})


def attendance_facts(attendance: Record, area: str) -> Iterator[Fact]:
    """The event of a training that a member attended; who was absent completed nothing."""
    if attendance["status"] == "attended":
        data = {"member": attendance["member"], "minutes": attendance["minutes"], "photos": 0}
        told = {**data, "actor": attendance["recorded_by"]}
        yield Fact("training.completed.v1", attendance["id"], area, told)


def subjects(records: Mapping[str, Record]) -> set[str]:
    """What the scene's messages and postings are about: its records, and members' lines in their lists."""
    return {one["id"] for one in (*records.values(), *lines(records))}


def lines(records: Mapping[str, Record]) -> list[Record]:
    """Members' duties on the scene's shift, and their attendances of its sessions."""
    return [
        line for one in records.values() for name in ("duties", "attendances") for line in one.get(name, [])
    ]


def _people(record: Record) -> Record:
    """Whom a record concerns, by the names that its events give them."""
    author = record.get("author") or record.get("nominator")
    member = (record.get("donor") or record).get("member")
    return {"author": author, "partner": record.get("partner"), "member": member}
