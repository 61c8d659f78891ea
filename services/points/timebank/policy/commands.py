"""What can be done with the time bank's policy: making its next version."""

from datetime import datetime
from typing import Protocol

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate, Conflict
from chassis.identity import Actor
from services.points.timebank.policy import domain
from services.points.timebank.policy.domain import Policy

_TRIES = 8


class Policies(Protocol):
    """Where the versions are kept. `add` raises ConcurrentUpdate when the number is taken."""

    def in_force(self, at: datetime) -> Policy: ...
    def latest(self) -> int: ...
    def add(self, policy: Policy) -> None: ...


def make(
    policies: Policies, clock: Clock, actor: Actor, *, wanted: Policy, expected_version: int | None
) -> Policy:
    """Make the next version of the policy; see `domain.made`."""
    for _ in range(_TRIES):
        policy = domain.made(wanted, policies.latest(), expected_version, actor, clock())
        try:
            policies.add(policy)
        except ConcurrentUpdate:
            continue
        return policy
    raise Conflict("busy-policy", zh="请稍后重试。", en="Too many change it at once: try again.")
