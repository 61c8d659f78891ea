"""What staff register of members for the time bank: from when they may spend, groups, lineal relatives.

Nothing else of a person is known here: no birthday, no kind of relation.
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor
from services.points.timebank.policy.domain import Policy

STAFF_ROLES = frozenset({"community_staff", "subdistrict_staff", "district_admin"})
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Registration:
    """What is registered of a member. `group`: the account is a group's, not a person's."""

    member: str
    may_redeem_from: date | None = None
    group: bool = False
    by: str | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Relatives:
    """Two members who are lineal relatives of each other, in the order of their identifiers."""

    id: str
    members: tuple[str, str]
    by: str
    at: datetime

    @property
    def pair(self) -> str:
        """What the two are found by, whichever is named first."""
        return pair(*self.members)


def registered(wanted: Registration, actor: Actor) -> Registration:
    """Raises NotAllowed for staff who register something of themselves."""
    _check_other(actor, wanted.member)
    return wanted


def related(one: str, other: str, actor: Actor, *, relatives_id: str, at: datetime) -> Relatives:
    """Raises Invalid for one and the same, NotAllowed for staff who register themselves."""
    if one == other:
        raise Invalid("relative", zh="须为两个不同的成员。", en="These are one and the same member.")
    _check_other(actor, one, other)
    first, second = sorted((one, other))
    return Relatives(relatives_id, (first, second), actor.member_id, at)


def ended(relatives: Relatives, actor: Actor) -> Relatives:
    """Raises NotAllowed for staff who are one of the two."""
    _check_other(actor, *relatives.members)
    return relatives


def pair(one: str, other: str) -> str:
    """What two relatives are found by."""
    return ":".join(sorted((one, other)))


def check_spender(known: Registration, policy: Policy, at: datetime) -> None:
    """Raises Conflict for a member who may not spend minutes yet, by the policy's redeeming age."""
    if policy.redeeming_age is None:
        return
    begins = known.may_redeem_from
    if begins is None or at.astimezone(SHANGHAI).date() < begins:
        raise Conflict(
            "not-redeeming-yet",
            zh=f"年满 {policy.redeeming_age} 岁并经社区登记后方可支取。",
            en=f"Minutes are spent from the age of {policy.redeeming_age}: have community staff register it.",
        )  # not from when: whoever helps may be told so too, and a birthday is none of their business


def check_receiver(known: Registration, policy: Policy) -> None:
    """Raises Conflict for a group, where groups only give."""
    if known.group and policy.groups_give_only:
        raise Conflict(
            "groups-give-only",
            zh="团体账户只能提供服务，不能接受。",
            en="A group gives help and minutes; it receives none.",
        )


def _check_other(actor: Actor, *members: str) -> None:
    if actor.member_id in members:
        raise NotAllowed(
            "own-registration",
            zh="不能登记自己，请由其他工作人员办理。",
            en="Nobody registers anything of themselves: ask another member of the staff.",
        )
