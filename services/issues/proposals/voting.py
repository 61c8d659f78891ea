"""One vote a resident: who may vote, how a secret voter is remembered, and what the votes decide.

A secret ballot keeps the counts and, beside them, a keyed hash of each voter in sorted order: nothing that
is stored says which choice came from whom, or in which order people voted, and the hashes are erased when
the voting ends. What this does not guard against: somebody who can watch the database between two votes (its
change log, or two backups) sees which count grew when which hash appeared, and whoever also has the key can
put a name to the hash. The request log tells who voted when, never what. A unanimous result tells
everybody's choice by itself. Where people live is what they say themselves, and whoever has themselves
forgotten and signs in anew is somebody else, with a vote of their own. While the key is changed, those
who have voted could vote again: change it when no vote is being taken.
"""

import hashlib
import hmac
from datetime import datetime

from chassis.errors import Conflict, NotAllowed
from services.issues.proposals.proposal import Majority, Proposal, Status, Tally, Terms

_YES_OF = {Majority.TWO_THIRDS: (2, 3), Majority.THREE_QUARTERS: (3, 4)}


def voter_key(proposal: Proposal, member_id: str, key: str) -> str:
    """What a voter is remembered by: the member's id in an open ballot, a keyed hash in a secret one."""
    if not proposal.terms.secret:
        return member_id
    text = f"ballot {proposal.id} {member_id}"
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()[:40]


def check_voter(proposal: Proposal, home_area: str | None, at: datetime) -> None:
    """Raises NotAllowed for people who live elsewhere, Conflict when no vote is being taken."""
    if proposal.status is not Status.VOTING or proposal.closes_at is None or proposal.closes_at <= at:
        raise Conflict(
            "no-voting",
            zh="该方案目前不在表决中。",
            en="No vote is being taken on this proposal.",
            status_now=proposal.status,
        )
    if home_area is None or not home_area.startswith(proposal.area):
        raise NotAllowed(
            "not-a-resident",
            zh="只有本区域居民可以表决，请在个人资料中填写居住区域。",
            en="Only residents of the area may vote: your home area (PATCH /v1/me) is not within it.",
        )


def already_voted() -> Conflict:
    """The refusal of a second vote."""
    return Conflict(
        "voted-already", zh="您已投票，每人一票。", en="Your vote is counted already: one each, for good."
    )


def is_carried(terms: Terms, tally: Tally) -> bool:
    """Whether enough voted, and enough of the yes and no votes are yes. Abstentions count as cast only."""
    if tally.cast < terms.quorum:
        return False
    if terms.majority is Majority.SIMPLE:
        return tally.yes > tally.no
    numerator, denominator = _YES_OF[terms.majority]
    decided = tally.yes + tally.no
    return decided > 0 and tally.yes * denominator >= decided * numerator
