"""Donations as their donors, the keeper and everybody else may see them."""

from collections.abc import Callable

from chassis import paging
from chassis.errors import missing
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.points.documents import posting_of
from services.points.domain import Posting
from services.points.donations.donation import TAKEN, Donation, Status, parties
from services.points.donations.flow import follow
from services.points.donations.trace import trace, whereabouts
from services.points.shop.item import KEEPERS

_TAKEN = sorted(one.value for one in TAKEN)


class DonationQueries:
    """Reads donations; `read` makes one of a document."""

    def __init__(self, mongo: Mongo, read: Callable[[Document], Donation]) -> None:
        self._mongo = mongo
        self._read = read

    def one(self, donation_id: str, actor: Actor) -> Document:
        """Raises NotFound, also for what others have offered and the shop has not taken."""
        document = self._mongo["donations"].find_one({"_id": donation_id})
        if document is None:
            raise missing("捐赠", "donation")
        donation = self._read(document)
        if donation.status not in TAKEN and not parties(donation, actor):
            raise missing("捐赠", "donation")
        return _shown(donation, actor)

    def page(
        self, area: str | None, status: str | None, actor: Actor, limit: int, cursor: str | None
    ) -> paging.Page:
        """One's own donations, or those of an area, newest first.

        What the shop has not taken is listed for its donor and its keeper only.
        """
        wanted = {status} if status is not None else {one.value for one in Status}
        if area is not None and not actor.has_any(KEEPERS, area):
            wanted &= set(_TAKEN)
        page = paging.newest_first(
            self._mongo["donations"],
            {"lists": area or actor.member_id},
            where={"status": {"$in": sorted(wanted)}},
            limit=limit,
            cursor=cursor,
        )
        return paging.Page([_shown(self._read(one), actor) for one in page.items], page.next)

    def trace(self, donation_id: str) -> Document:
        """Where its money went, without a word of who gave it. Raises NotFound for what was not taken."""
        document = self._mongo["donations"].find_one({"_id": donation_id})
        if document is None or document["status"] not in _TAKEN:
            raise missing("捐赠", "donation")
        donation = self._read(document)
        own = self._postings(donation.account)
        found = trace(donation.account, own.values())
        where = whereabouts(donation.account, follow(donation.account, own, self._postings).pieces())
        return {
            "donation": donation.id,
            "number": donation.number,
            "kind": donation.kind.value,
            "status": donation.status.value,
            "received": found.received,
            "costs": found.costs,
            "net": found.net,
            "allocated": found.allocated,
            "unallocated": found.unallocated,
            "parts": [vars(part) for part in found.parts],
            "destinations": [vars(one) for one in where.destinations],
            "waiting": [{"fund": name, "amount": amount} for name, amount in where.waiting.items()],
            "elsewhere": [{"kind": kind, "amount": amount} for kind, amount in where.elsewhere.items()],
        }

    def _postings(self, account: str) -> dict[str, Posting]:
        """All postings of an account, each with its place in the journal's order."""
        found = self._mongo["journal"].find({"lists": account}, {"outbox": 0})
        return {str(one["order"]): posting_of(one) for one in found}


def _shown(donation: Donation, actor: Actor) -> Document:
    """A donation as the actor may see it: receipt and history for donor and keeper."""
    concerned = bool(parties(donation, actor))
    return {
        **vars(donation),
        "account": donation.account,
        "donor": donation.donor if concerned or not donation.donor.anonymous else None,
        "receipt": donation.receipt if concerned else None,
        "history": donation.history if concerned else (),
    }
