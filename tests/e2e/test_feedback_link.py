"""The link by which a reporter answers without signing in: who is sent it, and what it does."""

from typing import Any

import pytest

from demo.client import Api, Person, Refused
from demo.district import RESIDENTS_OF_A, District
from tests.e2e.people import STEWARDS, hears, report

YES = {"contacted": True, "resolved": "yes", "satisfied": True}


def told(person: Person, issue_id: str) -> dict[str, Any]:
    """The person's last message about the solution of an issue."""
    hears(person, "issue.resolved.v1", issue_id)
    kind = "issue.resolved.v1"
    return next(one for one in person.pages("/v1/inbox") if (one["subject"], one["kind"]) == (issue_id, kind))


def refused(status: int, api: Api, link: str, **answers: Any) -> None:
    with pytest.raises(Refused) as problem:
        api.call("POST", link, json=YES | answers)
    assert problem.value.status == status


def test_the_reporter_is_sent_a_link_that_answers_without_signing_in_and_nobody_else_is(
    district: District, api: Api
) -> None:
    resident, neighbour = (district.person(RESIDENTS_OF_A[number]) for number in (12, 13))
    steward = district.person(STEWARDS[0])
    issue = report(resident)
    path = f"/v1/issues/{issue['id']}"
    neighbour.post(f"{path}/support")
    steward.act(issue["id"], "claim")
    assert steward.act(issue["id"], "resolve", note="已处理")["feedback_url"] is None

    message, link = told(resident, issue["id"]), resident.get(path)["feedback_url"]
    assert message["link"] == link
    assert link not in message["body"]  # a path says nothing to a person: their front-end makes a page of it
    other = told(neighbour, issue["id"])
    assert other["link"] is None
    assert "/v1/feedback/" not in other["body"]
    assert "feedback_url" not in neighbour.get(path)

    refused(403, api, link[:-1] + ("0" if link[-1] != "0" else "1"))
    refused(422, api, link, resolved="no")
    api.call("POST", link, json=YES)
    now = resident.get(path)
    assert (now["status"], now["feedback"]["resolved"], now["feedback_url"]) == ("confirmed", "yes", None)
    refused(403, api, link)


def test_a_link_is_good_for_one_solution_and_the_next_one_is_asked_about_anew(
    district: District, api: Api
) -> None:
    resident, steward = district.person(RESIDENTS_OF_A[12]), district.person(STEWARDS[0])
    issue = report(resident)
    steward.act(issue["id"], "claim")
    steward.act(issue["id"], "resolve", note="已处理")
    first = told(resident, issue["id"])["link"]
    api.call("POST", first, json=YES | {"resolved": "no", "reason": "还在"})
    refused(403, api, first)
    steward.act(issue["id"], "resolve", note="已清运")
    refused(403, api, first)
    second = resident.get(f"/v1/issues/{issue['id']}")["feedback_url"]
    assert second != first
    api.call("POST", second, json=YES)


def test_of_a_problem_in_parts_the_reporter_is_sent_one_link_when_all_are_done(
    district: District, api: Api
) -> None:
    resident, staff = district.person(RESIDENTS_OF_A[13]), district.community_staff
    steward = district.person(STEWARDS[0])
    whole = report(resident)
    parts = [{"category": "environment", "description": text} for text in ("楼道有垃圾", "门口有垃圾")]
    split = staff.post(f"/v1/issues/{whole['id']}/splits", {"note": "两件事", "parts": parts})
    for part in split["parts"]:
        steward.act(part, "claim")
        steward.act(part, "resolve", note="已处理")
    link = told(resident, whole["id"])["link"]
    assert f"/{whole['id']}/" in link
    api.call("POST", link, json=YES)
    assert resident.get(f"/v1/issues/{whole['id']}")["status"] == "confirmed"
