"""Photos as callers see them, and what truly refers to one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from chassis import paging
from chassis.errors import missing
from chassis.identity import Actor
from chassis.media import THUMBNAIL
from chassis.mongo import Document, Mongo
from services.issues.cases.disclosure import OVERSEERS, TOLD_BY, withheld
from services.issues.media.domain import (
    ACTIVITY_READERS,
    Moderation,
    Photo,
    Place,
    Use,
    UseKind,
    may_see,
)

_SHOWN = {"owner": 1, "moderation": 1}
_REFERENCES = dict.fromkeys((*TOLD_BY, "media", "history.media"), 1)
States = Mapping[str, Document]
"""Photo → what is needed to decide who may see it."""


class PhotoQueries:
    """Reads photos. `link` makes the signed URL of a file; only those who may see a photo are given one."""

    def __init__(self, mongo: Mongo, link: Callable[[str], str]) -> None:
        self._mongo = mongo
        self._link = link

    def states(self, photo_ids: Iterable[str]) -> States:
        """What `links` needs of some photos, read at once."""
        wanted = sorted(set(photo_ids))
        if not wanted:
            return {}
        return {one["_id"]: one for one in self._mongo["photos"].find({"_id": {"$in": wanted}}, _SHOWN)}

    def links(
        self, photo_ids: Iterable[str], states: States, actor: Actor, place: Place
    ) -> list[dict[str, Any]]:
        """The photos of a place, with links for those who may see them and None for others."""
        return [self._entry(one, states.get(one), actor, place) for one in photo_ids]

    def _entry(self, photo_id: str, state: Document | None, actor: Actor, place: Place) -> dict[str, Any]:
        if state is None:
            return {"id": photo_id, "url": None, "thumbnail_url": None, "moderation": None}
        moderation = Moderation(state["moderation"])
        seen = may_see(state["owner"], moderation, actor, place)
        return {
            "id": photo_id,
            "url": self._link(photo_id) if seen else None,
            "thumbnail_url": self._link(photo_id + THUMBNAIL) if seen else None,
            "moderation": moderation.value,
        }

    def shown(self, photo: Photo, actor: Actor) -> dict[str, Any]:
        """A photo with its links. Raises NotFound for those who may not see it."""
        own = actor.member_id == photo.owner
        if not own and not any(
            may_see(photo.owner, photo.moderation, actor, place) for place in self.places(photo)
        ):
            raise missing("照片", "photo")
        return {
            **vars(photo),
            "moderation": photo.moderation.value,
            "redactions": len(photo.redactions),
            "url": self._link(photo.id),
            "thumbnail_url": self._link(photo.id + THUMBNAIL),
        }

    def waiting(self, area: str, limit: int, cursor: str | None) -> paging.Page:
        """A page of the photos that await moderation in an area, newest first, as its staff see them."""

        def shown(rows: Sequence[Document]) -> list[Document]:
            return [entry for row in rows if (entry := self._waiting(row, area)) is not None]

        match = {"waiting_in": area}
        return paging.newest_first(self._mongo["photos"], match, limit=limit, cursor=cursor, sift=shown)

    def _waiting(self, row: Document, area: str) -> Document | None:
        """One of them; None for one that nothing shows there, not yet or not any more."""
        uses = (Use(UseKind(one["kind"]), one["id"], one["area"]) for one in row["uses"])
        here = [one for one in self._places(row["_id"], uses) if one.area.startswith(area)]
        if row["file"] is None or not here:
            return None
        return {
            **row,
            "id": row["_id"],
            "redactions": len(row["redactions"]),
            "url": self._link(row["_id"]),
            "thumbnail_url": self._link(row["_id"] + THUMBNAIL),
            "issues": [one.issue for one in here if one.issue is not None],
        }

    def places(self, photo: Photo) -> list[Place]:
        """Where the photo is shown, as the issues and activity reports say themselves."""
        return self._places(photo.id, photo.uses)

    def _places(self, photo_id: str, uses: Iterable[Use]) -> list[Place]:
        found = (self._place(photo_id, use) for use in uses)
        return [one for one in found if one is not None]

    def _place(self, photo_id: str, use: Use) -> Place | None:
        if use.kind is UseKind.ACTIVITY:
            return Place(str(use.area), readers=ACTIVITY_READERS)
        if use.kind is UseKind.SHOP:
            return Place(str(use.area))
        if use.kind is UseKind.RECEIPT:
            return self._project(photo_id, use.id)
        issue = self._mongo["issues"].find_one({"_id": use.id}, _REFERENCES)
        if issue is None:
            return None
        refers = {*issue["media"], *(one for line in issue["history"] for one in line["media"])}
        if photo_id not in refers:
            return None
        concerned = frozenset(one for one in (issue["reporter"], issue["assignee"], issue["steward"]) if one)
        readers = OVERSEERS if withheld(issue) else None
        return Place(issue["area"], use.id, issue["assignee"], readers, concerned)

    def _project(self, photo_id: str, proposal_id: str) -> Place | None:
        proposal = self._mongo["proposals"].find_one({"_id": proposal_id}, {"area": 1, "expenses": 1})
        receipts = {one for expense in (proposal or {}).get("expenses", []) for one in expense["receipts"]}
        if proposal is None or photo_id not in receipts:
            return None
        return Place(proposal["area"], readers=ACTIVITY_READERS)
