"""Registrations as documents."""

from datetime import date

from chassis.mongo import Document
from services.points.timebank.members.domain import Registration, Relatives

MEMBERS, RELATIVES = "time_bank_members", "time_bank_relatives"


def registration_of(member: str, document: Document | None) -> Registration:
    """What is registered of a member; nothing, where there is no document."""
    if document is None:
        return Registration(member)
    begins = document["may_redeem_from"]
    return Registration(
        member,
        date.fromisoformat(begins) if begins else None,
        document["group"],
        document["by"],
        document["at"],
    )


def relatives_of(document: Document) -> Relatives:
    """A registration of relatives as it was stored."""
    first, second = document["members"]
    return Relatives(str(document["_id"]), (first, second), document["by"], document["at"])
