"""Proposals ↔ documents; the only writer of proposals and of the votes in them."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from chassis import outbox
from chassis.errors import missing
from chassis.events import envelope
from chassis.identity import ancestors
from chassis.mongo import Document, Mongo
from services.issues.proposals.events import ProposalFact
from services.issues.proposals.proposal import (
    Ballot,
    BudgetLine,
    Change,
    Choice,
    Entry,
    Expense,
    Funding,
    Majority,
    Proposal,
    Record,
    Status,
    Tally,
    Terms,
    Voiding,
)

_COLLECTION = "proposals"
_NAMES = {field.name for field in fields(Proposal)} - {"id"}
_UNREAD = {"history": 0, "outbox": 0, "voters": 0, "ballots": 0}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ProposalStore:
    """The proposals of the district.

    Voters (see `voting`) and counts are parts of the proposal, not documents of their own: so a vote is one
    atomic write that happens once, and the end of the voting cannot lose a vote that was acknowledged.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def ensure_indexes(self) -> None:
        """Indexes for the lists, the clock and the relay."""
        proposals = self._mongo[_COLLECTION]
        proposals.create_index([("scopes", 1), ("order", 1)])
        proposals.create_index([("author", 1), ("order", 1)])
        proposals.create_index("next_check_at")
        outbox.ensure_indexes(proposals)

    def get(self, proposal_id: str) -> Proposal:
        """Raises NotFound."""
        document = self._mongo[_COLLECTION].find_one({"_id": proposal_id}, _UNREAD)
        if document is None:
            raise missing("方案", "proposal")
        return _proposal(document)

    def add(self, change: Change) -> Proposal:
        """Insert a new proposal; where its id is stored already, the stored one is the answer."""
        new = change.proposal
        document = {
            **_fields(new),
            "_id": new.id,
            "order": new.id,
            "scopes": ancestors(new.area),
            "history": [_entry(change.entry)],
            "voters": [],
            "ballots": [],
        }
        envelopes = _envelopes(new, change.events, change.entry.at)
        added = outbox.insert(self._mongo[_COLLECTION], document, envelopes)
        return new if added else self.get(new.id)

    def save(self, change: Change) -> None:
        """Write the new state, its history line and its events at once. Raises ConcurrentUpdate.

        When no vote is being taken, the traces of secret voters are erased.
        """
        saved = change.proposal
        values = _fields(saved)
        if saved.terms.secret and saved.status is not Status.VOTING:
            values["voters"] = []
        outbox.save(
            self._mongo[_COLLECTION],
            saved.id,
            saved.version,
            _envelopes(saved, change.events, change.entry.at),
            set_fields=values,
            push={"history": [_entry(change.entry)]},
        )

    def cast(self, proposal: Proposal, voter: str, choice: Choice, at: datetime) -> bool:
        """Count a vote in one write, if the voting is on and the voter has not voted.

        Voters are kept sorted, so that their order tells nothing; who voted what only in an open ballot.
        """
        pushed: Document = {"voters": {"$each": [voter], "$sort": 1}}
        if not proposal.terms.secret:
            pushed["ballots"] = {"member": voter, "choice": choice.value, "at": at}
        counted = self._mongo[_COLLECTION].update_one(
            {
                "_id": proposal.id,
                "status": Status.VOTING.value,
                "closes_at": {"$gt": at},
                "voters": {"$ne": voter},
            },
            {"$push": pushed, "$inc": {f"tally.{choice.value}": 1, "version": 1}},
        )
        return bool(counted.matched_count)

    def due(self, at: datetime, most: int) -> list[Proposal]:
        """Proposals whose clock has something to do by `at`."""
        found = self._mongo[_COLLECTION].find({"next_check_at": {"$gte": _EPOCH, "$lte": at}}, _UNREAD)
        return [_proposal(one) for one in found.limit(most)]

    def of_person(self, member_id: str) -> list[str]:
        """Proposals in which anything of this member is kept: who does anything has a line or a ballot."""
        named: list[Document] = [{name: member_id} for name in ("history.actor", "ballots.member")]
        return [str(one["_id"]) for one in self._mongo[_COLLECTION].find({"$or": named}, {"_id": 1})]

    def record(self, proposal_id: str) -> Record:
        """A proposal with everybody who acted on it or voted. Raises NotFound."""
        document = self._mongo[_COLLECTION].find_one({"_id": proposal_id}, {"outbox": 0})
        if document is None:
            raise missing("方案", "proposal")
        return Record(
            _proposal(document),
            tuple(Entry(**{**one, "status": Status(one["status"])}) for one in document["history"]),
            tuple(Ballot(**{**one, "choice": Choice(one["choice"])}) for one in document["ballots"]),
            tuple(document["voters"]),
        )

    def rewrite(self, record: Record, events: Sequence[ProposalFact], at: datetime) -> None:
        """Write a proposal anew with all of its lines and ballots. Raises ConcurrentUpdate."""
        saved = record.proposal
        outbox.save(
            self._mongo[_COLLECTION],
            saved.id,
            saved.version,
            _envelopes(saved, events, at),
            set_fields={
                **_fields(saved),
                "history": [_entry(one) for one in record.lines],
                "ballots": [{**asdict(one), "choice": one.choice.value} for one in record.ballots],
                "voters": list(record.voters),
            },
        )

    def home_area(self, member_id: str) -> str | None:
        """Where a member lives, by the local copy."""
        member = self._mongo["members"].find_one({"_id": member_id}, {"home_area": 1})
        return member.get("home_area") if member else None


def _envelopes(proposal: Proposal, events: Sequence[ProposalFact], at: datetime) -> list[dict[str, Any]]:
    return [
        envelope(
            event,
            source="issues",
            subject=proposal.id,
            sequence=proposal.version,
            area=proposal.area,
            at=at,
        )
        for event in events
    ]


def _fields(proposal: Proposal) -> Document:
    values = asdict(proposal)
    del values["id"]
    values["budget"] = [asdict(line) for line in proposal.budget]
    values["terms"]["majority"] = proposal.terms.majority.value
    values["expenses"] = [{**asdict(one), "receipts": list(one.receipts)} for one in proposal.expenses]
    return {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}


def _entry(entry: Entry) -> Document:
    return {**asdict(entry), "status": entry.status.value}


def _proposal(document: Document) -> Proposal:
    values = {name: document[name] for name in _NAMES}
    return Proposal(
        **{
            **values,
            "id": document["_id"],
            "status": Status(document["status"]),
            "budget": tuple(BudgetLine(**one) for one in document["budget"]),
            "terms": Terms(**{**document["terms"], "majority": Majority(document["terms"]["majority"])}),
            "tally": Tally(**document["tally"]),
            "funding": Funding(**document["funding"]),
            "expenses": tuple(_expense(one) for one in document["expenses"]),
        }
    )


def _expense(document: Document) -> Expense:
    void = document.get("void")
    return Expense(
        **{
            **document,
            "receipts": tuple(document["receipts"]),
            "void": Voiding(**void) if void is not None else None,
        }
    )
