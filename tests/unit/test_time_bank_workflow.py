"""Mutual help: every status × action × party, what the ledger does of it, and the clock."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, Stale
from chassis.identity import Actor
from services.points.timebank.exchange import domain
from services.points.timebank.exchange.domain import PUBLIC_ACTIONS, WORKFLOW, allowed_actions, transition
from services.points.timebank.exchange.effects import EFFECTS, Details
from services.points.timebank.exchange.help import (
    HOLDING,
    OVER,
    Change,
    Help,
    Kind,
    Status,
    may_see,
    parties,
)
from services.points.timebank.members.domain import Registration
from services.points.timebank.policy.domain import Policy
from tests.unit.helping import ACTORS, COMMUNITY, HOUR, NOW, OFFER_ID, around, opened, standing

GIVING_UP = ("withdraw", "cancel", "decline", "lapse")
DETAILS = Details(note="说明", minutes=20, candidate=OFFER_ID)


def step(one: Help, action: str, actor: Actor, **more: object) -> Change:
    return transition(one, action, actor, DETAILS, around(**more))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("action", WORKFLOW)
def test_each_action_is_open_to_its_parties_in_its_states_and_to_nobody_else(action: str, kind: Kind) -> None:
    row = WORKFLOW[action]
    for status, proposer, (name, actor) in itertools.product(Status, ("A", "B"), ACTORS.items()):
        one, case = standing(status, kind, proposer), f"{action} of {status} by {name}"
        if not parties(one, actor) & row.parties:
            with pytest.raises(NotAllowed):
                step(one, action, actor)
            continue
        if status not in row.sources:
            with pytest.raises(Conflict) as refused:
                step(one, action, actor)
            assert refused.value.extra["allowed"] == allowed_actions(one, actor), case
            assert action not in refused.value.extra["allowed"], case
            continue
        assert action in allowed_actions(one, actor), case
        change = step(one, action, actor)
        after = change.help
        assert (after.status, after.version) == (row.target, 2), case
        assert (after.ended_at is not None) == (row.target in OVER), case
        assert [event.type for event in change.events] == ([row.event.type] if row.event else []), case
        assert (change.opens is not None) == (row.target in HOLDING and status not in HOLDING), case
        assert (change.captured is not None) == (row.target in OVER and status in HOLDING), case
        assert (after.next_check_at is not None) == (row.target not in OVER), case


@pytest.mark.parametrize(
    ("status", "receiver", "giver", "staff", "clock"),
    [
        ("open", "invite withdraw", "", "respond withdraw", "withdraw lapse"),
        ("matched", "decline withdraw", "decline accept", "withdraw", "decline withdraw lapse"),
        ("accepted", "cancel", "cancel check_in", "cancel", "cancel lapse"),
        ("checked_in", "check_out dispute", "check_out dispute", "", "stall"),
        ("checked_out", "confirm dispute", "dispute", "", "auto_confirm"),
        ("disputed", "", "", "settle dismiss", "remind"),
        ("settled", "", "", "", ""),
        ("cancelled", "", "", "", ""),
        ("lapsed", "", "", "", ""),
    ],
)
def test_a_request_is_acted_on_as_the_documents_say(
    status: str, receiver: str, giver: str, staff: str, clock: str
) -> None:
    one = standing(Status(status))
    for name, expected in (
        ("author", receiver),
        ("partner", giver if one.partner else "respond" if status == "open" else ""),
        ("community", staff),
        ("admin", staff),
        ("system", clock),
        ("neighbour", "respond" if status == "open" else ""),
        ("staff elsewhere", "respond" if status == "open" else ""),
        ("author, of the staff", receiver),
    ):
        assert allowed_actions(one, ACTORS[name]) == expected.split(), name


def test_an_offer_is_checked_in_by_its_author_and_confirmed_by_who_took_it_up() -> None:
    for status, author, partner in (
        ("open", "withdraw", "respond"),
        ("accepted", "cancel check_in", "cancel"),
        ("checked_out", "dispute", "confirm dispute"),
    ):
        one = standing(Status(status), Kind.OFFER)
        assert allowed_actions(one, ACTORS["author"]) == author.split()
        assert allowed_actions(one, ACTORS["partner"]) == partner.split()


def test_the_table_is_whole_and_what_is_over_stays_over() -> None:
    assert set(EFFECTS) == set(WORKFLOW)
    assert set(WORKFLOW) - set(PUBLIC_ACTIONS) == {"auto_confirm", "stall", "remind", "lapse"}
    assert not any(row.sources & OVER for row in WORKFLOW.values())
    left = {status for row in WORKFLOW.values() for status in row.sources}
    assert left == set(Status) - OVER, "nothing is stuck"


def test_staff_decide_no_dispute_of_their_own() -> None:
    disputed = standing(Status.DISPUTED)
    for name in ("author, of the staff", "partner, of the staff", "staff elsewhere"):
        with pytest.raises(NotAllowed):
            step(disputed, "settle", ACTORS[name])
    assert step(disputed, "settle", ACTORS["community"]).captured == 20


@pytest.mark.parametrize("action", [name for name, row in WORKFLOW.items() if row.needs])
def test_what_an_action_needs_must_be_given(action: str) -> None:
    row = WORKFLOW[action]
    one = standing(min(row.sources))
    actor = next(each for each in ACTORS.values() if parties(one, each) & row.parties)
    with pytest.raises(Invalid) as refused:
        transition(one, action, actor, Details(), around())
    assert list(refused.value.extra["errors"]) == [row.needs[0]]


def test_the_receivers_minutes_are_held_whoever_accepts() -> None:
    for kind, receiver in ((Kind.REQUEST, "A"), (Kind.OFFER, "B")):
        for proposer, awaited in (("A", "partner"), ("B", "author")):
            change = step(standing(Status.MATCHED, kind, proposer), "accept", ACTORS[awaited])
            assert change.opens is not None
            hold = change.opens
            assert (hold.account, hold.unit, hold.amount, hold.id) == (receiver, "minutes", 60, "fresh")
            assert hold.bound_to == "help:help"
    with pytest.raises(NotAllowed):
        step(standing(Status.MATCHED, proposed_by="A"), "accept", ACTORS["author"])


def test_one_invites_by_an_open_offer_that_matches_and_the_shorter_time_is_agreed() -> None:
    short = opened(Kind.OFFER, id="short", author="B", minutes=20)
    invite = Details(candidate="short")
    change = transition(opened(), "invite", ACTORS["author"], invite, around(others=(short,)))
    assert (change.help.partner, change.help.agreed, change.help.offer) == ("B", 20, "short")
    taken = replace(short, status=Status.MATCHED)
    with pytest.raises(Conflict):
        transition(opened(), "invite", ACTORS["author"], invite, around(others=(taken,)))
    with pytest.raises(NotFound):
        transition(opened(), "invite", ACTORS["author"], Details(candidate="none"), around())


def test_who_declines_leaves_it_open_and_is_told_as_the_one_let_go() -> None:
    change = step(standing(Status.MATCHED), "decline", ACTORS["author"])
    after = change.help
    assert (after.status, after.partner, after.agreed, after.former) == (Status.OPEN, None, None, ("B",))
    assert [getattr(event, "partner", None) for event in change.events] == ["B"]


@pytest.mark.parametrize(
    ("registration", "policy", "code"),
    [
        (Registration("A"), Policy(1, NOW, redeeming_age=60), "not-redeeming-yet"),
        (Registration("A", date(2026, 11, 26)), Policy(1, NOW, redeeming_age=60), "not-redeeming-yet"),
        (Registration("A", date(2026, 11, 25)), Policy(1, NOW, redeeming_age=60), None),
        (Registration("A"), Policy(1, NOW), None),
        (Registration("A", group=True), Policy(1, NOW), "groups-give-only"),
        (Registration("A", group=True), Policy(1, NOW, groups_give_only=False), None),
    ],
)
def test_who_may_not_spend_or_receive_is_not_helped(
    registration: Registration, policy: Policy, code: str | None
) -> None:
    so = around(policy, registered={"A": registration})
    asked = standing(Status.MATCHED, proposed_by="A")
    attempts: list[Callable[[], Change]] = [
        lambda: domain.opened(opened(), (), so),
        lambda: transition(asked, "accept", ACTORS["partner"], Details(), so),
        lambda: transition(opened(Kind.OFFER, author="X"), "respond", Actor("A"), Details(), so),
    ]
    for attempt in attempts:
        if code is None:
            attempt()
        else:
            with pytest.raises(Conflict) as refused:
                attempt()
            assert refused.value.code == code
    domain.opened(opened(Kind.OFFER), (), so)  # whoever may not be helped may help


def test_the_minutes_served_are_paid_and_the_rest_is_free_again() -> None:
    change = step(standing(Status.CHECKED_OUT), "confirm", ACTORS["author"], policy=Policy(7, NOW))
    assert change.captured == 30
    assert change.posting is not None
    assert {(leg.account, leg.amount) for leg in change.posting.legs} == {("A", -30), ("B", 30)}
    assert (change.posting.verified, change.posting.rule_version) == (True, 7)
    nothing = standing(Status.CHECKED_OUT, checked_out_at=NOW - HOUR)
    change = step(nothing, "confirm", ACTORS["author"])
    assert (change.captured, change.posting) == (0, None)


def test_staff_settle_at_most_what_is_held_and_dismissing_pays_nothing() -> None:
    disputed = standing(Status.DISPUTED)
    for minutes in (61, 1440):
        with pytest.raises(Invalid) as refused:
            transition(disputed, "settle", ACTORS["admin"], Details("x", minutes), around())
        assert list(refused.value.extra["errors"]) == ["minutes"]
    change = step(disputed, "dismiss", ACTORS["admin"])
    assert (change.captured, change.posting, change.help.status) == (0, None, Status.CANCELLED)


def test_nobody_checks_in_long_before_or_after_the_agreed_time() -> None:
    accepted = standing(Status.ACCEPTED)
    early, late = accepted.starts_at - HOUR - timedelta(seconds=1), accepted.ends_at
    for at in (early, late):
        with pytest.raises(Conflict):
            step(accepted, "check_in", ACTORS["partner"], at=at)
    assert step(accepted, "check_in", ACTORS["partner"], at=accepted.starts_at - HOUR).help.checked_in_at


def test_an_impossible_request_is_refused_and_the_field_named() -> None:
    for wrong, field in (
        ({"skills": ("errands", "magic")}, "skills"),
        ({"ends_at": NOW}, "ends_at"),
        ({"minutes": 181}, "ends_at"),
        ({"ends_at": NOW + timedelta(days=32)}, "ends_at"),
    ):
        with pytest.raises(Invalid) as refused:
            domain.opened(replace(opened(), **wrong), (), around())
        assert list(refused.value.extra["errors"]) == [field]
    with pytest.raises(Stale):
        domain.check_version(opened(), 2)


def test_what_is_open_is_seen_by_all_and_the_rest_by_those_it_concerns() -> None:
    for name, actor in ACTORS.items():
        assert may_see(opened(), actor)
        seen = may_see(standing(Status.ACCEPTED), actor)
        assert seen == (name not in ("neighbour", "staff elsewhere"))


@given(
    steps=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 40), st.integers(1, 60)), max_size=12),
    kind=st.sampled_from(Kind),
    policy=st.builds(
        Policy,
        version=st.just(1),
        effective_from=st.just(NOW),
        ceiling=st.none() | st.integers(1, 100),
        daily_cap=st.none() | st.integers(1, 100),
    ),
)
@settings(max_examples=300)
def test_no_path_leaves_a_hold_at_an_end_or_takes_more_than_it(
    steps: list[tuple[int, int, int]], kind: Kind, policy: Policy
) -> None:
    one, held, paid, at = opened(kind), 0, 0, NOW
    for choice, minutes, stated in steps:
        at += timedelta(minutes=minutes)
        before = one
        open_to = [(action, actor) for actor in ACTORS.values() for action in allowed_actions(one, actor)]
        if choice % 5:  # else hardly any life would be a long one
            open_to = [pair for pair in open_to if pair[0] not in GIVING_UP] or open_to
        if not open_to:
            assert one.status in OVER
            break
        action, actor = open_to[choice % len(open_to)]
        try:
            change = transition(one, action, actor, Details("x", stated, OFFER_ID), around(policy, at=at))
        except Refusal:
            continue
        one = change.help
        if change.opens is not None:
            assert held == 0
            held = change.opens.amount
        if change.captured is not None:
            assert change.captured <= held
            moved = -change.posting.legs[0].amount if change.posting else 0
            assert moved == change.captured
            paid, held = paid + moved, 0
        assert (held > 0) == (one.status in HOLDING), f"{before.status} → {one.status}"
        assert one.version == before.version + 1
    settled = one.settlement.paid if one.settlement else 0
    assert paid == settled


def test_an_area_of_staff_is_the_area_of_the_help() -> None:
    far = standing(Status.DISPUTED, area=f"{COMMUNITY[:9]}002")
    assert allowed_actions(far, ACTORS["community"]) == []
    assert allowed_actions(far, ACTORS["subdistrict"]) == ["settle", "dismiss"]
