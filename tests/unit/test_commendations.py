"""Commendations: who may do what to one, when; what is frozen into it; its certificate."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from chassis.clock import new_ulid
from chassis.errors import Conflict, Invalid, NotAllowed, Refusal, Stale
from chassis.identity import Actor, Grant
from services.points.commendations import certificate, domain
from services.points.commendations.commendation import (
    Commendation,
    Details,
    Facts,
    Objection,
    Party,
    Status,
    facts,
    parties,
)
from services.points.domain import LADDER, Leg, Posting, issuer

AT = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
COMMUNITY, GRID, ELSEWHERE = "120199001001", "120199001001001", "120199001002"
_NUMBERS = count()


def person(role: str = "resident", area: str = COMMUNITY) -> Actor:
    return Actor(new_ulid(), (Grant(role, area),))


NOMINATOR, NOMINEE = person("steward", GRID), person("steward", GRID)
ACTORS = {
    "nominator": NOMINATOR,
    "nominee": NOMINEE,
    "council member": person("council_member"),
    "council chair": person("council_chair"),
    "community staff": person("community_staff"),
    "subdistrict staff": person("subdistrict_staff", "120199001"),
    "district admin": person("district_admin", "120199"),
    "staff elsewhere": person("community_staff", ELSEWHERE),
    "another steward": person("steward", GRID),
    "resident": person(),
}
REVIEWERS = {"council member", "council chair", "community staff", "subdistrict staff", "district admin"}
MAY = {
    "publicise": ({"nominated"}, REVIEWERS),
    "dismiss_objection": ({"publicity"}, REVIEWERS),
    "refuse": ({"nominated", "publicity"}, REVIEWERS),
    "withdraw": ({"nominated", "publicity"}, {"nominator", "nominee"}),
    "revoke": ({"awarded"}, {"district admin"}),
    "award": (set(), set()),
}
BECOMES = {
    "publicise": "publicity",
    "dismiss_objection": "publicity",
    "refuse": "refused",
    "withdraw": "withdrawn",
    "revoke": "revoked",
}
FACTS = Facts(30, 90, {"issue.confirmed": 3, "duty.verified.night": 2, "x": 1}, 6000, 1)
OBJECTION = Objection(new_ulid(), "somebody", "不实", AT)


def commendation(status: str = "nominated") -> Commendation:
    return Commendation(
        id=new_ulid(),
        number="BZ20261125-AAAAAAAAAA",
        member=NOMINEE.member_id,
        name="王秀英",
        area=COMMUNITY,
        period="2026-11",
        title="月度之星",
        grounds="热心",
        nominator=NOMINATOR.member_id,
        facts=FACTS,
        nominated_at=AT,
        status=Status(status),
        objections=(OBJECTION,) if status == "publicity" else (),
        closes_at=AT + timedelta(days=7) if status != "nominated" else None,
    )


def act(one: Commendation, action: str, actor: Actor, **details: str | None) -> Commendation:
    every = {
        "note": "说明",
        "responsible": "李建国",
        "contact": "022-1",
        "objection": OBJECTION.id,
        **details,
    }
    return domain.transition(one, action, actor, Details(**every), AT, 7).commendation


@pytest.mark.parametrize("action", domain.WORKFLOW)
@pytest.mark.parametrize("status", [one.value for one in Status])
@pytest.mark.parametrize("who", ACTORS)
def test_every_status_action_and_role_is_as_the_table_says(action: str, status: str, who: str) -> None:
    sources, people = MAY[action]
    one, actor = commendation(status), ACTORS[who]
    allowed = status in sources and who in people
    assert (action in domain.allowed_actions(one, actor)) == allowed
    if allowed:
        done = act(one, action, actor)
        assert (done.status, done.version) == (BECOMES[action], 2)
    else:
        with pytest.raises(NotAllowed if who not in people else Conflict):
            act(one, action, actor)


def test_nobody_reviews_what_they_nominated_or_are_to_get_whatever_role_they_hold() -> None:
    staff = ACTORS["district admin"]
    assert parties(replace(commendation(), nominator=staff.member_id), staff) == {
        Party.NOMINATOR,
        Party.ADMIN,
    }
    assert parties(replace(commendation(), member=staff.member_id), staff) == {Party.NOMINEE}


@pytest.mark.parametrize(
    ("action", "status", "missing"),
    [
        ("publicise", "nominated", "responsible"),
        ("publicise", "nominated", "contact"),
        ("refuse", "nominated", "note"),
        ("dismiss_objection", "publicity", "objection"),
        ("dismiss_objection", "publicity", "note"),
        ("revoke", "awarded", "note"),
    ],
)
def test_what_an_action_needs_is_asked_for(action: str, status: str, missing: str) -> None:
    with pytest.raises(Invalid) as caught:
        act(commendation(status), action, ACTORS["district admin"], **{missing: None})
    assert missing in caught.value.extra["errors"]


def test_a_publicity_lasts_whole_days_and_is_awarded_once_when_nobody_objects() -> None:
    open_ = act(commendation(), "publicise", ACTORS["community staff"])
    ends = datetime(2026, 12, 2, 16, 0, tzinfo=UTC)  # after seven days, midnight in Shanghai
    assert open_.award_at == open_.closes_at == ends
    assert domain.awarded(open_, ends - timedelta(milliseconds=1), "C") is None
    change = domain.awarded(open_, ends, "C")
    assert change is not None
    done = change.commendation
    assert (done.status, done.code, done.awarded_at) == (Status.AWARDED, "C", ends)
    assert domain.awarded(done, ends, "D") is None


def object_to(one: Commendation, actor: Actor, at: datetime = AT) -> Commendation:
    return domain.objected(one, Objection(new_ulid(), actor.member_id, "不实", at), actor).commendation


def test_an_objection_holds_the_award_up_until_it_is_dismissed() -> None:
    staff, late = ACTORS["council chair"], AT + timedelta(days=30)
    open_ = act(commendation(), "publicise", staff)
    disputed = object_to(object_to(open_, ACTORS["resident"]), ACTORS["another steward"])
    assert domain.awarded(disputed, late, "C") is None
    first, second = disputed.objections
    half = act(disputed, "dismiss_objection", staff, objection=first.id)
    assert domain.awarded(half, late, "C") is None
    with pytest.raises(Invalid):
        act(half, "dismiss_objection", staff, objection=first.id)
    assert domain.awarded(act(half, "dismiss_objection", staff, objection=second.id), late, "C") is not None
    assert act(disputed, "refuse", staff).award_at is None


def test_objections_are_taken_once_a_person_during_the_publicity_and_never_from_the_nominee() -> None:
    open_ = act(commendation(), "publicise", ACTORS["council chair"])
    assert open_.closes_at is not None
    cases: list[tuple[Commendation, Actor, datetime, type[Refusal]]] = [
        (commendation(), ACTORS["resident"], AT, Conflict),
        (open_, ACTORS["resident"], open_.closes_at, Conflict),
        (open_, NOMINEE, AT, NotAllowed),
        (object_to(open_, ACTORS["resident"]), ACTORS["resident"], AT, Conflict),
    ]
    for one, actor, at, refusal in cases:
        with pytest.raises(refusal):
            object_to(one, actor, at)


def test_stewards_and_staff_of_the_area_nominate_others_who_have_verified_work() -> None:
    for who, actor in ACTORS.items():
        one = replace(commendation(), nominator=actor.member_id)
        if who in ("resident", "staff elsewhere", "nominee"):
            with pytest.raises(NotAllowed):
                domain.nominated(one, actor)
        else:
            assert domain.nominated(one, actor).commendation == one
    with pytest.raises(Invalid):
        domain.nominated(replace(commendation(), facts=Facts(0, 0, {}, 500, 0)), NOMINATOR)


def test_a_version_that_was_passed_is_refused() -> None:
    domain.check_version(commendation(), 1)
    with pytest.raises(Stale):
        domain.check_version(commendation(), 2)


def test_a_forgotten_member_leaves_no_name_and_open_nominations_end() -> None:
    for status, then in (("nominated", "withdrawn"), ("publicity", "withdrawn"), ("awarded", "awarded")):
        change = domain.forgotten(commendation(status), AT)
        assert change is not None
        gone = change.commendation
        assert (gone.name, gone.grounds, gone.status) == ("", "", then)
        assert [(one.reason, one.answer) for one in gone.objections] == [("", None)] * len(gone.objections)
        assert (change.event is not None) == (status != "awarded")
        assert domain.forgotten(gone, AT) is None


def paid(
    rule: str, points: int, minutes: int, *, area: str = GRID, at: datetime = AT, reverses: str | None = None
) -> Posting:
    key = f"P{next(_NUMBERS)}"
    member = NOMINEE.member_id
    legs = [Leg(member, "points", points), Leg(issuer(area), "points", -points)]
    if minutes:
        legs += [Leg(member, "minutes", minutes), Leg(issuer(area), "minutes", -minutes)]
    return Posting(key, key, rule, 1, "c", area, tuple(legs), at, verified=True, reverses=reverses)


def test_the_facts_are_those_of_the_area_and_period_without_what_was_taken_back() -> None:
    undone = paid("issue.confirmed", 5, 0)
    known = [
        paid("issue.confirmed", 5, 0),
        paid("activity.verified", 2, 6000),
        paid("activity.verified", 2, 60, area=f"{ELSEWHERE}001"),
        paid("activity.verified", 2, 40, at=AT - timedelta(days=60)),
        undone,
        paid("posting.reversed", -5, 0, reverses=undone.id),
    ]
    found = facts(known, NOMINEE.member_id, COMMUNITY, "2026-11", LADDER)
    assert found == Facts(7, 6000, {"issue.confirmed": 1, "activity.verified": 1}, 6100, 1)
    assert facts(known, NOMINEE.member_id, "120199", "2026", LADDER).minutes == 6100


def test_a_certificate_shows_what_a_record_must_and_runs_nothing_that_was_typed() -> None:
    awarded = replace(
        commendation("awarded"),
        name="<script>alert(1)</script>",
        responsible="李建国",
        contact="022-12345678",
        awarded_at=datetime(2026, 12, 2, 16, 0, tzinfo=UTC),
        code="0A1B2C3D4E",
    )
    page = certificate.page(awarded, "幸福里社区")
    for text in (
        NOMINEE.member_id,
        "&lt;script&gt;",
        "月度之星",
        "2026年11月",
        "1小时30分钟",
        "累计服务时长 100小时",
        "反映或解决问题并经居民确认 3 次",
        "参加执勤 2 次",
        "其他志愿服务 1 次",
        "幸福里社区",
        "李建国",
        "022-12345678",
        "BZ20261125-AAAAAAAAAA",
        "0A1B2C3D4E",
        "2026年12月3日",
    ):
        assert text in page, text
    assert "<script" not in page
    assert "（姓名已删除）" in certificate.page(replace(awarded, name=""), "幸福里社区")


def test_a_certificate_names_the_training_that_was_completed() -> None:
    trained = replace(commendation("awarded"), facts=Facts(2, 0, {"training.completed": 1}, 0, 0))
    assert "完成培训 1 次" in certificate.page(trained, "幸福里社区")
    by_own_rules = {"training.first_aid": 1, "duty.patrol": 2, "duty.verified.night": 1, "hold.captured": 1}
    page = certificate.page(replace(trained, facts=Facts(5, 0, by_own_rules, 0, 0)), "幸福里社区")
    for text in ("完成培训 1 次", "参加执勤 3 次", "其他志愿服务 1 次"):
        assert text in page, text


def test_periods_and_times_are_said_in_words() -> None:
    periods = {
        "2026-03": "2026年3月",
        "2026-Q4": "2026年第四季度",
        "2026": "2026年",
        "all": "参加志愿服务以来",
    }
    assert {one: certificate.period_in_words(one) for one in periods} == periods
    assert certificate.time_in_words(120) == "2小时"
