"""How long the parts that talk to the broker wait before they try again."""

from itertools import islice

import pytest

from chassis.broker.connection import jitter


@pytest.mark.parametrize("longest", [0.5, 1.0, 30.0])
def test_the_waits_grow_up_to_the_longest_and_no_further(longest: float) -> None:
    first, *later = islice(jitter(longest), 2000)
    assert 0 < first <= 0.5
    assert longest * 0.9 < max(later) <= longest
    assert min(later) > 0
