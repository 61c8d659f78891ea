"""Areas ↔ documents."""

from chassis import outbox
from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate, Conflict
from chassis.events import envelope
from chassis.identity import ancestors
from chassis.mongo import Mongo
from services.volunteer.areas.domain import Area
from services.volunteer.areas.events import AreaDefined


class AreaStore:
    """The areas of the district; the only writer of them."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def ensure_indexes(self) -> None:
        """For the tree and the relay."""
        self._mongo["areas"].create_index("scopes")
        outbox.ensure_indexes(self._mongo["areas"])

    def find(self, code: str) -> Area | None:
        """The area with this code, if there is one."""
        found = self._mongo["areas"].find_one({"_id": code})
        return Area(code, found["name"], found["boundary"], found["version"]) if found else None

    def save(self, area: Area, event: AreaDefined, clock: Clock) -> None:
        """Insert or change an area together with its event. Raises Conflict when somebody was faster."""
        envelopes = [
            envelope(
                event,
                source="volunteer",
                subject=area.code,
                sequence=area.version,
                area=area.code,
                at=clock(),
            )
        ]
        fields = {"name": area.name, "boundary": area.boundary, "version": area.version}
        if area.version == 1:
            document = {"_id": area.code, "scopes": ancestors(area.code), **fields}
            if not outbox.insert(self._mongo["areas"], document, envelopes):
                raise _raced()
            return
        try:
            outbox.save(self._mongo["areas"], area.code, area.version, envelopes, set_fields=fields)
        except ConcurrentUpdate:
            raise _raced() from None


def _raced() -> Conflict:
    return Conflict("area-changed", zh="该区域刚被他人修改。", en="Somebody changed this area: look again.")
