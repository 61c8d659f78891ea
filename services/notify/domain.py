"""The message rules: which fact is told to whom, in which words."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chassis.identity import ancestors


class Audience(StrEnum):
    """Who hears of a fact."""

    FOLLOWERS = "followers"
    REPORTER = "reporter"
    ASSIGNEE = "assignee"
    RESOLVER = "resolver"
    HANDLERS = "handlers"
    OVERSEERS = "overseers"
    AUTHOR = "author"
    COMMUNITY = "community"
    GAINERS = "gainers"
    LOSERS = "losers"
    PROPOSER = "proposer"
    OFFICERS = "officers"
    LEADERS = "leaders"
    BUYER = "buyer"
    DONOR = "donor"
    SHOP = "shop"
    GIFTED = "gifted"
    CANDIDATES = "candidates"
    PARTIES = "parties"
    ADMINISTRATORS = "administrators"


@dataclass(frozen=True)
class Rule:
    """One row: an audience of a type of event, and the template they get."""

    audience: Audience
    template: str


def _both(template: str) -> tuple[Rule, ...]:
    """For the author, and for the council's chair and the community's staff."""
    return Rule(Audience.PROPOSER, template), Rule(Audience.OFFICERS, template)


def _handed_over(template: str, told: str) -> tuple[Rule, ...]:
    """For whose turn it is now, and what the followers are told of it."""
    return Rule(Audience.HANDLERS, template), Rule(Audience.FOLLOWERS, told)


def _of_both(template: str) -> tuple[Rule, ...]:
    """For who was nominated, and for who nominated them."""
    return Rule(Audience.AUTHOR, template), Rule(Audience.PROPOSER, template)


RULES: dict[str, tuple[Rule, ...]] = {
    "issue.reported.v1": (Rule(Audience.HANDLERS, "issue-new"),),
    "issue.claimed.v1": (Rule(Audience.FOLLOWERS, "issue-claimed"),),
    "issue.assigned.v1": (
        Rule(Audience.ASSIGNEE, "issue-assigned-to-you"),
        Rule(Audience.FOLLOWERS, "issue-claimed"),
    ),
    "issue.released.v1": _handed_over("issue-new", "issue-released"),
    "issue.started.v1": (Rule(Audience.FOLLOWERS, "issue-started"),),
    "issue.resolved.v1": (Rule(Audience.FOLLOWERS, "issue-resolved"),),
    "issue.confirmed.v1": (
        Rule(Audience.RESOLVER, "issue-confirmed"),
        Rule(Audience.FOLLOWERS, "issue-closed"),
    ),
    "issue.reopened.v1": (
        Rule(Audience.RESOLVER, "issue-reopened"),
        Rule(Audience.HANDLERS, "issue-reopened"),
        Rule(Audience.FOLLOWERS, "issue-open-again"),
    ),
    "issue.escalated.v1": _handed_over("issue-escalated", "issue-moved-up"),
    "issue.returned.v1": _handed_over("issue-returned", "issue-moved-down"),
    "issue.referred.v1": (Rule(Audience.FOLLOWERS, "issue-referred"),),
    "issue.rejected.v1": (Rule(Audience.FOLLOWERS, "issue-rejected"),),
    "issue.merged.v1": (Rule(Audience.FOLLOWERS, "issue-merged"),),
    "issue.withdrawn.v1": (Rule(Audience.ASSIGNEE, "issue-withdrawn"),),
    "issue.info_requested.v1": (Rule(Audience.FOLLOWERS, "issue-info-requested"),),
    "issue.info_given.v1": (Rule(Audience.HANDLERS, "issue-info-given"),),
    "issue.held.v1": (Rule(Audience.FOLLOWERS, "issue-held"),),
    "issue.resumed.v1": (Rule(Audience.FOLLOWERS, "issue-resumed"),),
    "issue.extended.v1": (Rule(Audience.FOLLOWERS, "issue-extended"),),
    "issue.routed.v1": _handed_over("issue-new", "issue-routed"),
    "issue.objected.v1": (Rule(Audience.OVERSEERS, "issue-objected"),),
    "issue.objection_accepted.v1": _handed_over("issue-escalated", "issue-moved-up"),
    "issue.objection_denied.v1": (Rule(Audience.HANDLERS, "issue-objection-decided"),),
    "issue.reminded.v1": (Rule(Audience.HANDLERS, "issue-time"),),
    "issue.split.v1": (Rule(Audience.FOLLOWERS, "issue-split"),),
    "issue.lapsed.v1": (
        Rule(Audience.RESOLVER, "issue-lapsed"),
        Rule(Audience.FOLLOWERS, "issue-closed-unanswered"),
    ),
    "issue.unmerged.v1": (Rule(Audience.FOLLOWERS, "issue-unmerged"),),
    "issue.hidden.v1": (Rule(Audience.COMMUNITY, "issue-hidden"),),
    "issue.reviewed.v1": (Rule(Audience.REPORTER, "issue-reviewed"),),
    "member.role_revoked.v1": (Rule(Audience.AUTHOR, "role-revoked"),),
    "member.end_set.v1": (Rule(Audience.AUTHOR, "role-end-set"),),
    "member.term_ended.v1": (Rule(Audience.AUTHOR, "term-ended"),),
    "activity.submitted.v1": (Rule(Audience.COMMUNITY, "activity-submitted"),),
    "activity.verified.v1": (Rule(Audience.AUTHOR, "activity-verified"),),
    "activity.rejected.v1": (Rule(Audience.AUTHOR, "activity-rejected"),),
    "duty.checked_out.v1": (Rule(Audience.LEADERS, "duty-checked-out"),),
    "duty.verified.v1": (Rule(Audience.AUTHOR, "duty-verified"),),
    "duty.rejected.v1": (Rule(Audience.AUTHOR, "duty-rejected"),),
    "training.completed.v1": (Rule(Audience.AUTHOR, "training-completed"),),
    "lots.expiring.v1": (Rule(Audience.AUTHOR, "lots-expiring"),),
    "ledger.unsound.v1": (Rule(Audience.ADMINISTRATORS, "ledger-unsound"),),
    "points.posted.v1": (
        Rule(Audience.GIFTED, "gift-received"),
        Rule(Audience.GAINERS, "points-gained"),
        Rule(Audience.LOSERS, "points-taken-back"),
    ),
    "suggestion.made.v1": (Rule(Audience.COMMUNITY, "suggestion-new"),),
    "suggestion.answered.v1": (Rule(Audience.FOLLOWERS, "suggestion-answered"),),
    "suggestion.withdrawn.v1": (Rule(Audience.FOLLOWERS, "suggestion-withdrawn"),),
    "proposal.submitted.v1": (Rule(Audience.OFFICERS, "proposal-submitted"),),
    "proposal.returned.v1": (Rule(Audience.PROPOSER, "proposal-returned"),),
    "proposal.deliberated.v1": (Rule(Audience.PROPOSER, "proposal-deliberated"),),
    "proposal.voting_opened.v1": _both("proposal-voting"),
    "proposal.approved.v1": _both("proposal-approved"),
    "proposal.refused.v1": _both("proposal-refused"),
    "proposal.funded.v1": _both("proposal-funded"),
    "proposal.funding_refused.v1": _both("proposal-unfunded"),
    "proposal.accounted.v1": (Rule(Audience.OFFICERS, "proposal-accounted"),),
    "proposal.reopened.v1": (Rule(Audience.PROPOSER, "proposal-reopened"),),
    "proposal.closed.v1": _both("proposal-closed"),
    "proposal.cancelled.v1": _both("proposal-cancelled"),
    "order.paid.v1": (Rule(Audience.SHOP, "order-paid"),),
    "order.ready.v1": (Rule(Audience.BUYER, "order-ready"),),
    "order.cancelled.v1": (Rule(Audience.BUYER, "order-cancelled"),),
    "order.expired.v1": (Rule(Audience.BUYER, "order-expired"),),
    "order.returned.v1": (Rule(Audience.BUYER, "order-returned"),),
    "donation.accepted.v1": (Rule(Audience.DONOR, "donation-accepted"),),
    "donation.declined.v1": (Rule(Audience.DONOR, "donation-declined"),),
    "donation.allocated.v1": (Rule(Audience.DONOR, "donation-allocated"),),
    "help.candidates_found.v1": (Rule(Audience.CANDIDATES, "help-candidate"),),
    "help.matched.v1": (Rule(Audience.PARTIES, "help-matched"),),
    "help.declined.v1": (Rule(Audience.PARTIES, "help-declined"),),
    "help.accepted.v1": (Rule(Audience.PARTIES, "help-accepted"),),
    "help.checked_out.v1": (Rule(Audience.PARTIES, "help-checked-out"),),
    "help.settled.v1": (Rule(Audience.PARTIES, "help-settled"),),
    "help.auto_confirmed.v1": (Rule(Audience.PARTIES, "help-auto-confirmed"),),
    "help.disputed.v1": (
        Rule(Audience.PARTIES, "help-disputed"),
        Rule(Audience.COMMUNITY, "help-to-decide"),
    ),
    "help.reminded.v1": (Rule(Audience.COMMUNITY, "help-undecided"),),
    "help.decided.v1": (Rule(Audience.PARTIES, "help-decided"),),
    "help.cancelled.v1": (Rule(Audience.PARTIES, "help-cancelled"),),
    "adjustment.requested.v1": (Rule(Audience.ADMINISTRATORS, "adjustment-requested"),),
    "adjustment.approved.v1": (Rule(Audience.PROPOSER, "adjustment-approved"),),
    "adjustment.refused.v1": (Rule(Audience.PROPOSER, "adjustment-refused"),),
    "adjustment.expired.v1": (Rule(Audience.PROPOSER, "adjustment-expired"),),
    "adjustment.split.v1": (Rule(Audience.ADMINISTRATORS, "adjustment-split"),),
    "flag.raised.v1": (Rule(Audience.ADMINISTRATORS, "flag-raised"),),
    "flag.decided.v1": (Rule(Audience.AUTHOR, "flag-decided"),),
    "commendation.nominated.v1": (Rule(Audience.OFFICERS, "commendation-nominated"),),
    "commendation.publicised.v1": _of_both("commendation-publicised"),
    "commendation.objected.v1": (Rule(Audience.OFFICERS, "commendation-objected"),),
    "commendation.awarded.v1": _of_both("commendation-awarded"),
    "commendation.refused.v1": (Rule(Audience.PROPOSER, "commendation-refused"),),
    "commendation.revoked.v1": (Rule(Audience.AUTHOR, "commendation-revoked"),),
}
_GIFT, _SETTLED = "time-bank.gifted", "time-bank.settled"
"""Postings that are told in words of their own: of a gift here, of help by its own events."""

_LEVEL_ROLES = {"steward": "steward", "community": "community_staff", "subdistrict": "subdistrict_staff"}
_OVERSEER_ROLES = {
    "steward": "community_staff",
    "community": "subdistrict_staff",
    "subdistrict": "district_admin",
}
_REVERSED = "posting.reversed"
_OWED = "owed:"
_FROM_BELOW = ("steward", "community_staff", "subdistrict_staff", "district_admin")
_NAMED = (
    "percent",
    "decision",
    "day",
    "receipt",
    "amount",
    "purpose",
    "place",
    "role",
    "minutes",
    "pooled",
    "on",
    "reason",
)
Holders = Callable[[str, str], list[str]]
"""(role, area) → the members who hold the role on that area or above it."""


@dataclass(frozen=True)
class Message:
    """A message due to one member. `params` fill the template."""

    member: str
    template: str
    params: Mapping[str, Any]


def messages(event_type: str, area: str, data: Mapping[str, Any], holders: Holders) -> list[Message]:
    """The messages that a fact makes due: one a member at most, and none to whoever did it."""
    due: dict[str, Message] = {}
    for rule in RULES[event_type]:
        for member in _AUDIENCES[rule.audience](area, data, holders):
            if member != data.get("actor") and member not in due:
                due[member] = Message(member, rule.template, _params(member, data))
    return list(due.values())


def role_keys(role: str, area: str) -> list[str]:
    """`role@area` for an area and all above it: what the holders of a role there have among their grants."""
    return [f"{role}@{code}" for code in ancestors(area)]


def _one(name: str) -> Callable[[str, Mapping[str, Any], Holders], list[str]]:
    return lambda _area, data, _holders: [data[name]] if data.get(name) else []


def _handlers(area: str, data: Mapping[str, Any], holders: Holders) -> list[str]:
    """Whose turn it is: the assignee; else the holders of the level's role."""
    if data.get("assignee"):
        return [str(data["assignee"])]
    return _nearest(_LEVEL_ROLES[str(data["level"])], area, holders)


def _overseers(area: str, data: Mapping[str, Any], holders: Holders) -> list[str]:
    """Who stands above the unit that leads."""
    return _nearest(_OVERSEER_ROLES[str(data["level"])], area, holders)


def _community(area: str, _: Mapping[str, Any], holders: Holders) -> list[str]:
    return _nearest("community_staff", area, holders)


def _nearest(role: str, area: str, holders: Holders) -> list[str]:
    """The holders of a role; where there are none, those next above who may act: somebody must hear of it."""
    above = _FROM_BELOW[_FROM_BELOW.index(role) :]
    return next((found for one in above if (found := holders(one, area))), [])


def _officers(area: str, _: Mapping[str, Any], holders: Holders) -> list[str]:
    """The council's chair and the community's staff."""
    return list(dict.fromkeys(holders("council_chair", area) + _nearest("community_staff", area, holders)))


def _shop(area: str, _: Mapping[str, Any], holders: Holders) -> list[str]:
    """The keepers of the area's shop; where there are none, the district's admin."""
    return holders("shop_keeper", area) or holders("district_admin", area)


def _gifted(area: str, data: Mapping[str, Any], holders: Holders) -> list[str]:
    return _gainers(area, data, holders) if data.get("rule") == _GIFT else []


def _parties(_area: str, data: Mapping[str, Any], _: Holders) -> list[str]:
    """Who helps and who is helped."""
    return [str(data[name]) for name in ("author", "partner") if data.get(name)]


def _gainers(_area: str, data: Mapping[str, Any], _: Holders) -> list[str]:
    if data.get("rule") == _SETTLED:
        return []
    members = dict.fromkeys(leg["account"] for leg in data["legs"])
    return [member for member in members if ":" not in member and _gains(member, data)]


def _losers(_area: str, data: Mapping[str, Any], _: Holders) -> list[str]:
    """From whom a posting was taken back, also where they owe it now; whoever spends knows of it."""
    if data.get("rule") != _REVERSED:
        return []
    members = dict.fromkeys(leg["account"].removeprefix(_OWED) for leg in data["legs"])
    return [member for member in members if ":" not in member and _losses(member, data)]


def _gains(member: str, data: Mapping[str, Any]) -> dict[str, int]:
    """What is left of all that a posting gives to and takes from a member's wallet, by unit."""
    sums: Counter[str] = Counter()
    for leg in data.get("legs", []):
        if leg["account"] == member:
            sums[leg["unit"]] += leg["amount"]
    return dict(+sums)


def _losses(member: str, data: Mapping[str, Any]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for leg in data.get("legs", []):
        if leg["account"].removeprefix(_OWED) == member:
            sums[leg["unit"]] -= leg["amount"]
    return dict(+sums)


_AUDIENCES: dict[Audience, Callable[[str, Mapping[str, Any], Holders], list[str]]] = {
    Audience.FOLLOWERS: lambda _area, data, _holders: list(data["followers"]),
    Audience.REPORTER: _one("reporter"),
    Audience.ASSIGNEE: _one("assignee"),
    Audience.RESOLVER: _one("resolver"),
    Audience.AUTHOR: _one("member"),
    Audience.HANDLERS: _handlers,
    Audience.OVERSEERS: _overseers,
    Audience.COMMUNITY: _community,
    Audience.GAINERS: _gainers,
    Audience.LOSERS: _losers,
    Audience.PROPOSER: _one("author"),
    Audience.OFFICERS: _officers,
    Audience.LEADERS: lambda area, data, holders: list(
        dict.fromkeys(holders("team_leader", area) + _officers(area, data, holders))
    ),
    Audience.BUYER: _one("member"),
    Audience.DONOR: _one("member"),
    Audience.SHOP: _shop,
    Audience.GIFTED: _gifted,
    Audience.CANDIDATES: lambda _area, data, _holders: list(data["candidates"]),
    Audience.PARTIES: _parties,
    Audience.ADMINISTRATORS: lambda area, _data, holders: holders("district_admin", area),
}


def _params(member: str, data: Mapping[str, Any]) -> dict[str, Any]:
    gains = _gains(member, data) | {lot["unit"]: lot["amount"] for lot in data.get("lots", [])}
    named = {name: data.get(name) for name in _NAMED}
    # Whoever has this link answers for the reporter: nobody else is given it.
    link = data.get("feedback_path") if member == data.get("reporter") else None
    return {
        "number": data.get("number", ""),
        "gains": gains,
        "losses": _losses(member, data),
        "link": link,
        **named,
    }
