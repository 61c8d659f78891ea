"""Shifts ↔ documents."""

from dataclasses import asdict

from chassis.identity import ancestors
from chassis.mongo import Document
from services.volunteer.duty.shift import Duty, Shift, Status


def shift_document(shift: Shift) -> Document:
    """What is kept of a shift but its id.

    `lists` is all that it is found by: the areas it lies in, who is signed up, and their duties. `members`
    are in an index of their own, with the end of the shift: what somebody has before them is little.
    """
    values = asdict(shift)
    del values["id"]
    duties = [{**one, "status": one["status"].value} for one in values["duties"]]
    members = [one.member for one in shift.duties]
    lists = [*ancestors(shift.area), *members, *(one.id for one in shift.duties)]
    return {
        **values,
        "order": shift.id,
        "skills": list(shift.skills),
        "duties": duties,
        "members": members,
        "lists": lists,
    }


def shift_of(document: Document) -> Shift:
    """The shift of a document."""
    plain = ("area", "post", "kind", "starts_at", "ends_at", "seats", "created_by", "created_at", "version")
    return Shift(
        id=document["_id"],
        skills=tuple(document["skills"]),
        duties=tuple(Duty(**{**one, "status": Status(one["status"])}) for one in document["duties"]),
        **{name: document[name] for name in plain},
    )


def own_duties(shifts: list[Shift], member: str) -> list[Document]:
    """The duties of a member, each with the shift it is on."""
    return [
        {
            **vars(duty),
            **{name: getattr(one, name) for name in ("area", "post", "kind", "starts_at", "ends_at")},
        }
        | {"shift": one.id}
        for one in shifts
        if (duty := one.duty_of(member))
    ]
