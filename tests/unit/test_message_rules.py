"""The message rules: who is told of which fact, in which words."""

from collections.abc import Mapping
from string import Formatter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import services.issues.app
import services.points.app
import services.volunteer.app
from services.issues.cases.domain import WORKFLOW
from services.notify.domain import RULES, Message, messages, role_keys
from services.notify.templates import TEMPLATES, render

GRID = "120199001001001"
HELD = {
    "steward": {GRID: ["S1", "S2"]},
    "community_staff": {GRID[:12]: ["C1"]},
    "subdistrict_staff": {GRID[:9]: ["D1"]},
    "district_admin": {GRID[:6]: ["A1"]},
    "shop_keeper": {GRID[:6]: ["K1"]},
}
FACT: dict[str, Any] = {
    "number": "20261124-000001",
    "level": "steward",
    "reporter": "R1",
    "followers": ["R1"],
    "assignee": None,
    "resolver": None,
    "member": "S1",
    "actor": "somebody else",
    "percent": 50,
    "author": "R1",
    "partner": "S1",
    "candidates": ["S1", "S2"],
    "minutes": 60,
    "on": "2027-12-31",
    "lots": [{"unit": "points", "amount": 40}, {"unit": "minutes", "amount": 60}],
    "legs": [
        {"account": "S1", "unit": "points", "amount": 3},
        {"account": "issuer:120199", "unit": "points", "amount": -3},
    ],
}


UNTOLD = {"answer", "withdraw", "object", "deny_objection"}
"""What the reporter does themselves, and what changes neither the status nor who is in charge."""


def holders(role: str, area: str) -> list[str]:
    """Who holds a role on an area or above it, as the local copy would say."""
    places = HELD.get(role, {})
    return sorted(one for code, members in places.items() if area.startswith(code) for one in members)


def told(kind: str, area: str = GRID, **changes: Any) -> dict[str, str]:
    """Member → template of the messages a fact makes due."""
    data = {**FACT, **changes}
    return {one.member: one.template for one in messages(kind, area, data, holders)}


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        ("issue.reported.v1", {}, {"S1", "S2"}),
        ("issue.claimed.v1", {"assignee": "S1", "actor": "S1"}, {"R1"}),
        ("issue.assigned.v1", {"assignee": "S1", "actor": "C1"}, {"S1", "R1"}),
        ("issue.released.v1", {"actor": "S1"}, {"S2", "R1"}),
        ("issue.resolved.v1", {"assignee": "S1", "resolver": "S1", "actor": "S1"}, {"R1"}),
        ("issue.confirmed.v1", {"resolver": "S1", "actor": "R1"}, {"S1"}),
        ("issue.reopened.v1", {"assignee": "S1", "resolver": "C1", "actor": "R1"}, {"S1", "C1"}),
        ("issue.escalated.v1", {"level": "community", "actor": "S1"}, {"C1", "R1"}),
        ("issue.escalated.v1", {"level": "subdistrict", "actor": "C1"}, {"D1", "R1"}),
        ("issue.returned.v1", {"assignee": "S1", "actor": "C1"}, {"S1", "R1"}),
        ("issue.returned.v1", {"actor": "C1"}, {"S1", "S2", "R1"}),
        ("issue.referred.v1", {"actor": "C1"}, {"R1"}),
        ("issue.rejected.v1", {"actor": "C1"}, {"R1"}),
        ("issue.merged.v1", {"actor": "C1"}, {"R1"}),
        ("issue.withdrawn.v1", {"assignee": "S1", "actor": "R1"}, {"S1"}),
        ("issue.withdrawn.v1", {"actor": "R1"}, set()),
        ("activity.submitted.v1", {"actor": "S1"}, {"C1"}),
        ("activity.verified.v1", {"actor": "C1"}, {"S1"}),
        ("activity.rejected.v1", {"actor": "C1"}, {"S1"}),
        ("training.completed.v1", {"actor": "C1"}, {"S1"}),
        ("points.posted.v1", {}, {"S1"}),
        ("order.paid.v1", {"actor": "S1"}, {"K1"}),
        ("order.ready.v1", {"actor": "K1"}, {"S1"}),
        ("order.cancelled.v1", {"actor": "K1"}, {"S1"}),
        ("order.cancelled.v1", {"actor": "S1"}, set()),
        ("order.expired.v1", {"actor": "system"}, {"S1"}),
        ("order.returned.v1", {"actor": "K1"}, {"S1"}),
        ("donation.accepted.v1", {"actor": "K1"}, {"S1"}),
        ("donation.declined.v1", {"actor": "K1"}, {"S1"}),
        ("donation.allocated.v1", {"actor": "K1"}, {"S1"}),
        ("donation.allocated.v1", {"actor": "K1", "member": None}, set()),
        ("points.posted.v1", {"rule": "time-bank.settled"}, set()),
        ("help.candidates_found.v1", {"actor": "R1"}, {"S1", "S2"}),
        ("help.matched.v1", {"actor": "R1"}, {"S1"}),
        ("help.declined.v1", {"actor": "S1"}, {"R1"}),
        ("help.settled.v1", {"actor": "R1"}, {"S1"}),
        ("help.auto_confirmed.v1", {"actor": "system"}, {"R1", "S1"}),
        ("help.disputed.v1", {"actor": "R1"}, {"S1", "C1"}),
        ("help.decided.v1", {"actor": "C1"}, {"R1", "S1"}),
        ("help.reminded.v1", {"actor": "system"}, {"C1"}),
        ("help.cancelled.v1", {"actor": "system", "partner": None}, {"R1"}),
        ("lots.expiring.v1", {}, {"S1"}),
        ("adjustment.requested.v1", {"author": "A2", "actor": "A2"}, {"A1"}),
        ("adjustment.requested.v1", {"author": "A1", "actor": "A1"}, set()),
        ("adjustment.approved.v1", {"author": "A1", "actor": "A2"}, {"A1"}),
        ("adjustment.expired.v1", {"author": "A1", "actor": None}, {"A1"}),
        ("adjustment.split.v1", {"author": "A1", "actor": "A1", "day": "2026-11-25"}, set()),
        ("adjustment.split.v1", {"author": "A2", "actor": "A2", "day": "2026-11-25"}, {"A1"}),
        ("flag.raised.v1", {"actor": None}, {"A1"}),
        ("flag.decided.v1", {"actor": "A1"}, {"S1"}),
        ("commendation.nominated.v1", {"author": "S2", "actor": "S2"}, {"C1"}),
        ("commendation.publicised.v1", {"author": "S2", "actor": "C1"}, {"S1", "S2"}),
        ("commendation.objected.v1", {"author": "S2", "actor": None}, {"C1"}),
        ("commendation.awarded.v1", {"author": "S2", "actor": None}, {"S1", "S2"}),
        ("commendation.refused.v1", {"author": "S2", "actor": "C1"}, {"S2"}),
        ("commendation.revoked.v1", {"author": "S2", "actor": "A1"}, {"S1"}),
        ("ledger.unsound.v1", {}, {"A1"}),
        ("member.role_revoked.v1", {"actor": "C1"}, {"S1"}),
        ("member.role_revoked.v1", {"actor": "S1"}, set()),
        ("member.end_set.v1", {"actor": "C1"}, {"S1"}),
        ("member.term_ended.v1", {"actor": None}, {"S1"}),
    ],
)
def test_each_fact_is_told_to_those_it_concerns(
    kind: str, changes: dict[str, Any], expected: set[str]
) -> None:
    assert set(told(kind, **changes)) == expected


@pytest.mark.parametrize("kind", RULES)
@given(
    data=st.fixed_dictionaries(
        {
            name: st.sampled_from([None, "R1", "S1", "S2", "C1", "D1"])
            for name in ("assignee", "resolver", "actor")
        }
        | {
            "reporter": st.sampled_from(["R1", "S1", "C1"]),
            "member": st.sampled_from(["S1", "C1"]),
            "level": st.sampled_from(["steward", "community", "subdistrict"]),
        }
    ),
    length=st.sampled_from([6, 9, 12, 15]),
)
def test_nobody_hears_of_their_own_deed_and_nobody_hears_twice(
    kind: str, data: dict[str, Any], length: int
) -> None:
    fact = {**FACT, **data, "followers": [data["reporter"], "R1"]}
    due = messages(kind, GRID[:length], fact, holders)
    members = [one.member for one in due]
    assert data["actor"] not in members
    assert len(set(members)) == len(members)
    assert all(one.template in TEMPLATES for one in due)


@pytest.mark.parametrize("action", sorted(set(WORKFLOW) - UNTOLD))
def test_every_public_change_is_told_once_to_everybody_who_reported_or_supports_it(action: str) -> None:
    follow = ["R1", "R2", "R3"]
    due = messages(WORKFLOW[action].event.type, GRID, {**FACT, "followers": follow, "actor": "S1"}, holders)
    assert sorted(one.member for one in due if one.member in follow) == follow


@pytest.mark.parametrize(
    ("level", "missing", "expected"),
    [
        ("steward", ["steward"], "C1"),
        ("steward", ["steward", "community_staff"], "D1"),
        ("community", ["community_staff"], "D1"),
        ("subdistrict", ["subdistrict_staff"], "A1"),
        ("steward", ["steward", "community_staff", "subdistrict_staff"], "A1"),
    ],
)
def test_where_nobody_holds_the_role_those_next_above_hear_of_it(
    level: str, missing: list[str], expected: str
) -> None:
    def fewer(role: str, area: str) -> list[str]:
        return [] if role in missing else holders(role, area)

    due = messages("issue.reported.v1", GRID, {**FACT, "level": level}, fewer)
    assert [one.member for one in due] == [expected]


@pytest.mark.parametrize("kind", ["issue.reported.v1", "activity.submitted.v1"])
@pytest.mark.parametrize(("length", "expected"), [(9, "D1"), (6, "A1")])
def test_what_lies_in_no_community_is_told_to_the_staff_around_it(
    kind: str, length: int, expected: str
) -> None:
    assert set(told(kind, GRID[:length], level="community")) == {expected}


def test_an_assignee_who_also_resolved_gets_one_message_of_a_reopening() -> None:
    assert told("issue.reopened.v1", assignee="S1", resolver="S1", actor="R1") == {"S1": "issue-reopened"}


def test_when_staff_reopen_it_its_followers_hear_of_it_beside_who_solved_it() -> None:
    due = told("issue.reopened.v1", assignee="S1", resolver="S1", actor="C1")
    assert due == {"S1": "issue-reopened", "R1": "issue-open-again"}


def test_what_is_taken_back_is_told_whole_also_where_part_of_it_is_owed_now() -> None:
    legs = [
        {"account": "S1", "unit": "points", "amount": -2},
        {"account": "owed:S1", "unit": "points", "amount": -3},
        {"account": "R1", "unit": "points", "amount": -2},
        {"account": "issuer:120199", "unit": "points", "amount": 7},
    ]
    due = messages("points.posted.v1", GRID, {"rule": "posting.reversed", "legs": legs}, holders)
    texts = {one.member: render(one.template, one.params, "en")[1] for one in due}
    assert texts == {"S1": "Taken back from you: 5 points.", "R1": "Taken back from you: 2 points."}
    assert messages("points.posted.v1", GRID, {"rule": "hold.captured", "legs": legs[:1]}, holders) == []


def test_points_are_told_with_the_amounts_of_that_member_only() -> None:
    legs = [
        {"account": "S1", "unit": "points", "amount": 2},
        {"account": "S1", "unit": "minutes", "amount": 90},
        {"account": "R1", "unit": "points", "amount": 1},
        {"account": "issuer:120199", "unit": "points", "amount": -3},
    ]
    due = {one.member: one for one in messages("points.posted.v1", GRID, {"legs": legs}, holders)}
    assert set(due) == {"S1", "R1"}
    assert render("points-gained", due["S1"].params, "en")[1] == (
        "You gained 2 points, 90 minutes of service."
    )
    assert render("points-gained", due["R1"].params, "zh")[1] == "您获得了 1 积分。"


def test_what_a_posting_gives_and_takes_of_one_unit_is_told_as_what_is_left_of_it() -> None:
    legs = [
        {"account": "S1", "unit": "points", "amount": 10},
        {"account": "S1", "unit": "points", "amount": -4},
        {"account": "S1", "unit": "minutes", "amount": -30},
        {"account": "R1", "unit": "points", "amount": 3},
        {"account": "R1", "unit": "points", "amount": -3},
    ]
    (due,) = messages("points.posted.v1", GRID, {"legs": legs}, holders)
    assert (due.member, render(due.template, due.params, "en")[1]) == ("S1", "You gained 6 points.")


def test_a_gift_is_told_once_and_in_its_own_words() -> None:
    legs = [
        {"account": "R1", "unit": "minutes", "amount": -90},
        {"account": "S1", "unit": "minutes", "amount": 60},
        {"account": "pool:120199", "unit": "minutes", "amount": 30},
    ]
    fact = {"rule": "time-bank.gifted", "legs": legs}
    (due,) = messages("points.posted.v1", GRID, fact, holders)
    assert (due.member, due.template) == ("S1", "gift-received")
    assert render(due.template, due.params, "zh")[1] == "您收到转赠：60 分钟服务时长。"


def test_what_expires_is_told_with_its_day_and_amounts() -> None:
    lots = [{"unit": "minutes", "amount": 60}, {"unit": "points", "amount": 40}]
    [due] = messages("lots.expiring.v1", GRID, {"member": "S1", "on": "2027-12-31", "lots": lots}, holders)
    assert due.member == "S1"
    assert render(due.template, due.params, "en")[1] == (
        "60 minutes of service, 40 points of yours can be used until 2027-12-31, that day included."
    )
    assert render(due.template, due.params, "zh")[1] == (
        "您有 60 分钟服务时长、40 积分 将于 2027-12-31 到期，请在当日及之前使用。"
    )


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_renders_in_both_languages_and_fills_every_blank(name: str, language: str) -> None:
    params = {
        "number": "20261124-000001",
        "gains": {"points": 3},
        "percent": 80,
        "day": "2026-11-25",
        "receipt": "R20261124-000001",
        "amount": 12345,
        "purpose": "fund",
        "place": "社区A" if language == "zh" else "Community A",
        "minutes": 60,
        "role": "steward",
    }
    params["on"] = "2027-12-31"
    title, body = render(name, params, language)
    assert title
    assert body
    assert "{" not in title + body
    chinese = any("一" <= letter <= "鿿" for letter in title + body)
    assert chinese == (language == "zh")


@pytest.mark.parametrize("name", TEMPLATES)
def test_both_languages_of_a_template_tell_the_same_facts(name: str) -> None:
    def blanks(*texts: str) -> set[str]:
        return {field for text in texts for _, field, _, _ in Formatter().parse(text) if field}

    words = TEMPLATES[name]
    assert blanks(words.zh_title, words.zh_body) == blanks(words.en_title, words.en_body)


def test_donors_are_told_where_how_much_of_their_donation_went() -> None:
    fact = {"number": "D1", "member": "S1", "actor": "K1", "amount": 205, "place": "社区A"}
    (due,) = messages("donation.allocated.v1", GRID, {**fact, "purpose": "project"}, holders)
    assert render(due.template, due.params, "zh")[1] == (
        "您的捐赠 D1 中有 2.05 元已用于社区A的居民项目，感谢您。"
    )


def test_where_a_shop_has_no_keeper_the_admin_hears_of_its_orders() -> None:
    def fewer(role: str, area: str) -> list[str]:
        return [] if role == "shop_keeper" else holders(role, area)

    (due,) = messages("order.paid.v1", GRID, {**FACT, "actor": "S1"}, fewer)
    assert due.member == "A1"


def test_every_fact_that_is_told_is_published_by_some_service() -> None:
    published = {
        kind.type
        for service in (services.issues.app, services.points.app, services.volunteer.app)
        for kind in service.PUBLISHED
    }
    assert set(RULES) <= published


def test_every_template_is_used_and_every_rule_has_its_template() -> None:
    used = {rule.template for rules in RULES.values() for rule in rules}
    assert used == set(TEMPLATES)


def test_the_holders_of_a_role_are_sought_on_the_area_and_all_above_it() -> None:
    assert role_keys("steward", GRID) == [f"steward@{GRID[:length]}" for length in (6, 9, 12, 15)]


def test_a_message_holds_nothing_personal_beyond_member_and_number() -> None:
    due = messages("issue.resolved.v1", GRID, {**FACT, "description": "13900000201"}, holders)
    texts = [str(value) for one in due for value in _all_values(one)]
    assert not any("13900000201" in text for text in texts)


def _all_values(message: Message) -> list[object]:
    params: Mapping[str, Any] = message.params
    return [message.member, message.template, *params.values()]
