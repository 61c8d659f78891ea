"""What the receiver of help pays, and who gains it. Minutes are whole."""

from dataclasses import dataclass
from datetime import date, datetime

from services.points.domain import MAX_AMOUNT, Leg, Posting, check_balanced
from services.points.timebank.exchange.help import Help, Settlement
from services.points.timebank.members.domain import SHANGHAI
from services.points.timebank.policy.domain import Policy, limited, pool

SETTLED = "time-bank.settled"


@dataclass(frozen=True)
class Standing:
    """What a giver has, what they earned by the help of the day in question, and for how much more there is
    `room` below the ceiling of their account.
    """

    balance: int = 0
    earned_that_day: int = 0
    room: int = MAX_AMOUNT


def split(actual: int, held: int, standing: Standing, policy: Policy) -> Settlement:
    """Who gains what of the minutes actually given: never more than were held.

    What the giver may not keep, by the cap of the day or the ceiling of the policy or of the account, goes to
    the pool: the receiver was helped, and pays for all of it.
    """
    paid = min(actual, held)
    given = paid
    if policy.daily_cap is not None:
        given = min(given, max(0, policy.daily_cap - standing.earned_that_day))
    given = min(limited(given, standing.balance, policy), standing.room)
    return Settlement(paid, given, paid - given, policy.version)


def posting(one: Help, settled: Settlement, *, posting_id: str, by: str, at: datetime) -> Posting | None:
    """What a settlement posts; None where nothing is paid. What the giver gains is verified: somebody else
    confirmed it."""
    if not settled.paid:
        return None
    gains = ((str(one.giver), settled.given), (pool(one.area[:6]), settled.pooled))
    made = Posting(
        id=posting_id,
        key=f"{SETTLED}:{one.id}",
        rule=SETTLED,
        rule_version=settled.policy_version,
        cause=one.id,
        area=one.area,
        legs=(
            Leg(str(one.receiver), "minutes", -settled.paid),
            *(Leg(account, "minutes", amount) for account, amount in gains if amount),
        ),
        posted_at=at,
        memo=one.number,
        by=by,
        verified=True,
    )
    check_balanced(made)
    return made


def day_of(one: Help) -> date:
    """The day that help is given on, Shanghai time."""
    return (one.checked_in_at or one.starts_at).astimezone(SHANGHAI).date()


def served_minutes(one: Help, policy: Policy) -> int:
    """The minutes between check-in and check-out, rounded as the policy says."""
    if one.checked_in_at is None or one.checked_out_at is None:
        return 0
    return policy.rounding.minutes(int((one.checked_out_at - one.checked_in_at).total_seconds()))
