"""What a database says of a ledger, held against the model of it and against itself."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from chassis.mongo import Document, Mongo
from services.points import stripes
from services.points.documents import posting_of
from services.points.domain import debt
from services.points.integrity.books import added
from services.points.queries import LedgerQueries
from services.points.statements import domain as statements
from services.points.statements.queries import StatementQueries
from tests.integration.ledger_model import NEVER, UNITS, Model
from tests.integration.ledgers import ADMIN, DISTRICT

_LONG_AGO = datetime(2019, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class State:
    """All that is stored: accounts by their names, postings, holds."""

    accounts: dict[str, Document]
    journal: list[Document]
    holds: list[Document]

    def amount(self, account: str, unit: str, name: str) -> int:
        """A figure of an account."""
        return int(self.accounts.get(account, {}).get(unit, {}).get(name, 0))

    def lots(self, account: str, unit: str) -> dict[str, int]:
        """What expires, by its day."""
        stored = self.accounts.get(account, {}).get("lots", {}).get(unit, {})
        return {day: amount for day, amount in stored.items() if amount}


def state_of(mongo: Mongo) -> State:
    """What is stored now."""
    accounts = stripes.wholes(mongo["accounts"].find())
    journal = list(mongo["journal"].find({}, {"outbox": 0}))
    return State(accounts, journal, list(mongo["holds"].find()))


def check_books(state: State) -> None:
    """Everything sums to zero, and every balance, lot and lifetime is what the journal and holds make it."""
    sums, stated = Counter[str](), Counter[tuple[str, str]]()
    for leg in (leg for one in state.journal for leg in one["legs"]):
        sums[leg["unit"]] += leg["amount"]
        stated[leg["account"], leg["unit"]] += leg["amount"]
    assert not any(sums.values()), sums
    for account in state.accounts:
        for unit in UNITS:
            assert state.amount(account, unit, "posted") == stated[account, unit], account
    held: dict[tuple[str, str], Counter[str]] = {}
    for one in (one for one in state.holds if one["status"] == "open"):
        assert "open_until" in one
        lots = one["lots"] or {NEVER: one["amount"]}
        assert sum(lots.values()) == one["amount"]
        held.setdefault((one["account"], one["unit"]), Counter()).update(lots)
    books = added(state.journal)
    assert not books.unbalanced
    assert not books.differing(state.accounts, held)


def check_bounds(state: State) -> None:
    """Everything is between its floor and its ceiling, and the sweeps will find what there is to do."""
    for account, stored in state.accounts.items():
        for unit in UNITS:
            posted, held = state.amount(account, unit, "posted"), state.amount(account, unit, "held")
            lots = state.lots(account, unit)
            assert stored["floor"] <= posted - held <= posted <= stored["ceiling"], account
            if account.startswith("owed:"):
                assert (stored["ceiling"], held, lots) == (0, 0, {}), account
                continue
            assert (stored["floor"], held >= 0) == (0, True), account
            assert min(lots.values(), default=0) >= 0, account
            assert sum(lots.values()) <= posted - held, account
            assert not lots or "lots_due" in stored, account
        if account.startswith("owed:"):
            owed = -sum(state.amount(account, unit, "posted") for unit in UNITS)
            assert stored.get("due", 0) == owed, account


def check_model(state: State, model: Model) -> None:
    """Everything is as the model has it."""
    assert len(state.journal) == model.postings
    opened = {one["_id"]: one["amount"] for one in state.holds if one["status"] == "open"}
    assert opened == {one.id: len(one.units) for one in model.open}
    for place in model.free:
        member, unit = place
        assert state.amount(member, unit, "posted") == model.posted(member, unit)
        assert state.amount(member, unit, "held") == model.held(member, unit)
        assert state.amount(member, unit, "available") == len(model.free[place])
        dated = Counter(day for day in model.free[place] if day != NEVER)
        assert state.lots(member, unit) == dated
        assert -state.amount(debt(member), unit, "posted") == model.owed[place]
        lifetime = state.accounts.get(member, {}).get("lifetime", {}).get(unit, 0)
        assert lifetime == model.lifetime[place]
    for unit in UNITS:
        in_fund = model.posted(model.fund, unit)
        assert (
            state.amount(model.fund, unit, "posted") == state.amount(model.fund, unit, "available") == in_fund
        )
    sums = Counter[tuple[str, str]]()
    for leg in (leg for one in state.journal for leg in one["legs"]):
        sums[leg["account"], leg["unit"]] += leg["amount"]
    for place, amount in model.gathered.items():
        assert sums[place] == amount, place


def check_statement(state: State, account: str, model: Model) -> None:
    """The statement of an account, made of all that its lists name, ends with what it has."""
    listed = sorted(
        (one for one in state.journal if account in one["lists"]), key=lambda one: str(one["order"])
    )
    closing = {
        row[5]: row[7]
        for row in statements.rows(account, statements.zeros(), map(posting_of, listed), "en")
        if row[4] == "closing balance"
    }
    assert closing == {"fen": 0} | {unit: model.posted(account, unit) for unit in UNITS}, account


def check_reads(mongo: Mongo, account: str, model: Model) -> None:
    """What people are shown of an account, and its statement, are as the model has it."""
    page = StatementQueries(mongo).page(account, ADMIN, limit=100, cursor=None, since=_LONG_AGO, until=None)
    shown = LedgerQueries(mongo, DISTRICT).account(account, ADMIN)
    for unit in UNITS:
        posted = model.posted(account, unit)
        assert page["closing"][unit] == posted
        assert sum(leg["amount"] for one in page["items"] for leg in one["legs"] if leg["unit"] == unit) == (
            posted
        )
        assert shown[unit]["posted"] == posted
