"""Events in any order, delivered as often as may be, end in the same state: on the real database."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import services.issues.app
import services.notify.app
import services.points.app
from chassis.clock import new_ulid
from chassis.events import Envelope
from chassis.identity import Actor, Grant
from chassis.local_copy import put_newer
from chassis.mongo import Mongo
from chassis.subscriptions import Subscriptions
from services.notify.queries import InboxQueries
from services.notify.store import InboxStore
from services.points.earning.store import EvidenceStore, RuleStore
from services.points.queries import LedgerQueries
from services.points.store import JournalStore
from tests.integration.ledgers import verification

GRID = "120199001001001"
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
ADMIN = Actor("A", (Grant("district_admin", "120199"),))
STEWARD, OTHER, STAFF, REPORTER = (new_ulid() for _ in range(4))
ON_ONE_DATABASE = [HealthCheck.function_scoped_fixture]


def event(kind: str, subject: str, sequence: int, **data: Any) -> Envelope:
    """An event as the broker would deliver it."""
    return Envelope(
        new_ulid(),
        kind,
        "/services/any",
        subject,
        AT,
        sequence,
        GRID,
        "c",
        f"00-{'0' * 31}1-{'0' * 15}1-01",
        data,
    )


def issue_event(kind: str, issue: str, sequence: int, actor: str, **data: Any) -> Envelope:
    facts = {
        "number": "20261124-000001",
        "category": "environment",
        "level": "steward",
        "lead_unit": GRID,
        "reporter": REPORTER,
        "followers": [REPORTER],
        "assignee": None,
        "resolver": None,
        "photos": 1,
        "due_at": None,
        "actor": actor,
        **data,
    }
    return event(f"issue.{kind}.v1", issue, sequence, **facts)


def solved(issue: str, assignee: str | None, resolver: str, **more: Any) -> list[Envelope]:
    """The events of an issue that was claimed, resolved and confirmed."""
    held = {"assignee": assignee, **more}
    events = [issue_event("resolved", issue, 3, resolver, resolver=resolver, **held)]
    events.append(issue_event("confirmed", issue, 4, REPORTER, resolver=resolver, **held))
    if assignee:
        events.insert(0, issue_event("claimed", issue, 2, assignee, **held))
    return events


def told(subscriptions: Subscriptions, events: Sequence[Envelope]) -> None:
    """Hand a service the events that it listens to."""
    for one in events:
        if one.type in subscriptions.table:
            subscriptions.handle(one)


@st.composite
def shuffled(draw: Callable[[Any], Any], events: list[Envelope]) -> list[Envelope]:
    """Any order, every event at least once."""
    again = draw(st.lists(st.sampled_from(events), max_size=6))
    return list(draw(st.permutations([*events, *again])))


@pytest.fixture
def ledger(mongo: Mongo) -> Subscriptions:
    journal = JournalStore(mongo)
    journal.ensure_indexes()
    RuleStore(mongo, journal).ensure_indexes()
    EvidenceStore(mongo, journal).ensure_indexes()
    return services.points.app.subscriptions(mongo)


def points_of(mongo: Mongo, member: str) -> int:
    return int(LedgerQueries(mongo, "120199").account(member, ADMIN)["points"]["posted"])


@settings(max_examples=12, suppress_health_check=ON_ONE_DATABASE)
@given(data=st.data())
def test_an_issue_pays_once_whatever_order_and_however_often_its_events_come(
    mongo: Mongo, ledger: Subscriptions, data: st.DataObject
) -> None:
    issue, steward, resident = new_ulid(), new_ulid(), new_ulid()
    events = solved(issue, steward, steward, reporter=resident)
    told(ledger, data.draw(shuffled(events)))
    assert points_of(mongo, steward) == 1 + 3 + 5
    assert points_of(mongo, resident) == 2
    assert verification(mongo, "120199")["sound"]


def test_an_issue_pays_once_when_all_copies_of_its_events_are_handled_at_the_same_time(
    mongo: Mongo, ledger: Subscriptions
) -> None:
    events = [one for steward in (STEWARD, OTHER) * 3 for one in solved(new_ulid(), steward, steward)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: _until_done(lambda: told(ledger, [one])), events * 3))
    assert points_of(mongo, STEWARD) == points_of(mongo, OTHER) == 3 * 9
    assert points_of(mongo, REPORTER) == 6 * 2
    proof = verification(mongo, "120199")
    assert (proof["sound"], proof["postings"]) == (True, 18)


def _until_done(attempt: Callable[[], None]) -> None:
    """As the broker would: again after a failure, up to a number of deliveries."""
    for _ in range(50):
        try:
            attempt()
        except Exception:  # noqa: BLE001, S112 - a delivery that fails comes again
            continue
        return
    raise AssertionError("an event could not be handled in 50 deliveries")


def test_staff_who_solve_in_a_stewards_place_are_not_paid_and_neither_is_the_steward(
    mongo: Mongo, ledger: Subscriptions
) -> None:
    told(ledger, solved(new_ulid(), STEWARD, STAFF))
    assert points_of(mongo, STEWARD) == 1  # for the claim
    assert points_of(mongo, STAFF) == 0
    assert points_of(mongo, REPORTER) == 2


def test_what_staff_solve_without_a_steward_pays_the_reporter_alone(
    mongo: Mongo, ledger: Subscriptions
) -> None:
    told(ledger, solved(new_ulid(), None, STAFF))
    assert (points_of(mongo, STAFF), points_of(mongo, REPORTER)) == (0, 2)


@pytest.mark.parametrize("assignee", [None, REPORTER], ids=["nobody", "another"])
def test_a_report_earns_nothing_for_whoever_solved_it_themselves(
    mongo: Mongo, ledger: Subscriptions, assignee: str | None
) -> None:
    told(ledger, solved(new_ulid(), assignee, REPORTER))
    assert points_of(mongo, REPORTER) == (9 if assignee else 0)


@settings(max_examples=12, suppress_health_check=ON_ONE_DATABASE)
@given(data=st.data())
def test_each_message_is_in_the_inbox_once_whatever_order_its_events_come_in(
    mongo: Mongo, data: st.DataObject
) -> None:
    InboxStore(mongo).ensure_indexes()
    notify = services.notify.app.subscriptions(mongo)
    steward, resident, issue = new_ulid(), new_ulid(), new_ulid()
    followers = {"reporter": resident, "followers": [resident]}
    events = [
        issue_event("claimed", issue, 2, steward, assignee=steward, **followers),
        issue_event("resolved", issue, 3, steward, assignee=steward, resolver=steward, **followers),
        issue_event("confirmed", issue, 4, resident, assignee=steward, resolver=steward, **followers),
    ]
    told(notify, data.draw(shuffled(events)))
    inbox = InboxQueries(mongo)

    def kinds(member: str) -> list[str]:
        found = inbox.page(Actor(member), unread=None, language="zh", limit=50, cursor=None)
        return sorted(str(one["kind"]) for one in found.items)

    assert kinds(resident) == ["issue.claimed.v1", "issue.resolved.v1"]
    assert kinds(steward) == ["issue.confirmed.v1"]


@settings(max_examples=20, suppress_health_check=ON_ONE_DATABASE)
@given(data=st.data())
def test_a_local_copy_ends_as_the_newest_event_says_whatever_order_they_come_in(
    mongo: Mongo, data: st.DataObject
) -> None:
    key = new_ulid()
    newest = data.draw(st.integers(1, 6))
    versions = st.lists(st.integers(1, newest), max_size=8)
    for version in data.draw(versions.flatmap(lambda some: st.permutations([*some, newest]))):
        put_newer(mongo["copies"], key, {"name": f"version {version}"}, version)
    assert mongo["copies"].find_one({"_id": key}) == {
        "_id": key,
        "name": f"version {newest}",
        "version": newest,
    }


def roles(*held: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "area": area} for role, area in held]


@settings(max_examples=12, suppress_health_check=ON_ONE_DATABASE)
@given(data=st.data())
def test_who_is_a_steward_is_what_the_newest_event_of_the_member_says(
    mongo: Mongo, data: st.DataObject
) -> None:
    InboxStore(mongo).ensure_indexes()
    notify, member = services.notify.app.subscriptions(mongo), new_ulid()
    history = [
        event("member.changed.v1", member, 1, roles=roles(("resident", "120199")), home_area=None),
        event("member.changed.v1", member, 2, roles=roles(("steward", GRID)), home_area=GRID),
        event("member.changed.v1", member, 3, roles=roles(("steward", GRID[:12])), home_area=GRID),
    ]
    upto = data.draw(st.integers(1, 3))
    told(notify, data.draw(shuffled(history[:upto])))
    assert (member in InboxStore(mongo).holders("steward", GRID)) == (upto > 1)
    assert (member in InboxStore(mongo).holders("steward", GRID[:12] + "002")) == (upto > 2)


def test_an_activity_told_many_times_is_counted_once(mongo: Mongo) -> None:
    issues = services.issues.app.subscriptions(mongo)
    filed = event(
        "activity.submitted.v1",
        new_ulid(),
        1,
        category="outreach",
        member=STEWARD,
        minutes=5,
        photos=0,
        actor=STEWARD,
    )
    told(issues, [filed] * 3)
    assert mongo["activities"].count_documents({"scopes": GRID}) == 1


def test_an_event_of_an_unknown_version_is_kept_for_the_release_that_knows_it(mongo: Mongo) -> None:
    with pytest.raises(LookupError):
        services.points.app.subscriptions(mongo).handle(event("issue.confirmed.v9", "I", 1))


def test_what_a_fact_has_beyond_a_services_needs_is_ignored(mongo: Mongo, ledger: Subscriptions) -> None:
    told(ledger, [issue_event("claimed", new_ulid(), 2, STEWARD, assignee=STEWARD, something_new={"a": [1]})])
    assert points_of(mongo, STEWARD) == 1
