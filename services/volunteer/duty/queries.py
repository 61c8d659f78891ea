"""Shifts as callers see them."""

from typing import Any

from chassis import paging
from chassis.errors import NotAllowed, missing
from chassis.identity import Actor
from chassis.mongo import Mongo
from services.volunteer.duty import domain
from services.volunteer.duty.documents import shift_of
from services.volunteer.duty.shift import Duty, Shift


class ShiftQueries:
    """Reads shifts."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def one(self, identifier: str, actor: Actor) -> dict[str, Any]:
        """A shift by its id, or by that of a duty on it, which is what messages name.

        Raises NotFound, also for those it does not concern.
        """
        shifts = self._mongo["shifts"]
        found = shifts.find_one({"_id": identifier}) or shifts.find_one(
            {"lists": identifier, "order": {"$gte": ""}}
        )
        shift = shift_of(found) if found else None
        if (
            shift is None
            or identifier
            not in {shift.id, *(one.id for one in shift.duties)}  # areas and members are in `lists` too
            or not domain.may_read(actor, shift)
        ):
            raise missing("班次", "shift")
        return view(shift, actor)

    def page(
        self, actor: Actor, *, area: str, member: str | None, limit: int, cursor: str | None
    ) -> paging.Page:
        """Shifts, those opened last first. Raises NotAllowed for areas that are none of the actor's."""
        if member != actor.member_id and not domain.may_list(actor, area):
            raise NotAllowed(
                "not-your-area",
                zh="只能查看自己的班次，或您所在区域的班次。",
                en="List your own (member=me), or those of an area you work in (area=…).",
            )
        page = paging.newest_first(
            self._mongo["shifts"],
            {"lists": member or area},
            where={"lists": area} if member else None,
            limit=limit,
            cursor=cursor,
            projection={"outbox": 0},
        )
        return paging.Page([view(shift_of(one), actor) for one in page.items], page.next)


def view(shift: Shift, actor: Actor) -> dict[str, Any]:
    """A shift as it is shown: who else is on it, and for who verifies it how they did."""
    sees_all = domain.leads(actor, shift.area)
    duties = [
        vars(one) if sees_all or one.member == actor.member_id else _without_details(one)
        for one in shift.duties
    ]
    return {**vars(shift), "taken": len(duties), "duties": duties}


def _without_details(duty: Duty) -> dict[str, Any]:
    return {**dict.fromkeys(vars(duty)), "id": duty.id, "member": duty.member, "status": duty.status}
