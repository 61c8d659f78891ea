"""Duty on the real database: the last seat, two shifts at once, the place that is not kept, forgetting."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

import chassis.http.app
from chassis.clock import new_ulid, rfc3339, utc_now
from chassis.errors import Conflict
from chassis.field_cipher import FieldCipher
from chassis.http.app import ServiceApp
from chassis.identity import Actor, Grant, TokenVerifier
from chassis.mongo import Mongo
from demo.district import boundary, centre
from infra.local.secrets import Secrets
from services.volunteer.areas.queries import AreaQueries
from services.volunteer.duty import commands, routes
from services.volunteer.duty.attestation import Codes
from services.volunteer.duty.queries import ShiftQueries
from services.volunteer.duty.shift import Shift, Status
from services.volunteer.duty.store import ShiftStore
from services.volunteer.people.domain import Member
from services.volunteer.people.tokens import TokenIssuer
from tests.unit.duties import DISTRICT, GRID, HOUR, LEADER, SHIFT, STAFF

NOW, ELSEWHERE = utc_now(), "120199001002"
Ask = Callable[..., Any]


def steward() -> Actor:
    return Actor(new_ulid(), (Grant("steward", GRID),))


@pytest.fixture
def shifts(mongo: Mongo) -> ShiftStore:
    store = ShiftStore(mongo)
    store.ensure_indexes()
    return store


def opened(shifts: ShiftStore, start: datetime = NOW, hours: int = 2, seats: int = 3) -> Shift:
    new = replace(SHIFT, id=new_ulid(), starts_at=start, ends_at=start + hours * HOUR, seats=seats)
    return shifts.add(new)


def sign_up(shifts: ShiftStore, shift: Shift, actor: Actor) -> Shift:
    return commands.sign_up(shifts, utc_now, actor, shift_id=shift.id, duty_id=new_ulid())


def served(shifts: ShiftStore, areas: AreaQueries, shift: Shift, actor: Actor) -> Shift:
    """Signed up, in and out."""
    sign_up(shifts, shift, actor)
    place: dict[str, Any] = {"location": None, "accuracy": None}
    commands.check_in(shifts, areas, utc_now, actor, shift_id=shift.id, **place)
    return commands.check_out(shifts, utc_now, actor, shift_id=shift.id)


def test_of_many_who_sign_up_at_once_as_many_get_in_as_there_are_seats(shifts: ShiftStore) -> None:
    shift = opened(shifts)
    refusals: list[str] = []

    def act(actor: Actor) -> None:
        while True:
            try:
                sign_up(shifts, shift, actor)
            except Conflict as refused:
                if refused.code == "busy-shift":
                    continue
                refusals.append(refused.code)
            return

    people = [steward() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, [*people, *people]))
    stored = shifts.get(shift.id)
    assert len({one.member for one in stored.duties}) == len(stored.duties) == 3
    assert set(refusals) == {"shift-full"}
    assert stored.version == 4


def test_nobody_takes_a_seat_at_the_time_of_another_of_their_shifts(shifts: ShiftStore) -> None:
    member, first = steward(), opened(shifts, NOW + 5 * HOUR)
    during, after = opened(shifts, NOW + 6 * HOUR), opened(shifts, NOW + 7 * HOUR)
    sign_up(shifts, first, member)
    with pytest.raises(Conflict) as refused:
        sign_up(shifts, during, member)
    assert refused.value.code == "shifts-overlap"
    sign_up(shifts, after, member)
    commands.withdraw(shifts, utc_now, member, shift_id=first.id)
    commands.withdraw(shifts, utc_now, member, shift_id=after.id)
    assert len(sign_up(shifts, during, member).duties) == 1
    assert shifts.get(first.id).duties == ()


def test_a_decision_and_its_event_are_one_write_and_made_once(shifts: ShiftStore, mongo: Mongo) -> None:
    member, shift = steward(), opened(shifts)
    served(shifts, AreaQueries(mongo), shift, member)
    order = {"shift_id": shift.id, "member": member.member_id, "minutes": None}

    def decide(actor: Actor) -> bool:
        try:
            commands.verify(shifts, utc_now, actor, approved=actor is STAFF, reason="见记录", **order)  # type: ignore[arg-type]
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        decided = list(pool.map(decide, [STAFF, LEADER, STAFF, LEADER]))
    assert decided in ([True, False] * 2, [False, True] * 2)
    document = mongo["shifts"].find_one({"_id": shift.id}) or {}
    out, decision = document["outbox"]
    verdict = "verified" if decided[0] else "rejected"
    assert [out["type"], decision["type"]] == ["duty.checked_out.v1", f"duty.{verdict}.v1"]
    assert {out["subject"], decision["subject"]} == {document["duties"][0]["id"]}
    assert (decision["sequence"], decision["area"]) == (document["version"], GRID)


def test_who_is_forgotten_gives_back_what_they_have_not_begun(shifts: ShiftStore, mongo: Mongo) -> None:
    member, past, coming = steward(), opened(shifts), opened(shifts, NOW + 24 * HOUR)
    served(shifts, AreaQueries(mongo), past, member)
    commands.verify(
        shifts,
        utc_now,
        STAFF,
        shift_id=past.id,
        member=member.member_id,
        approved=False,
        minutes=None,
        reason="王阿姨说没看到人",
    )
    sign_up(shifts, coming, member)
    assert [one["shift"] for one in shifts.of(member.member_id)] == [past.id, coming.id]
    for _ in range(2):
        shifts.forget(member.member_id)
        (kept,) = shifts.of(member.member_id)
        assert (kept["shift"], kept["status"], kept["reason"]) == (past.id, "rejected", None)
    stored = list(mongo["shifts"].find({}, {"outbox": 0}))
    assert "王阿姨" not in str(stored)
    assert shifts.get(coming.id).duties == ()


@pytest.fixture
def ask(mongo: Mongo, shifts: ShiftStore) -> Ask:
    """Asks the routes of duty as somebody, and answers the JSON."""
    known = {GRID: boundary(GRID), ELSEWHERE: None}
    mongo["areas"].insert_many([{"_id": code, "name": code, "boundary": one} for code, one in known.items()])
    keys = Secrets.new()
    codes = Codes(FieldCipher(keys.field_key).fingerprint)
    blueprint = routes.blueprint(shifts, ShiftQueries(mongo), AreaQueries(mongo), codes, utc_now, DISTRICT)
    service = ServiceApp("shifts", "Shifts", [blueprint])
    client = chassis.http.app.make(service, mongo, TokenVerifier(keys.jwks())).test_client()
    issuer = TokenIssuer(keys.token_signing_key, "1", utc_now)

    def asked(actor: Actor, method: str, path: str, **body: Any) -> Any:
        token = issuer.issue(Member(actor.member_id, "13900000001", None, actor.grants))
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": new_ulid()}
        given: dict[str, Any] = {"json": body} if method == "POST" else {"query_string": body}
        return client.open(f"/v1/shifts{path}", method=method, headers=headers, **given).json

    return asked


@pytest.mark.parametrize(
    ("place", "accuracy", "in_area"),
    [
        (centre(GRID), 20, True),
        ({"lng": 100.5, "lat": 30.25}, 20, False),
        ({"lng": 100.5, "lat": 30.25}, 500, None),
        (None, None, None),
    ],
)
def test_of_the_place_only_whether_it_lies_in_the_area_is_kept(
    ask: Ask, shifts: ShiftStore, mongo: Mongo, place: Any, accuracy: Any, in_area: bool | None
) -> None:
    member, shift = steward(), opened(shifts)
    ask(member, "POST", f"/{shift.id}/signups")
    answer = ask(member, "POST", f"/{shift.id}/check-ins", location=place, accuracy=accuracy)
    assert answer["duties"][0]["in_area"] is in_area
    kept = [list(mongo[name].find()) for name in mongo.database.list_collection_names() if name != "areas"]
    for value in (place or {}).values():
        assert str(value) not in str(kept)
    keys = [one["_id"] for one in mongo["idempotency_keys"].find()]
    assert [key for key in keys if "check-ins" in key] == [], "a hash of the place"
    assert len(keys) == 1
    again = ask(member, "POST", f"/{shift.id}/check-ins")
    assert again["duties"] == answer["duties"]


def test_of_a_code_only_that_it_was_scanned_is_kept(ask: Ask, shifts: ShiftStore, mongo: Mongo) -> None:
    member, leader, shift, other = steward(), Actor(new_ulid(), STAFF.grants), opened(shifts), opened(shifts)
    ask(member, "POST", f"/{shift.id}/signups")
    token = ask(leader, "POST", f"/{shift.id}/check-in-tokens")["token"]
    foreign = ask(leader, "POST", f"/{other.id}/check-in-tokens")["token"]
    for wrong in (foreign, "code"):
        assert ask(member, "POST", f"/{shift.id}/check-ins", token=wrong)["errors"].keys() == {"token"}
    assert shifts.get(shift.id).duties[0].status is Status.SIGNED_UP
    assert ask(member, "POST", f"/{shift.id}/check-ins", token=None)["duties"][0]["attested"] is False
    assert ask(member, "POST", f"/{shift.id}/check-ins", token=token)["duties"][0]["attested"] is True
    assert ask(leader, "GET", f"/{shift.id}")["duties"][0]["attested"] is True
    assert ask(member, "POST", f"/{shift.id}/check-in-tokens")["status"] == 403
    assert ask(leader, "POST", f"/{new_ulid()}/check-in-tokens")["status"] == 404
    kept = str([list(mongo[name].find()) for name in mongo.database.list_collection_names()])
    assert token[-40:] not in kept
    assert foreign[-40:] not in kept
    assert "check-in" not in str([one["_id"] for one in mongo["idempotency_keys"].find()])


def test_a_shift_is_found_by_its_id_and_that_of_a_duty_and_by_nothing_else(
    ask: Ask, shifts: ShiftStore
) -> None:
    member, shift = steward(), opened(shifts)
    duty = ask(member, "POST", f"/{shift.id}/signups")["duties"][0]["id"]
    for known in (shift.id, duty):
        assert ask(member, "GET", f"/{known}")["id"] == shift.id
    for unknown in (GRID, member.member_id, new_ulid()):
        assert ask(member, "GET", f"/{unknown}")["status"] == 404
    stranger = Actor(new_ulid(), (Grant("steward", f"{ELSEWHERE}001"),))
    assert ask(stranger, "GET", f"/{shift.id}")["status"] == 404


def test_shifts_are_listed_by_area_and_by_member(ask: Ask, shifts: ShiftStore) -> None:
    member, other = steward(), steward()
    mine, open_one = opened(shifts), opened(shifts, NOW + 6 * HOUR)
    ask(member, "POST", f"/{mine.id}/signups")

    def listed(actor: Actor, **query: str) -> list[str]:
        return [one["id"] for one in ask(actor, "GET", "", **query)["items"]]

    assert listed(other, area=GRID) == listed(LEADER, area=GRID[:12]) == [open_one.id, mine.id]
    assert listed(member, member="me") == listed(STAFF, member=member.member_id, area=GRID[:12]) == [mine.id]
    assert listed(other, member="me") == []
    first = ask(other, "GET", "", area=GRID, limit=1)
    assert [one["id"] for one in ask(other, "GET", "", area=GRID, cursor=first["next"])["items"]] == [mine.id]
    for query in ({}, {"area": ELSEWHERE}, {"member": member.member_id}):
        assert ask(other, "GET", "", **query)["status"] == 403


def test_a_shift_is_opened_by_who_leads_a_known_area(ask: Ask, mongo: Mongo) -> None:
    start = utc_now()
    body = {"area": GRID, "post": "北门", "seats": 1, "starts_at": rfc3339(start)}
    body["ends_at"] = rfc3339(start + timedelta(hours=2))
    shift = ask(LEADER, "POST", "", **body)
    assert (shift["kind"], shift["skills"], shift["taken"], shift["duties"]) == ("post", [], 0, [])
    assert ask(STAFF, "POST", "", **{**body, "area": ELSEWHERE})["status"] == 403
    assert ask(STAFF, "POST", "", **{**body, "area": f"{GRID[:12]}009"})["errors"].keys() == {"area"}
    assert ask(steward(), "POST", "", **body)["status"] == 403
    assert mongo["shifts"].count_documents({}) == 1
