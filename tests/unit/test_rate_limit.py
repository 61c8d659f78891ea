"""The gateway's sliding window."""

from gateway.limits import RateLimit


def admitted(limit: RateLimit, caller: str, now: float, tries: int) -> int:
    return sum(limit.admits(caller, now) for _ in range(tries))


def test_a_caller_is_admitted_up_to_the_limit_and_others_are_not_held_up_by_it() -> None:
    limit = RateLimit("5/second")
    assert admitted(limit, "one", 100.0, 9) == 5
    assert admitted(limit, "other", 100.0, 9) == 5


def test_the_window_before_counts_by_the_share_that_is_still_covered() -> None:
    limit = RateLimit("10/second")
    assert admitted(limit, "one", 100.9, 20) == 10
    assert admitted(limit, "one", 101.0, 20) == 0
    assert admitted(limit, "one", 101.5, 20) == 5
    assert admitted(limit, "one", 101.5, 20) == 0


def test_a_quiet_window_is_forgotten() -> None:
    limit = RateLimit("10/minute")
    assert admitted(limit, "one", 60.0, 20) == 10
    assert admitted(limit, "one", 180.0, 20) == 10
