"""Photos ↔ documents, and their files; the only writer of both.

A document names every file before it is written and until it is removed, so that whatever dies half-way
leaves nothing that the sweep does not find.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from chassis.clock import new_ulid
from chassis.errors import ConcurrentUpdate, missing
from chassis.identity import ancestors
from chassis.media import THUMBNAIL, MediaFiles
from chassis.mongo import Document, Mongo
from chassis.pictures import Picture
from services.issues.media.documents import WAITING, document_of, photo_of, use_document
from services.issues.media.domain import (
    NOBODY,
    UNUSED_TIME,
    WORK_TIME,
    Act,
    Moderation,
    Photo,
    Rectangle,
    Use,
    UseKind,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_USES = 1000


class PhotoStore:
    """The photos of the district."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._files = MediaFiles(mongo)

    @property
    def _photos(self) -> Collection[Document]:
        return self._mongo["photos"]

    def ensure_indexes(self) -> None:
        """The sweep finds by time what it has to look at, and staff what waits for them.

        Only photos that wait have the fields of the last index, so that nothing else stands in it.
        """
        self._photos.create_index("check_at")
        self._photos.create_index("owner")
        self._photos.create_index([("waiting_in", 1), ("order", 1)], sparse=True)

    def get(self, photo_id: str) -> Photo:
        """Raises NotFound, also for one that is not stored yet or being removed."""
        document = self._photos.find_one({"_id": photo_id})
        if document is None or document["file"] is None:
            raise missing("照片", "photo")
        return photo_of(document)

    def add(self, photo_id: str, owner: str, picture: Picture, at: datetime) -> Photo:
        """Store a new photo; where its id is stored already, the stored one is the answer."""
        name = f"{photo_id}.{new_ulid()}"
        photo = Photo(
            id=photo_id,
            owner=owner,
            at=at,
            content_type=picture.content_type,
            size=len(picture.body),
            width=picture.width,
            height=picture.height,
            leftovers=(name,),
            check_at=at + WORK_TIME,
        )
        try:
            self._photos.insert_one(document_of(photo))
        except DuplicateKeyError:
            stored = self._photos.find_one({"_id": photo_id})
            if stored is not None and stored["file"] is not None:
                return photo_of(stored)
            if stored is not None:  # its first upload died half-way
                photo = self.save(replace(photo, leftovers=(*stored["leftovers"], name)), stored["version"])
        self._put(name, picture)
        until = at + UNUSED_TIME
        rest = tuple(one for one in photo.leftovers if one != name)
        check_at = at if rest else until
        return self.save(
            replace(photo, file=name, leftovers=rest, unused_until=until, check_at=check_at), photo.version
        )

    def save(self, photo: Photo, version: int) -> Photo:
        """Write the new state over `version`. Raises ConcurrentUpdate where that is not what is stored."""
        saved = replace(photo, version=version + 1)
        document = document_of(saved)
        photo_id = document.pop("_id")
        change: Document = {"$set": document}
        if photo.moderation is not Moderation.AWAITING:
            change["$unset"] = dict.fromkeys(WAITING, "")
        done = self._photos.update_one({"_id": photo_id, "version": version}, change)
        if not done.matched_count:
            raise ConcurrentUpdate(photo_id)
        return saved

    def announce(self, photo: Photo, at: datetime) -> str:
        """Take a photo for painting; returns the name of its next file. Raises ConcurrentUpdate."""
        name = f"{photo.id}.{new_ulid()}"
        until = at + WORK_TIME
        change = {
            "$push": {"leftovers": name},
            "$set": {"busy_until": until, "check_at": until},
            "$inc": {"version": 1},
        }
        if not self._photos.update_one({"_id": photo.id, "version": photo.version}, change).matched_count:
            raise ConcurrentUpdate(photo.id)
        return name

    def repaint(
        self, photo: Photo, name: str, picture: Picture, boxes: Sequence[Rectangle], act: Act
    ) -> Photo:
        """Put other pixels in the place of a photo's. Raises ConcurrentUpdate for whoever took too long.

        The old file is left over from this moment on: whoever tends the photo removes it.
        """
        self._put(name, picture)
        changed = self._photos.update_one(
            {"_id": photo.id, "file": photo.file, "leftovers": name},
            {
                "$set": {
                    "file": name,
                    "size": len(picture.body),
                    "leftovers": [*photo.leftovers, photo.file],
                    "busy_until": None,
                    "check_at": act.at,
                },
                "$push": {
                    "redactions": {"$each": [asdict(one) for one in boxes]},
                    "unlogged": asdict(act),
                },
                "$inc": {"version": 1},
            },
        )
        if not changed.matched_count:
            raise ConcurrentUpdate(photo.id)
        return self.get(photo.id)

    def abandon(self, photo_id: str, name: str, at: datetime) -> None:
        """Give a photo back unpainted; the sweep removes what was written of its next file."""
        self._photos.update_one(
            {"_id": photo_id, "leftovers": name},
            {"$set": {"busy_until": None, "check_at": at}, "$inc": {"version": 1}},
        )

    def clear(self, photo: Photo) -> None:
        """Remove the files that are left over; the document still names them."""
        for name in photo.leftovers:
            self._files.remove(name)
            self._files.remove(name + THUMBNAIL)

    def hold(
        self, photo_ids: Sequence[str], owner: str, issue_id: str, area: str, *, moderated: bool, at: datetime
    ) -> bool:
        """Whether all are there and the owner's; if so, none is taken for unused for a day from now on.

        Called before the issue is saved that will refer to them. Whether it was, the sweep finds out. Those
        that are to be `moderated` wait for the staff of the issue's area from now on.
        """
        scopes = ancestors(area) if moderated else ()
        return self._claim(photo_ids, owner, Use(UseKind.ISSUE, issue_id), scopes, at)

    def hold_receipts(self, photo_ids: Sequence[str], owner: str, proposal_id: str, at: datetime) -> bool:
        """The same for the receipts of an expense."""
        return self._claim(photo_ids, owner, Use(UseKind.RECEIPT, proposal_id), (), at)

    def _claim(
        self, photo_ids: Sequence[str], owner: str, use: Use, waiting_in: Sequence[str], at: datetime
    ) -> bool:
        found = self._photos.find({"_id": {"$in": list(photo_ids)}}, {"owner": 1, "file": 1, "uses": 1})
        free = {
            one["_id"]
            for one in found
            if one["owner"] == owner and one["file"] is not None and len(one["uses"]) < _MOST_USES
        }
        if not free.issuperset(photo_ids):
            return False
        until = at + UNUSED_TIME
        change = {
            "$set": {"unused_until": until, "check_at": until},
            "$addToSet": {"uses": use_document(use)},
            "$inc": {"version": 1},
        }
        return all(self._hold(one, change, waiting_in) for one in photo_ids)

    def _hold(self, photo_id: str, change: Document, waiting_in: Sequence[str]) -> bool:
        there = {"_id": photo_id, "file": {"$ne": None}}
        if waiting_in:
            undecided = [Moderation.OPEN.value, Moderation.AWAITING.value]
            self._photos.update_one(
                {**there, "moderation": {"$in": undecided}},
                {
                    "$set": {"moderation": Moderation.AWAITING.value, "order": photo_id},
                    "$addToSet": {"waiting_in": {"$each": list(waiting_in)}},
                    "$inc": {"version": 1},
                },
            )
        return bool(self._photos.update_one(there, change).matched_count)

    def follow(self, photo_ids: Sequence[str], area: str) -> None:
        """Put photos that wait before the staff of another area too; doing so again changes nothing.

        Where they waited before they stay: whoever lists them leaves out what is shown elsewhere by now.
        """
        for photo_id in photo_ids:
            self._photos.update_one(
                {"_id": photo_id, "moderation": Moderation.AWAITING.value, "waiting_in": {"$ne": area}},
                {
                    "$set": {"order": photo_id},
                    "$addToSet": {"waiting_in": {"$each": ancestors(area)}},
                    "$inc": {"version": 1},
                },
            )

    def link(self, photo_ids: Sequence[str], owner: str, use: Use) -> None:
        """Note that something outside of issues refers to photos of its author; others' are left alone."""
        for photo_id in photo_ids:
            self._photos.update_one(
                {"_id": photo_id, "owner": owner, "file": {"$ne": None}},
                {"$addToSet": {"uses": use_document(use)}, "$inc": {"version": 1}},
            )

    def let_go(self, photo_ids: Sequence[str], at: datetime) -> None:
        """Have the sweep remove photos that nothing refers to any more, without waiting for a day.

        Letting go again changes nothing. Raises ConcurrentUpdate where somebody writes to one just now.
        """
        for document in list(self._photos.find({"_id": {"$in": list(photo_ids)}})):
            photo = photo_of(document)
            self.save(replace(photo, unused_until=at, check_at=at), photo.version)

    def forget(self, owner: str, at: datetime) -> None:
        """Forget who uploaded photos, and let go of them: those that an issue shows go with the issue."""
        for document in list(self._photos.find({"owner": owner})):
            photo = photo_of(document)
            uses = tuple(one for one in photo.uses if one.kind is not UseKind.ACTIVITY)
            nobodys = replace(photo, owner=NOBODY, uses=uses, unused_until=at, check_at=at)
            try:
                self.save(nobodys, photo.version)
            except ConcurrentUpdate:
                continue  # whoever forgets comes by again

    def due(self, at: datetime, most: int) -> list[Photo]:
        """Photos that the sweep has to look at by `at`."""
        found = self._photos.find({"check_at": {"$gte": _EPOCH, "$lte": at}})
        return [photo_of(one) for one in found.limit(most)]

    def remove(self, photo: Photo) -> None:
        """Remove a photo with its files. Raises ConcurrentUpdate where somebody began to use it meanwhile."""
        files = (*photo.leftovers, *((photo.file,) if photo.file else ()))
        marked = self.save(replace(photo, file=None, leftovers=files), photo.version)
        self.clear(marked)
        self._photos.delete_one({"_id": marked.id, "version": marked.version})

    def open(self, file_id: str) -> tuple[str, int, Iterator[bytes]]:
        """Content type, size and body of a photo, or of the thumbnail that its id with a suffix names.

        Raises NotFound.
        """
        photo = self.get(file_id.removesuffix(THUMBNAIL))
        suffix = THUMBNAIL if file_id.endswith(THUMBNAIL) else ""
        return self._files.open(f"{photo.file}{suffix}")

    def read(self, photo: Photo) -> bytes:
        """A photo's body. Raises NotFound."""
        return self._files.read(str(photo.file))

    def _put(self, name: str, picture: Picture) -> None:
        self._files.put(name + THUMBNAIL, picture.thumbnail, "image/jpeg")
        self._files.put(name, picture.body, picture.content_type)
