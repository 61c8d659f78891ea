"""The figures: what rates are made of, percentiles, sums, spans, rankings, and what is kept back."""

import statistics
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.issues.cases.issue import Status
from services.issues.statistics import domain
from services.issues.statistics.disclosure import EVERYTHING, LEAST_TO_SHOW, kept_back
from services.issues.statistics.distribution import EDGES, ERROR, Distribution
from services.issues.statistics.domain import Measure, Rate
from services.issues.statistics.spans import cut, day_of, first_of, midnight, month_after
from services.issues.statistics.tally import Case, Tally, case, total

AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
AT0 = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
REPORTED = Case("120199001001001", "safety", AT, Status.REPORTED, False, False, None, None, None)
house = settings(max_examples=60, deadline=None)


def distribution(seconds: Sequence[float]) -> Distribution:
    counted = Distribution()
    for one in seconds:
        counted.count(timedelta(seconds=one))
    return counted


durations = st.lists(st.floats(1, 3e8), min_size=2, max_size=60)


@house
@given(durations)
def test_percentiles_are_those_of_the_statistics_module_within_the_stated_error(seconds: list[float]) -> None:
    counted = distribution(seconds)
    hours = [one / 3600 for one in seconds]
    ninth = statistics.quantiles(hours, n=10, method="inclusive")[8]
    # A duration is cut to milliseconds before it is counted: a thousandth at a second, the shortest here.
    assert counted.percentile(0.5) == pytest.approx(statistics.median(hours), rel=ERROR + 0.001)
    assert counted.percentile(0.9) == pytest.approx(ninth, rel=ERROR + 0.001)


def test_classes_are_as_wide_as_stated_and_few() -> None:
    assert all((after - before) / before <= 2 * ERROR for before, after in pairwise(EDGES))
    assert len(EDGES) < 1200


def test_of_nothing_there_is_no_percentile_and_of_one_duration_it_is_all_of_them() -> None:
    assert Distribution().percentile(0.5) is None
    one = distribution([7200])
    assert one.percentile(0.5) == one.percentile(0.9) == pytest.approx(2, rel=ERROR)
    assert distribution([-5]).percentile(0.5) == pytest.approx(0, abs=1 / 3600)


@house
@given(durations, durations)
def test_distributions_added_up_are_the_distribution_of_all(left: list[float], right: list[float]) -> None:
    merged = distribution(left)
    merged.add(distribution(right))
    assert merged == distribution([*left, *right])
    assert Distribution.of(merged.stored()) == merged


cases = st.builds(
    lambda status, whole, part, response, solution, satisfied: replace(
        REPORTED,
        status=status,
        whole=whole and not part,
        part=part,
        responded_at=AT + timedelta(seconds=response) if response is not None else None,
        resolved_at=AT + timedelta(seconds=solution) if solution is not None else None,
        satisfied=satisfied,
    ),
    st.sampled_from(Status),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(0, 10**7),
    st.none() | st.integers(0, 10**7),
    st.none() | st.booleans(),
)


def tally(*of: Case) -> Tally:
    counted = Tally()
    for one in of:
        counted.count(one)
    return counted


@house
@given(st.lists(cases, max_size=20), st.lists(cases, max_size=20))
def test_tallies_added_up_are_the_tally_of_all(left: list[Case], right: list[Case]) -> None:
    merged = total([tally(*left), tally(*right)])
    assert merged == tally(*left, *right)
    assert Tally.of(merged.stored()) == merged


@house
@given(st.lists(cases, max_size=20))
def test_denominator_and_exclusions_of_every_rate_add_up_to_the_count(of: list[Case]) -> None:
    counted = tally(*of)
    for rate in (domain.response_rate, domain.resolution_rate, domain.satisfaction_rate):
        made = rate(counted)
        assert made.denominator + sum(made.exclusions.values()) == counted.issues == len(of)
        assert 0 <= made.numerator <= made.denominator
        assert min(made.exclusions.values()) >= 0


@pytest.mark.parametrize(
    ("status", "response", "resolution"),
    [
        (Status.REPORTED, "0/1", "0/1"),
        (Status.CLAIMED, "1/1", "0/1"),
        (Status.ESCALATED, "1/1", "0/1"),
        (Status.REOPENED, "1/1", "0/1"),
        (Status.RESOLVED, "1/1", "1/1"),
        (Status.CONFIRMED, "1/1", "1/1"),
        (Status.NO_ANSWER, "1/1", "1/1"),
        (Status.REFERRED, "1/1", "referred"),
        (Status.REJECTED, "rejected", "rejected"),
        (Status.MERGED, "merged", "merged"),
        (Status.WITHDRAWN, "withdrawn", "withdrawn"),
    ],
)
def test_each_status_counts_as_stated(status: Status, response: str, resolution: str) -> None:
    responded = AT + HOUR if status is not Status.REPORTED else None
    counted = tally(replace(REPORTED, status=status, responded_at=responded, resolved_at=AT + 2 * HOUR))
    assert told(domain.response_rate(counted)) == response
    assert told(domain.resolution_rate(counted)) == resolution


def told(rate: Rate) -> str:
    reasons = [reason for reason, count in rate.exclusions.items() if count]
    return reasons[0] if reasons else f"{rate.numerator}/{rate.denominator}"


def test_a_split_issue_counts_by_its_parts_and_is_asked_for_once() -> None:
    done = replace(REPORTED, status=Status.CONFIRMED, responded_at=AT, resolved_at=AT + HOUR, satisfied=True)
    counted = tally(replace(done, whole=True), replace(done, part=True), replace(REPORTED, part=True))
    assert (domain.resolution_rate(counted).numerator, domain.resolution_rate(counted).denominator) == (1, 2)
    assert domain.resolution_rate(counted).exclusions["split"] == 1
    satisfaction = domain.satisfaction_rate(counted)
    assert (satisfaction.numerator, satisfaction.denominator, satisfaction.exclusions["parts"]) == (1, 1, 2)
    assert counted.reports == 1


def document(**more: Any) -> dict[str, Any]:
    return {
        "area": REPORTED.area,
        "category": "safety.fire",
        "created_at": AT,
        "status": "escalated",
        "parts": [],
        "part_of": None,
        "resolved_at": None,
        "feedback": None,
        "rating": None,
        "history": [],
        **more,
    }


def line(action: str, hours: int, actor: str = "S1") -> dict[str, Any]:
    return {"action": action, "actor": actor, "at": AT + hours * HOUR}


def test_what_the_clock_does_is_no_response_and_neither_is_dispatching() -> None:
    silent = [
        line("report", 0, "R"),
        line("escalate", 1, "system"),
        line("route", 2, "C"),
        line("object", 3, "C"),
    ]
    assert case(document(history=silent)).responded_at is None
    assert (
        case(document(history=[*silent, line("start", 5), line("escalate", 6)])).responded_at == AT + 5 * HOUR
    )
    assert case(document()).category == "safety"


def test_the_reporters_last_word_counts_be_it_feedback_or_rating() -> None:
    rating = {"satisfied": True, "score": 5, "comment": ""}
    feedback = {"satisfied": False, "at": AT + 2 * HOUR}
    assert case(document()).satisfied is None
    assert case(document(feedback=feedback)).satisfied is False
    assert case(document(rating=rating, history=[line("rate", 1, "R")])).satisfied is True
    earlier = document(rating=rating, feedback=feedback, history=[line("rate", 1, "R")])
    assert case(earlier).satisfied is False
    later = document(rating=rating, feedback=feedback, history=[line("rate", 3, "R")])
    assert case(later).satisfied is True


def test_what_was_said_before_a_reopening_counts_no_more_and_of_two_ratings_the_last() -> None:
    history = [line("rate", 1, "R"), line("reopen", 2, "R")]
    assert case(document(history=history)).satisfied is None
    anew = {"satisfied": True, "score": 5, "comment": ""}
    said = {"satisfied": False, "at": AT + 3 * HOUR}
    rated = document(rating=anew, feedback=said, history=[*history, line("rate", 4, "R")])
    assert case(rated).satisfied is True


moments = st.integers(0, 90 * 86400 * 10).map(lambda tenths: AT0 + timedelta(seconds=tenths / 10))
ends = st.none() | moments | st.dates(date(2026, 1, 1), date(2026, 4, 1)).map(midnight)


@house
@given(ends, ends, moments | st.dates(date(2026, 1, 1), date(2026, 4, 1)).map(midnight))
def test_every_moment_of_a_span_is_in_just_one_piece_of_it(
    since: datetime | None, until: datetime | None, moment: datetime
) -> None:
    pieces = cut(since, until)
    held = [begins <= moment < stops for begins, stops in pieces.ends]
    times = sum(held) + pieces.holds(day_of(moment))
    inside = (since is None or since <= moment) and (until is None or moment < until)
    assert times == inside


@house
@given(ends, ends, st.dates(date(2026, 1, 1), date(2026, 4, 1)))
def test_whole_months_lie_within_the_span_and_are_over(
    since: datetime | None, until: datetime | None, settled: date
) -> None:
    pieces = cut(since, until)
    whole = pieces.whole_months(settled)
    if whole is not None:
        first, after = first_of(whole[0]), first_of(whole[1])
        assert pieces.first <= first < after <= min(pieces.after, settled)
        assert month_after(after) > min(pieces.after, settled)


def test_days_are_those_of_shanghai() -> None:
    assert day_of(datetime(2026, 10, 31, 16, tzinfo=UTC)) == date(2026, 11, 1)
    assert midnight(date(2026, 11, 1)) == datetime(2026, 10, 31, 16, tzinfo=UTC)


def handled(solved: int, of: int, hours: int = 1) -> Tally:
    done = replace(REPORTED, status=Status.CONFIRMED, responded_at=AT, resolved_at=AT + hours * HOUR)
    return tally(*[done] * solved, *[REPORTED] * (of - solved))


def test_areas_are_ranked_best_first_equals_together_and_those_with_too_few_issues_not_at_all() -> None:
    tallies = {"a": handled(15, 30), "b": handled(30, 30), "c": handled(29, 29), "d": handled(30, 60)}
    ranked = domain.ranking(tallies, Measure.RESOLUTION_RATE)
    assert [(one.area, one.rank) for one in ranked] == [("b", 1), ("a", 2), ("d", 2), ("c", None)]
    assert ranked[-1].value == 1
    by_hours = {"slow": handled(30, 30, 9), "quick": handled(30, 30, 2), "few": handled(29, 99, 1)}
    ranked = domain.ranking(by_hours, Measure.MEDIAN_HOURS)
    assert [(one.area, one.rank) for one in ranked] == [("quick", 1), ("slow", 2), ("few", None)]


@house
@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(0, 12)), st.data())
def test_what_is_kept_back_cannot_be_told_by_subtraction(
    answers: dict[str, int], data: st.DataObject
) -> None:
    own = data.draw(st.sets(st.sampled_from(sorted(answers)))) if answers else set()
    hidden = kept_back(answers, own)
    assert not hidden & own
    for name, count in answers.items():
        if 0 < count < LEAST_TO_SHOW and name not in own:
            assert name in hidden
    together = sum(answers[name] for name in hidden - {EVERYTHING})
    assert together == 0 or together >= LEAST_TO_SHOW or EVERYTHING in hidden
