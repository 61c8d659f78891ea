"""Which figures are kept from members because a person could be told from them.

How many issues there are, how they stand, and how many were answered for is no secret: any member sees the
issues themselves. What a few reporters said of a solution, and how long a few handlers took, could tell of
one of them. So satisfaction with fewer than five answers behind it, and hours of fewer than five issues,
are shown only to staff of the area. So that nothing can be told by subtracting the groups shown from their
sum either, further groups are kept back, the smallest first, until those kept back have five answers
together; where there are none left, the sum is kept back too. This protects within one answer; whoever
compares many answers of different spans may still learn something.
"""

from collections.abc import Collection, Mapping

LEAST_TO_SHOW = 5
EVERYTHING = "all"
"""The name of the sum of all groups."""


def kept_back(answers: Mapping[str, int], own: Collection[str] = ()) -> frozenset[str]:
    """The groups whose satisfaction is not shown, by how many answers are behind each; `EVERYTHING` included.

    `own` are groups that the caller sees as staff.
    """
    hidden = {name for name, count in answers.items() if 0 < count < LEAST_TO_SHOW and name not in own}
    others = sorted(
        (count, name) for name, count in answers.items() if count >= LEAST_TO_SHOW and name not in own
    )
    while hidden and others and sum(answers[name] for name in hidden) < LEAST_TO_SHOW:
        hidden.add(others.pop(0)[1])
    if 0 < sum(answers[name] for name in hidden) < LEAST_TO_SHOW:
        hidden.add(EVERYTHING)
    return frozenset(hidden)


def is_small(count: int) -> bool:
    """Whether so few are behind a figure that it is not shown."""
    return 0 < count < LEAST_TO_SHOW
