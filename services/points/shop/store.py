"""Items and orders ↔ documents, beside holds and the journal; the only writer of both."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta

from pymongo.client_session import ClientSession

from chassis import outbox
from chassis.errors import ConcurrentUpdate, missing
from chassis.events import Event, envelope
from chassis.identity import ancestors
from chassis.mongo import Document, Mongo
from services.points.domain import Posting
from services.points.holds.domain import Hold
from services.points.holds.store import HoldStore
from services.points.shop import domain, item
from services.points.shop.item import Item, OutOfStock, State, Withdrawn
from services.points.shop.order import Change, Entry, Order, Status, Ties
from services.points.store import JournalStore

_SUPPLIES_KEPT = 50
_COUNTS_KEPT = timedelta(days=100)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ShelfStore:
    """The items of the shop."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def ensure_indexes(self) -> None:
        """For the lists and the relay; it also makes the collection, which a transaction may not."""
        self._mongo["shop_items"].create_index([("scopes", 1), ("order", 1)])
        outbox.ensure_indexes(self._mongo["shop_items"])

    def knows_area(self, area: str) -> bool:
        """Whether there is such an area, by the local copy."""
        return self._mongo["areas"].find_one({"_id": area}, {"_id": 1}) is not None

    def get(self, item_id: str, session: ClientSession | None = None) -> Item:
        """Raises NotFound."""
        document = self._mongo["shop_items"].find_one({"_id": item_id}, session=session)
        if document is None:
            raise missing("商品", "item")
        names = {one.name for one in fields(Item)} - {"id", "media", "state"}
        return Item(
            id=item_id,
            media=tuple(document["media"]),
            state=State(document["state"]),
            **{name: document[name] for name in names},
        )

    def add(self, new: Item, actor: str) -> Item:
        """Insert an item; where its id is stored already, the stored one is the answer."""
        added = outbox.insert(self._mongo["shop_items"], _shelved(new), _told(new, actor, new.created_at))
        return new if added else self.get(new.id)

    def put(self, new: Item, actor: str, session: ClientSession) -> None:
        """Insert an item within a transaction."""
        document = outbox.fresh(_shelved(new), _told(new, actor, new.created_at))
        self._mongo["shop_items"].insert_one(document, session=session)

    def save(self, edited: Item, actor: str, at: datetime) -> None:
        """Write what is said of an item, not its stock. Raises ConcurrentUpdate."""
        values = _values(edited)
        del values["stock"]
        events = _told(edited, actor, at)
        outbox.save(self._mongo["shop_items"], edited.id, edited.version, events, set_fields=values)

    def supply(self, item_id: str, quantity: int, supply_id: str) -> None:
        """Move the stock, once an id, in one conditional write. Raises OutOfStock, NotFound."""
        enough = {"_id": item_id, "stock": {"$gte": -quantity}, "supplies": {"$ne": supply_id}}
        kept = {"$each": [supply_id], "$slice": -_SUPPLIES_KEPT}
        change = {"$inc": {"stock": quantity}, "$push": {"supplies": kept}}
        if self._mongo["shop_items"].update_one(enough, change).matched_count:
            return
        if self._mongo["shop_items"].find_one({"_id": item_id, "supplies": supply_id}, {"_id": 1}) is None:
            raise OutOfStock(self.get(item_id).stock)

    def take(self, item_id: str, quantity: int, session: ClientSession) -> None:
        """Take some off the shelf, or put it back (below zero), within a transaction. Raises OutOfStock."""
        taken = self._mongo["shop_items"].update_one(
            {"_id": item_id, "stock": {"$gte": quantity}}, {"$inc": {"stock": -quantity}}, session=session
        )
        if not taken.matched_count:
            raise OutOfStock(self.get(item_id, session).stock)

    def withdraw(self, item_id: str, session: ClientSession) -> None:
        """Take an item out of the shop with all that is left of it, within a transaction."""
        change = {"$set": {"state": State.WITHDRAWN.value, "stock": 0}, "$inc": {"version": 1}}
        self._mongo["shop_items"].update_one({"_id": item_id}, change, session=session)

    def take_ordered(self, order: Order, session: ClientSession) -> Item:
        """Take off the shelf what is ordered, within a transaction; the check is in the write.

        Raises Withdrawn, OutOfStock, and ConcurrentUpdate where it costs something else by now.
        """
        wanted = {
            "_id": order.item,
            "state": State.LISTED.value,
            "price": order.price,
            "stock": {"$gte": order.quantity},
        }
        taken = self._mongo["shop_items"].update_one(
            wanted, {"$inc": {"stock": -order.quantity}}, session=session
        )
        found = self.get(order.item, session)
        if taken.matched_count:
            return found
        if found.state is not State.LISTED:
            raise Withdrawn
        if found.price != order.price:
            raise ConcurrentUpdate(order.item)
        raise OutOfStock(found.stock)


class OrderStore:
    """The orders, and how much of an item a person has ordered in a month."""

    def __init__(self, mongo: Mongo, journal: JournalStore, holds: HoldStore, shelf: ShelfStore) -> None:
        self._mongo = mongo
        self._journal = journal
        self._holds = holds
        self._shelf = shelf

    def ensure_indexes(self) -> None:
        """One order a key; lists by buyer and area; what is over; the relay; old counts go by themselves."""
        orders = self._mongo["shop_orders"]
        orders.create_index("key", unique=True)
        orders.create_index([("lists", 1), ("order", 1)])
        orders.create_index("open_until", sparse=True)
        outbox.ensure_indexes(orders)
        self._mongo["shop_counts"].create_index("forget_at", expireAfterSeconds=0)

    def get(self, order_id: str) -> Order:
        """Raises NotFound."""
        document = self._mongo["shop_orders"].find_one({"_id": order_id})
        if document is None:
            raise missing("兑换单", "order")
        return _order(document)

    def by_key(self, key: str) -> Order | None:
        """The order that has this key."""
        document = self._mongo["shop_orders"].find_one({"key": key})
        return _order(document) if document else None

    def ties(self, order: Order) -> Ties:
        """What the order is tied to in the ledger."""
        paid = self._journal.get(order.posting) if order.posting else None
        return Ties(self._holds.get(order.hold), paid)

    def reserve(self, order: Order, hold: Hold) -> Order:
        """Write an order, its hold and what it takes off the shelf, all or nothing; see `commands.Orders`."""

        def write(session: ClientSession) -> None:
            # The item first: it is what others want too, and whoever meets them has then done little in vain.
            found = self._shelf.take_ordered(order, session)
            document = {
                **_order_values(order),
                "_id": order.id,
                "order": order.id,
                "lists": [order.member, *ancestors(order.area)],
                "open_until": order.reserved_until,
            }
            self._mongo["shop_orders"].insert_one(outbox.fresh(document, []), session=session)
            self._count(order, found.monthly_limit, session)
            self._holds.set_aside(hold, session)

        self._journal.transact(write, lambda: self.by_key(order.key) is not None)
        return self.by_key(order.key) or order

    def save(self, change: Change, at: datetime) -> None:
        """Write a change, all or nothing.

        Raises ConcurrentUpdate when somebody was first.
        """
        if change.hold is None and change.posting is None:
            self._put(change, at, None)
            return

        def write(session: ClientSession) -> None:
            self._put(change, at, session)
            if change.hold is not None:
                self._holds.conclude(change.hold, change.posting, session)
            elif change.posting is not None:
                self._journal.write(change.posting, session)
            if change.restock:
                self._shelf.take(change.order.item, -change.restock, session)
            if change.uncount:
                self._mongo["shop_counts"].update_one(
                    {"_id": _count_id(change.order)},
                    {"$inc": {"taken": -change.order.quantity}},
                    session=session,
                )

        if not self._journal.transact(write, lambda: self._is_posted(change.posting)):
            raise ConcurrentUpdate(change.order.id)

    def due(self, at: datetime, most: int) -> list[Order]:
        """Reservations whose time is over by then."""
        over = {"open_until": {"$gte": _EPOCH, "$lte": at}}
        return [_order(one) for one in self._mongo["shop_orders"].find(over).limit(most)]

    def _is_posted(self, posting: Posting | None) -> bool:
        return posting is not None and self._journal.stored(posting.key) is not None

    def _count(self, order: Order, limit: int | None, session: ClientSession) -> None:
        """Count what the buyer orders this month. Raises Conflict above the limit."""
        counts, place = self._mongo["shop_counts"], {"_id": _count_id(order)}
        found = counts.find_one(place, session=session)
        taken = int(found["taken"]) if found else 0
        if limit is not None and taken + order.quantity > limit:
            raise domain.monthly_limit(limit, taken)
        if found is None:
            kept = {**place, "taken": order.quantity, "forget_at": order.created_at + _COUNTS_KEPT}
            counts.insert_one(kept, session=session)
            return
        as_seen = {**place, "taken": taken}
        if not counts.update_one(as_seen, {"$inc": {"taken": order.quantity}}, session=session).matched_count:
            raise ConcurrentUpdate(order.id)

    def _put(self, change: Change, at: datetime, session: ClientSession | None) -> None:
        order = change.order
        update = outbox.change(
            order.id,
            _envelopes(change.event, order.id, order.version, order.area, at),
            set_fields=_order_values(order),
        )
        if order.status is not Status.RESERVED:
            update["$unset"] = {"open_until": ""}
        was = {"_id": order.id, "version": order.version - 1}
        if not self._mongo["shop_orders"].update_one(was, update, session=session).matched_count:
            raise ConcurrentUpdate(order.id)


def _envelopes(event: Event | None, subject: str, sequence: int, area: str, at: datetime) -> list[Document]:
    if event is None:
        return []
    return [envelope(event, source="points", subject=subject, sequence=sequence, area=area, at=at)]


def _told(one: Item, actor: str, at: datetime) -> Sequence[Document]:
    return _envelopes(item.changed(one, actor), one.id, one.version, one.area, at)


def _values(one: Item) -> Document:
    values = {**asdict(one), "media": list(one.media), "state": one.state.value}
    del values["id"]
    return values


def _shelved(new: Item) -> Document:
    return {**_values(new), "_id": new.id, "order": new.id, "scopes": ancestors(new.area), "supplies": []}


def _count_id(order: Order) -> str:
    return f"{order.item}:{order.member}:{order.month}"


def _order_values(order: Order) -> Document:
    values = {**asdict(order), "status": order.status.value, "history": [vars(one) for one in order.history]}
    del values["id"]
    return values


def _order(document: Document) -> Order:
    names = {one.name for one in fields(Order)} - {"id", "status", "history"}
    return Order(
        id=str(document["_id"]),
        status=Status(document["status"]),
        history=tuple(Entry(**one) for one in document["history"]),
        **{name: document[name] for name in names},
    )
