"""Proposals as callers see them, and their public accounts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chassis import paging
from chassis.errors import Conflict, NotAllowed, missing
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.issues.proposals.proposal import COMMUNITY_LENGTH, COUNCIL_ROLES, STAFF_ROLES, Status

_COLLECTION = "proposals"
_LISTED = {"history": 0, "outbox": 0, "voters": 0, "ballots": 0}
_INSIDERS = STAFF_ROLES | COUNCIL_ROLES


@dataclass(frozen=True)
class Filters:
    """What a list may be narrowed by. `mine`: the actor's own only, drafts included."""

    area: str
    status: str | None = None
    mine: bool = False


class ProposalQueries:
    """Reads proposals. `link` makes the signed URL of a photo."""

    def __init__(self, mongo: Mongo, link: Callable[[str], str]) -> None:
        self._mongo = mongo
        self._link = link

    def one(self, proposal_id: str, actor: Actor) -> Document:
        """One proposal. Raises NotFound, also for drafts of others."""
        return self._view(self._read(proposal_id, actor, _LISTED), actor)

    def history(self, proposal_id: str, actor: Actor) -> list[Document]:
        """Who did what, when and why, in order. Raises NotFound."""
        document = self._read(proposal_id, actor, {"outbox": 0, "voters": 0, "ballots": 0})
        history: list[Document] = document["history"]
        return history

    def page(self, filters: Filters, actor: Actor, limit: int, cursor: str | None) -> paging.Page:
        """A page of proposals, newest first; drafts only among one's own."""
        match: dict[str, Any] = {"author": actor.member_id} if filters.mine else {}
        if not match or len(filters.area) > 6:
            match["scopes"] = filters.area
        if filters.status is not None:
            match["status"] = filters.status
        if not filters.mine:
            match.setdefault("status", {"$ne": Status.DRAFT.value})
            if match["status"] == Status.DRAFT:
                return paging.Page([], None)
        page = paging.newest_first(
            self._mongo[_COLLECTION], match, limit=limit, cursor=cursor, projection=_LISTED
        )
        return paging.Page([self._view(one, actor) for one in page.items], page.next)

    def has_voted(self, proposal_id: str, voter: str) -> bool:
        """Whether a voter's key is among those of the present voting."""
        found = self._mongo[_COLLECTION].find_one({"_id": proposal_id, "voters": voter}, {"_id": 1})
        return found is not None

    def ballots(self, proposal_id: str, actor: Actor) -> list[Document]:
        """Who voted what in an open ballot that has ended. Raises NotFound, NotAllowed, Conflict."""
        document = self._read(proposal_id, actor, {"history": 0, "outbox": 0, "voters": 0})
        if document["terms"]["secret"]:
            raise NotAllowed(
                "secret-ballot", zh="该表决为无记名投票。", en="The ballot is secret: only counts exist."
            )
        if _hides_tally(document):
            raise Conflict("voting-on", zh="表决尚未结束。", en="The votes are shown when the voting ends.")
        ballots: list[Document] = document["ballots"]
        return ballots

    def account(self, proposal_id: str) -> Document:
        """The public account. Raises NotFound for what was never put to a vote."""
        document = self._mongo[_COLLECTION].find_one({"_id": proposal_id}, _LISTED)
        if document is None or document["opened_at"] is None:
            raise missing("方案", "proposal")
        spent = sum(one["amount"] for one in document["expenses"] if one.get("void") is None)
        allocated = document["funding"]["allocated"] or 0
        donated = document["funding"].get("donated", 0)
        returned = document["funding"]["returned"] or 0
        return {
            **document,
            "id": document["_id"],
            "asked": sum(line["amount"] for line in document["budget"]),
            "allocated": allocated,
            "donated": donated,
            "spent": spent,
            "returned": returned,
            "rest": allocated + donated - spent - returned,
            "expenses": [{**one, "receipts": len(one["receipts"])} for one in document["expenses"]],
        }

    def _read(self, proposal_id: str, actor: Actor, projection: dict[str, int]) -> Document:
        document = self._mongo[_COLLECTION].find_one({"_id": proposal_id}, projection)
        if document is None or (document["status"] == Status.DRAFT and not _is_insider(document, actor)):
            raise missing("方案", "proposal")
        return document

    def _view(self, document: Document, actor: Actor) -> Document:
        """A document as the actor may see it: counts when the voting is over, receipts by insiders."""
        tally = document["tally"]
        receipts = self._links if _is_insider(document, actor) else lambda _: []
        return {
            **document,
            "id": document["_id"],
            "community": document["area"][:COMMUNITY_LENGTH],
            "asked": sum(line["amount"] for line in document["budget"]),
            "votes_cast": sum(tally.values()),
            "tally": None if _hides_tally(document) else tally,
            "expenses": [{**one, "receipts": receipts(one["receipts"])} for one in document["expenses"]],
        }

    def _links(self, receipts: list[str]) -> list[Document]:
        return [
            {"id": one, "url": self._link(one), "thumbnail_url": self._link(f"{one}-thumbnail")}
            for one in receipts
        ]


def _hides_tally(document: Document) -> bool:
    return document["opened_at"] is None or document["status"] == Status.VOTING


def _is_insider(document: Document, actor: Actor) -> bool:
    return actor.member_id == document["author"] or actor.has_any(_INSIDERS, document["area"])
