"""What staff can do with the registrations of members."""

from datetime import date
from typing import Protocol

from chassis.clock import Clock
from chassis.errors import Invalid, missing
from chassis.identity import Actor
from services.points.timebank.members import domain
from services.points.timebank.members.domain import Registration, Relatives


class Registry(Protocol):
    """Where registrations are kept. `relate` answers with what stands for the pair, from now or before."""

    def knows(self, member: str) -> bool: ...
    def put(self, registration: Registration) -> None: ...
    def relate(self, relatives: Relatives) -> Relatives: ...
    def relatives(self, relatives_id: str) -> Relatives: ...
    def end(self, relatives_id: str) -> None: ...
    def forget(self, member: str) -> None: ...


def register(
    registry: Registry,
    clock: Clock,
    actor: Actor,
    *,
    member: str,
    may_redeem_from: date | None,
    group: bool,
) -> Registration:
    """Register what is to be known of a member; it replaces what was. Raises NotFound, NotAllowed."""
    if not registry.knows(member):
        raise missing("成员", "member")
    wanted = Registration(member, may_redeem_from, group, actor.member_id, clock())
    registry.put(domain.registered(wanted, actor))
    return wanted


def relate(
    registry: Registry, clock: Clock, actor: Actor, *, member: str, relative: str, relatives_id: str
) -> Relatives:
    """Register two members as lineal relatives, once. Raises Invalid for unknown members, NotAllowed."""
    wanted = domain.related(member, relative, actor, relatives_id=relatives_id, at=clock())
    for field, one in (("member", member), ("relative", relative)):
        if not registry.knows(one):
            raise Invalid(field, zh="没有这个成员。", en="There is no such member.")
    return registry.relate(wanted)


def unrelate(registry: Registry, actor: Actor, *, relatives_id: str) -> None:
    """Take a registration back; what was given on it stays given. Raises NotFound, NotAllowed."""
    registry.end(domain.ended(registry.relatives(relatives_id), actor).id)
