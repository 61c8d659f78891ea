"""Registrations ↔ documents; the only writer of them."""

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from chassis.errors import missing
from chassis.mongo import Mongo
from services.points.store import JournalStore
from services.points.timebank.members.documents import MEMBERS, RELATIVES, registration_of, relatives_of
from services.points.timebank.members.domain import Registration, Relatives, pair


class RegistryStore:
    """What staff have registered of members."""

    def __init__(self, mongo: Mongo, journal: JournalStore) -> None:
        self._mongo = mongo
        self._journal = journal

    def ensure_indexes(self) -> None:
        """One document a pair of relatives; lists by member."""
        relatives = self._mongo[RELATIVES]
        relatives.create_index("pair", unique=True)
        relatives.create_index([("members", 1), ("order", 1)])

    def knows(self, member: str) -> bool:
        """Whether there is such a member."""
        return ":" not in member and self._journal.knows(member)

    def of_member(self, member: str, session: ClientSession | None = None) -> Registration:
        """What is registered of a member; nothing, where nothing is."""
        found = self._mongo[MEMBERS].find_one({"_id": member}, session=session)
        return registration_of(member, found)

    def put(self, registration: Registration) -> None:
        """The last word stands."""
        begins = registration.may_redeem_from
        values = {
            "may_redeem_from": begins.isoformat() if begins else None,
            "group": registration.group,
            "by": registration.by,
            "at": registration.at,
        }
        self._mongo[MEMBERS].replace_one({"_id": registration.member}, values, upsert=True)

    def relate(self, relatives: Relatives) -> Relatives:
        """What stands for the pair, from now or before."""
        document = {
            "_id": relatives.id,
            "order": relatives.id,
            "pair": relatives.pair,
            "members": list(relatives.members),
            "by": relatives.by,
            "at": relatives.at,
        }
        try:
            self._mongo[RELATIVES].insert_one(document)
        except DuplicateKeyError:
            found = self._mongo[RELATIVES].find_one({"pair": relatives.pair})
            return relatives_of(found) if found else relatives
        return relatives

    def are_related(self, one: str, other: str, session: ClientSession) -> bool:
        """Whether two members are registered as lineal relatives."""
        found = self._mongo[RELATIVES].find_one({"pair": pair(one, other)}, {"_id": 1}, session=session)
        return found is not None

    def relatives(self, relatives_id: str) -> Relatives:
        """Raises NotFound."""
        found = self._mongo[RELATIVES].find_one({"_id": relatives_id})
        if found is None:
            raise missing("亲属登记", "registration of relatives")
        return relatives_of(found)

    def end(self, relatives_id: str) -> None:
        """Remove a registration of relatives."""
        self._mongo[RELATIVES].delete_one({"_id": relatives_id})

    def forget(self, member: str) -> None:
        """Remove all that is registered of a member."""
        self._mongo[MEMBERS].delete_one({"_id": member})
        self._mongo[RELATIVES].delete_many({"members": member})
