"""The month's work for others: duty on a shift, training, an hour of the time bank, a nomination.

The API takes few times of the past. A shift began some minutes before it was opened, a session was held
yesterday; what else takes its time, the people concerned say, and somebody else decides on it.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from chassis.clock import rfc3339, utc_now
from demo.client import Person, Refused
from demo.district import (
    COMMUNITY_A,
    RESIDENTS_OF_A,
    District,
    grids,
    home_of,
    members,
    spot_in,
    stewards_of,
)
from demo.records import Record
from demo.stage import Part, acting, carrying, sent, until
from demo.story import marked

REFERENCE = "month-a"
CHAIR, SOCIAL_WORKER = "13900000004", "13900000006"
GRID = grids(COMMUNITY_A)[-1]
GUARD, HELPED, BUYER = (phone for phone, grid in stewards_of(COMMUNITY_A).items() if grid == GRID)
"""The stewards of the scene's grid: who is on duty and trained, who is helped, who buys in the shop."""
NEIGHBOURS = [phone for place, phone in enumerate(RESIDENTS_OF_A) if home_of(COMMUNITY_A, place) == GRID]
HELPER = NEIGHBOURS[-1]
DUTY_MINUTES, HELP_MINUTES = 4, 60
_HOUR = timedelta(hours=1)
_CHECK_OUT_UNTIL = 12 * _HOUR
_NOT_ON_IT = "not on the list"
_DECISION = {"action": "settle", "minutes": HELP_MINUTES, "note": "双方确认帮忙一小时"}


def duty(district: District) -> Part:
    """A shift that is opened on the spot, stood by a steward, and verified by the community's staff."""
    chair, staff, guard = district.person(CHAIR), district.community_staff, district.person(GUARD)
    reference, path = f"{REFERENCE} duty", "/v1/shifts"

    def begin(key: str) -> Record:
        window = _window(utc_now() - timedelta(minutes=DUTY_MINUTES))
        wanted = {"area": GRID, "post": marked("小区北门", reference), "kind": "patrol", "seats": 1}
        return sent(chair, path, wanted | window, f"{key} {window['starts_at']}")

    def decide(shift: Record) -> Record:
        return verdict(line_of(shift["duties"], guard.id))

    place = {"location": spot_in(GRID, reference), "accuracy": 8}
    return Part(
        reference=reference,
        find=lambda: carrying(staff.pages(path, area=COMMUNITY_A), "post", reference),
        begin=begin,
        read=lambda shift: staff.get(f"{path}/{shift}"),
        status=lambda shift: status_of(shift["duties"], guard.id),
        acts={
            _NOT_ON_IT: acting(guard, f"{path}/{{}}/signups", f"{reference} seat", {}),
            "signed_up": acting(guard, f"{path}/{{}}/check-ins", f"{reference} in", place),
            "checked_in": acting(guard, f"{path}/{{}}/check-outs", f"{reference} out", {}),
            "checked_out": acting(staff, f"{path}/{{}}/verifications", f"{reference} verified", decide),
        },
        ends=frozenset({"verified"}),
        in_vain=lambda shift: is_missed(shift, guard.id, utc_now()),
    )


def verdict(done: Record) -> Record:
    """What staff decide on a duty: the minutes recorded or, where the phone was late, those they know of."""
    decision = {"member": done["member"], "decision": "approve"}
    if done["minutes"] >= DUTY_MINUTES:
        return decision
    return {**decision, "minutes": DUTY_MINUTES, "reason": "提前到岗，到岗时手机没有信号"}


def is_missed(shift: Record, member: str, now: datetime) -> bool:
    """Whether it is too late for a member to be on a shift, or to say that they were."""
    end = datetime.fromisoformat(shift["ends_at"])
    late = {_NOT_ON_IT: end, "signed_up": end, "checked_in": end + _CHECK_OUT_UNTIL}
    return now >= late.get(status_of(shift["duties"], member), now + _HOUR)


def line_of(lines: Iterable[Record], member: str) -> Record:
    """A member's own line of a list; empty where they are not on it."""
    return next((one for one in lines if one["member"] == member), {})


def status_of(lines: Iterable[Record], member: str) -> str:
    """How a member stands on a list."""
    return str(line_of(lines, member).get("status", _NOT_ON_IT))


def training_yesterday(district: District) -> Part:
    """A session held yesterday and entered late; a steward who was there is recorded as having attended."""
    came = {"member": district.person(GUARD).id, "attended": True}
    return _training(district, "training yesterday", GUARD, -24 * _HOUR, came)


def training_today(district: District) -> Part:
    """A session that has just begun, to which a steward who had signed up did not come."""
    stayed_away = {"member": district.person(HELPED).id, "attended": False, "reason": "未到场"}
    return _training(district, "training today", HELPED, -timedelta(minutes=5), stayed_away)


def _training(district: District, name: str, trainee: str, begins: timedelta, told: Record) -> Part:
    chair, member = district.person(CHAIR), district.person(trainee)
    reference, path = f"{REFERENCE} {name}", "/v1/training-sessions"
    record = acting(chair, f"{path}/{{}}/attendances", f"{reference} attendance", told)
    sign_up = acting(member, f"{path}/{{}}/signups", f"{reference} seat", {})

    def begin(key: str) -> Record:
        window = _window(utc_now() + begins)
        place = marked("居委会二楼", reference)
        wanted = {"course": _course(district), "area": GRID, "place": place, "seats": 12}
        return sent(chair, path, wanted | window, f"{key} {window['starts_at']}")

    def is_missed(session: Record) -> bool:
        over = utc_now() >= datetime.fromisoformat(session["ends_at"])
        return not told["attended"] and over and status_of(session["attendances"], member.id) == _NOT_ON_IT

    return Part(
        reference=reference,
        find=lambda: carrying(chair.pages(path, area=COMMUNITY_A), "place", reference),
        begin=begin,
        read=lambda session: chair.get(f"{path}/{session}"),
        status=lambda session: status_of(session["attendances"], member.id),
        # Nobody signs up for what is over: who was there is recorded without.
        acts={_NOT_ON_IT: record} if told["attended"] else {_NOT_ON_IT: sign_up, "signed_up": record},
        ends=frozenset({"attended" if told["attended"] else "absent"}),
        in_vain=is_missed,
    )


def _course(district: District) -> str:
    social_worker, reference = district.person(SOCIAL_WORKER), f"{REFERENCE} course"
    found = carrying(social_worker.pages("/v1/courses"), "title", reference)
    course = {"title": marked("急救入门", reference), "category": "first_aid", "minutes": 120}
    return str((found[-1] if found else sent(social_worker, "/v1/courses", course, reference))["id"])


def time_bank(district: District) -> Part:
    """A steward asks for an hour of help, a resident gives it, and the hour goes from one to the other."""
    helped, helper, staff = district.person(HELPED), district.person(HELPER), district.community_staff
    reference, path = f"{REFERENCE} time bank", "/v1/time-bank/requests"

    def begin(key: str) -> Record:
        until(
            lambda: helped.get(f"/v1/accounts/{helped.id}")["minutes"]["available"],
            lambda minutes: minutes >= HELP_MINUTES,
            "the minutes of who asks for help",
        )
        window = _window(utc_now())
        text = marked("家中水龙头漏水，请人帮忙修理", reference)
        wanted = {"kind": "request", "area": COMMUNITY_A, "skills": ["repairs"], "text": text}
        minutes = {"minutes": HELP_MINUTES}
        return sent(helped, path, wanted | minutes | window, f"{key} {window['starts_at']}")

    def act(person: Person, action: str) -> Callable[[Record], Record]:
        return acting(person, f"{path}/{{}}/transitions", f"{reference} {action}", {"action": action})

    to = f"{path}/{{}}/transitions"
    return Part(
        reference=reference,
        find=lambda: carrying(helped.pages(path, mine="true"), "text", reference),
        begin=begin,
        read=lambda one: helped.get(f"{path}/{one}"),
        status=lambda one: str(one["status"] if one["partner"] in (None, helper.id) else "another's"),
        acts={
            "open": act(helper, "respond"),
            "matched": act(helped, "accept"),
            "accepted": act(helper, "check_in"),
            "checked_in": act(helper, "check_out"),
            "checked_out": acting(helped, to, f"{reference} answer", answer),
            "disputed": acting(staff, to, f"{reference} decision", _DECISION),
        },
        ends=frozenset({"settled"}),
        in_vain=lambda one: one["status"] == "lapsed",
    )


def answer(one: Record) -> Record:
    """What who was helped says: the clock shows the hour, or it does not, and staff are asked to decide."""
    came, went = (datetime.fromisoformat(one[name]) for name in ("checked_in_at", "checked_out_at"))
    if went - came >= timedelta(minutes=HELP_MINUTES):
        return {"action": "confirm"}
    return {"action": "dispute", "note": "到门口时忘记签到，实际帮忙一小时"}


def nomination(district: District) -> Part:
    """The community's staff nominate the steward who was on duty for a commendation."""
    staff, guard = district.community_staff, district.person(GUARD)
    reference, path = f"{REFERENCE} commendation", "/v1/commendations"
    wanted = {
        "member": guard.id,
        "name": next(str(one["name"]) for one in members() if one["phone"] == GUARD),
        "area": COMMUNITY_A,
        "period": "all",
        "title": "热心管家",
        "grounds": marked("坚持巡逻值守，积极参加培训", reference),
    }

    def begin(key: str) -> Record:
        def nominated() -> Record | None:
            try:
                return sent(staff, path, wanted, key)
            except Refused as refused:
                if "period" not in refused.problem.get("errors", {}):
                    raise
                return None  # the ledger knows of no verified work of theirs yet

        return until(nominated, bool, "the verified work of who is nominated") or {}

    return Part(
        reference=reference,
        find=lambda: carrying(staff.pages(path, mine="true"), "grounds", reference),
        begin=begin,
        read=lambda one: staff.get(f"{path}/{one}"),
        acts={},
        ends=frozenset({"nominated", "publicity", "awarded"}),
    )


def _window(starts: datetime) -> Record:
    return {"starts_at": rfc3339(starts), "ends_at": rfc3339(starts + 2 * _HOUR)}
