"""The record of contact look-ups; the only writer of it."""

from dataclasses import asdict

from chassis.identity import ancestors
from chassis.mongo import Mongo
from services.volunteer.privacy.domain import ContactView


class ContactViewStore:
    """Look-ups are added, never changed; the reasons given go when the member is erased."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def ensure_indexes(self) -> None:
        """They are listed by area and by member."""
        views = self._mongo["contact_views"]
        views.create_index([("scopes", 1), ("order", 1)])
        views.create_index([("whom", 1), ("order", 1)])

    def add(self, view: ContactView) -> None:
        """Record a look-up."""
        document = asdict(view)
        document["_id"] = document.pop("id")
        self._mongo["contact_views"].insert_one(
            {**document, "order": view.id, "scopes": ancestors(view.area)}
        )

    def forget(self, member: str) -> None:
        """Remove the reasons: they may name the member."""
        self._mongo["contact_views"].update_many(
            {"whom": member, "order": {"$gte": ""}}, {"$set": {"reason": ""}}
        )
