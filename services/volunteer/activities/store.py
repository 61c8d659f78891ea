"""Activities ↔ documents."""

from dataclasses import asdict, fields

from chassis import outbox
from chassis.errors import missing
from chassis.events import envelope
from chassis.identity import ancestors
from chassis.mongo import Document, Mongo
from services.volunteer.activities.domain import Activity
from services.volunteer.activities.events import ActivityFact


class ActivityStore:
    """The activity reports; the only writer of them."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def ensure_indexes(self) -> None:
        """For the lists and the relay."""
        activities = self._mongo["activities"]
        activities.create_index([("scopes", 1), ("order", 1)])
        activities.create_index([("member", 1), ("order", 1)])
        outbox.ensure_indexes(activities)

    def get(self, activity_id: str) -> Activity:
        """Raises NotFound."""
        document = self._mongo["activities"].find_one({"_id": activity_id})
        if document is None:
            raise missing("活动", "activity")
        return _activity(document)

    def add(self, activity: Activity, event: ActivityFact) -> Activity:
        """Insert a report; where its id is stored already, the stored one is the answer."""
        document = {
            "_id": activity.id,
            "order": activity.id,
            "scopes": ancestors(activity.area),
            **_fields(activity),
        }
        added = outbox.insert(self._mongo["activities"], document, [_envelope(activity, event)])
        return activity if added else self.get(activity.id)

    def of(self, member: str) -> list[Document]:
        """All that a member filed, the oldest first."""
        found = self._mongo["activities"].find({"member": member, "order": {"$gte": ""}}, {"outbox": 0})
        return sorted(found, key=lambda one: str(one["order"]))

    def forget(self, member: str) -> None:
        """Remove a member's words and photos; that something was done, and for how long, is counted on."""
        words: Document = {"summary": "", "reason": None, "media": []}
        # With the version, so that whoever is deciding on one just now decides anew, without the words.
        for one in self.of(member):
            self._mongo["activities"].update_one({"_id": one["_id"]}, {"$set": words, "$inc": {"version": 1}})

    def save(self, activity: Activity, event: ActivityFact) -> None:
        """Write the new state and its event. Raises ConcurrentUpdate."""
        outbox.save(
            self._mongo["activities"],
            activity.id,
            activity.version,
            [_envelope(activity, event)],
            set_fields=_fields(activity),
        )


def _envelope(activity: Activity, event: ActivityFact) -> Document:
    return envelope(
        event,
        source="volunteer",
        subject=activity.id,
        sequence=activity.version,
        area=activity.area,
        at=activity.verified_at or activity.created_at,
    )


def _fields(activity: Activity) -> Document:
    values = asdict(activity)
    del values["id"]
    return {**values, "media": list(activity.media)}


def _activity(document: Document) -> Activity:
    names = {field.name for field in fields(Activity)} - {"id"}
    values = {name: document[name] for name in names}
    return Activity(**{**values, "id": document["_id"], "media": tuple(document["media"])})
