"""Who may report how much: what counts, what does not, and what the refused are told."""

from datetime import datetime, timedelta

import pytest

from chassis.errors import Invalid, TooMany
from chassis.identity import Actor, Grant
from services.issues.cases.commands import within_quota
from tests.unit.test_case_workflow import GRID, NOW

RESIDENT = Actor("R", (Grant("resident", GRID[:6]),))


class Quotas:
    """What was taken, in memory, and until when there is nothing to take."""

    def __init__(self, full_until: datetime | None = None) -> None:
        self.full_until = full_until
        self.taken: list[str] = []

    def take(self, member_id: str, issue_id: str, most: int, at: datetime) -> datetime | None:
        assert (member_id, most, at) == ("R", 3, NOW)
        if self.full_until is None:
            self.taken.append(issue_id)
        return self.full_until

    def give_back(self, member_id: str, issue_id: str) -> None:
        assert member_id == "R"
        self.taken.remove(issue_id)


def test_a_report_counts_and_one_that_is_refused_does_not() -> None:
    quotas = Quotas()
    with within_quota(quotas, lambda: NOW, RESIDENT, issue_id="1", most=3):
        assert quotas.taken == ["1"]
    with (
        pytest.raises(Invalid),
        within_quota(quotas, lambda: NOW, RESIDENT, issue_id="2", most=3),
    ):
        raise Invalid("location", zh="不在本区。", en="Outside.")
    assert quotas.taken == ["1"]


def test_a_report_of_which_nobody_knows_what_became_counts() -> None:
    quotas = Quotas()
    with (
        pytest.raises(ConnectionError),
        within_quota(quotas, lambda: NOW, RESIDENT, issue_id="1", most=3),
    ):
        raise ConnectionError
    assert quotas.taken == ["1"]


@pytest.mark.parametrize(("left", "seconds"), [(600.0, 600), (0.2, 1), (1.5, 2)])
def test_who_has_reported_enough_learns_when_the_next_may_come(left: float, seconds: int) -> None:
    quotas, done = Quotas(NOW + timedelta(seconds=left)), []
    with (
        pytest.raises(TooMany) as refused,
        within_quota(quotas, lambda: NOW, RESIDENT, issue_id="1", most=3),
    ):
        done.append("reported")
    assert (refused.value.extra["retry_after"], done) == (seconds, [])


@pytest.mark.parametrize("role", ["community_staff", "subdistrict_staff", "district_admin", "integration"])
def test_who_reports_for_many_is_not_counted(role: str) -> None:
    many, steward = (Actor("R", (Grant(one, GRID[:6]),)) for one in (role, "steward"))
    quotas = Quotas(NOW + timedelta(minutes=1))
    with within_quota(quotas, lambda: NOW, many, issue_id="1", most=3):
        pass
    with pytest.raises(TooMany), within_quota(quotas, lambda: NOW, steward, issue_id="1", most=3):
        pass


def test_without_a_limit_nobody_is_counted() -> None:
    quotas = Quotas(NOW + timedelta(minutes=1))
    with within_quota(quotas, lambda: NOW, RESIDENT, issue_id="1", most=0):
        pass
    assert quotas.taken == []
