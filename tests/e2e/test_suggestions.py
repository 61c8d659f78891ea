"""Residents' suggestions through the gateway, with real processes behind."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from demo.client import Person, Refused
from demo.district import COMMUNITY_A, DISTRICT, RESIDENTS_OF_A, District
from infra.local.deployment import wait_until

ELSEWHERE = "120199001002"


def suggest(person: Person, **more: Any) -> Any:
    body = {"kind": "parking", "area": COMMUNITY_A, "title": "增设停车位", "text": "北门可增设停车位", **more}
    return person.post("/v1/suggestions", body)


def act(person: Person, suggestion: Any, action: str, **details: Any) -> Any:
    return person.post(f"/v1/suggestions/{suggestion['id']}/transitions", {"action": action, **details})


def messages(person: Person, kind: str, subject: str) -> int:
    inbox = person.pages("/v1/inbox")
    return sum(one["kind"] == kind and one["subject"] == subject for one in inbox)


def test_a_suggestion_is_supported_answered_and_told_once_to_each(
    district: District,
) -> None:
    author, *neighbours = (district.person(phone) for phone in RESIDENTS_OF_A[:5])
    staff = district.community_staff
    made = suggest(author)
    assert (made["status"], made["author"], made["support_count"]) == ("open", author.id, 0)
    wait_until(lambda: messages(staff, "suggestion.made.v1", made["id"]) == 1, 20, "the news to staff")

    with ThreadPoolExecutor(8) as pool:
        path = f"/v1/suggestions/{made['id']}/support"
        answers = list(pool.map(lambda one: one.send("POST", path).status_code, neighbours * 5))
    assert answers == [200] * 20
    with pytest.raises(Refused) as refused:
        author.post(path)
    assert refused.value.status == 403
    seen = neighbours[0].get(f"/v1/suggestions/{made['id']}")
    assert (seen["support_count"], seen["supported"], seen["author"]) == (4, True, None)

    with pytest.raises(Refused) as refused:
        act(neighbours[0], made, "answer", decision="accepted", text="好")
    assert refused.value.status == 403
    answered = act(staff, made, "answer", decision="planned", text="列入明年计划")
    assert (answered["status"], answered["answer"]["by"]) == ("answered", staff.id)
    for person in (author, *neighbours):
        wait_until(
            lambda who=person: messages(who, "suggestion.answered.v1", made["id"]) == 1,  # type: ignore[misc]
            20,
            f"the answer to {person.phone}",
        )
    assert act(author, made, "close")["status"] == "closed"
    with pytest.raises(Refused) as refused:
        act(staff, made, "answer", decision="done", text="已完成")
    assert (refused.value.status, refused.value.problem["allowed"]) == (409, [])


def test_lists_filter_by_area_kind_status_and_mine(district: District) -> None:
    author, staff = district.person(RESIDENTS_OF_A[6]), district.community_staff
    here = suggest(author, kind="culture")
    there = suggest(author, kind="culture", area=ELSEWHERE)
    act(author, there, "withdraw")

    def found(person: Person, **filters: Any) -> set[str]:
        return {one["id"] for one in person.pages("/v1/suggestions", **filters)} & {here["id"], there["id"]}

    assert found(staff) == {here["id"], there["id"]}
    assert found(staff, area=COMMUNITY_A) == {here["id"]}
    assert found(staff, kind="culture", area=ELSEWHERE) == {there["id"]}
    assert found(staff, kind="parking") == set()
    assert found(staff, status="withdrawn") == {there["id"]}
    assert found(author, mine="true", status="open") == {here["id"]}
    assert found(author, mine="true", area=ELSEWHERE) == {there["id"]}
    assert found(staff, mine="true") == set()


def test_suggestions_are_counted_by_kind_without_the_withdrawn(district: District) -> None:
    author = district.person(RESIDENTS_OF_A[7])

    def counts(**span: str) -> dict[str, int]:
        figures = author.get("/v1/stats/suggestions", area=COMMUNITY_A, **span)
        assert figures["total"] == sum(row["count"] for row in figures["rows"])
        return {row["kind"]: row["count"] for row in figures["rows"]}

    before = counts()
    assert set(before) >= {"environment", "facilities", "parking", "elderly", "culture", "safety", "other"}
    made = suggest(author, kind="elderly")
    assert counts() == {**before, "elderly": before["elderly"] + 1}
    assert sum(counts(to=made["created_at"]).values()) == sum(before.values())
    assert counts(**{"from": made["created_at"]})["elderly"] == 1
    act(author, made, "withdraw")
    assert counts() == before


def test_a_district_has_its_own_kinds_and_retires_them(district: District) -> None:
    resident = district.person(RESIDENTS_OF_A[8])
    admin = district.admin

    def define(person: Person, **body: Any) -> int:
        return person.send("PUT", "/v1/suggestions/kinds/greening", json=body).status_code

    assert define(resident, zh="绿化", en="greening") == 403
    assert define(admin, zh="绿化", en="greening") == 200
    assert suggest(resident, kind="greening")["kind"] == "greening"
    assert define(admin, zh="绿化", en="greening", retired=True) == 200
    with pytest.raises(Refused) as refused:
        suggest(resident, kind="greening")
    assert refused.value.status == 422


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", "no_such"), ("area", "120199999999"), ("area", "12"), ("title", ""), ("text", "x" * 2001)],
)
def test_bad_input_is_refused_by_the_name_of_its_field(district: District, field: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        suggest(district.person(RESIDENTS_OF_A[9]), **{field: value})
    assert refused.value.status == 422
    assert list(refused.value.problem["errors"]) == [field]
    foreign = district.admin.send("GET", "/v1/stats/suggestions", params={"area": "110101"})
    assert foreign.status_code == 422
    assert DISTRICT in foreign.json()["errors"]["area"][0]
