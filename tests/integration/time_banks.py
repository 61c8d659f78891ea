"""A time bank on a real database, with members who have minutes."""

from datetime import datetime, timedelta
from typing import Any

from chassis.clock import new_ulid, utc_now
from chassis.identity import Actor, Grant
from chassis.mongo import Mongo
from services.points.domain import Leg, Posting, issuer
from services.points.timebank.exchange import commands
from services.points.timebank.exchange.effects import Details
from services.points.timebank.exchange.help import Help, Kind
from services.points.timebank.exchange.store import HelpStore
from services.points.timebank.gifts import commands as gift_commands
from services.points.timebank.gifts.domain import Order
from services.points.timebank.gifts.store import GiftStore
from services.points.timebank.members.store import RegistryStore
from services.points.timebank.policy import commands as policy_commands
from services.points.timebank.policy.domain import Policy
from services.points.timebank.policy.store import PolicyStore
from tests.integration.ledgers import ADMIN, DISTRICT, Ledger

STAFF = Actor(new_ulid(), (Grant("community_staff", DISTRICT),))
POOL = f"pool:{DISTRICT}"
HOUR = timedelta(hours=1)


class Bank:
    """The time bank of a district, at a time of the test's own."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo
        self.ledger = Ledger(mongo)
        journal = self.ledger.journal
        self.registry = RegistryStore(mongo, journal)
        self.policies = PolicyStore(mongo, DISTRICT)
        self.helps = HelpStore(mongo, journal, self.registry)
        self.gifts = GiftStore(journal, self.registry)
        for one in (self.registry, self.policies, self.helps):
            one.ensure_indexes()
        self.began = self.now = utc_now()

    def clock(self) -> datetime:
        return self.now

    def member(self, minutes: int = 0) -> Actor:
        member = self.ledger.member()
        if minutes:
            legs = (Leg(member, "minutes", minutes), Leg(issuer(DISTRICT), "minutes", -minutes))
            posting = Posting(new_ulid(), new_ulid(), "activity.verified", 1, "x", DISTRICT, legs, self.now)
            assert self.ledger.journal.post(posting)
        return Actor(member)

    def minutes(self, account: str) -> dict[str, int]:
        return dict(self.ledger.queries.account(account, ADMIN)["minutes"])

    def policy(self, **terms: Any) -> Policy:
        wanted = Policy(0, self.now, **terms)
        return policy_commands.make(self.policies, self.clock, ADMIN, wanted=wanted, expected_version=None)

    def open(self, author: Actor, kind: Kind = Kind.REQUEST, minutes: int = 60) -> Help:
        return commands.open_help(
            self.helps,
            self.policies,
            self.clock,
            author,
            help_id=new_ulid(),
            kind=kind,
            area=DISTRICT,
            skills=["errands"],
            starts_at=self.began,
            ends_at=self.began + 24 * HOUR,
            minutes=minutes,
            text="取药",
        )

    def act(self, one: Help, action: str, actor: Actor, request: str | None = None, **details: Any) -> Help:
        return commands.act(
            self.helps,
            self.policies,
            self.clock,
            actor,
            help_id=one.id,
            action=action,
            details=Details(**details),
            request_id=request or new_ulid(),
        )

    def agreed(self, receiver: Actor, giver: Actor, minutes: int = 60) -> Help:
        """A request that the giver took up and the receiver accepted."""
        one = self.open(receiver, minutes=minutes)
        self.act(one, "respond", giver)
        return self.act(one, "accept", receiver)

    def served(self, receiver: Actor, giver: Actor, minutes: int = 60) -> Help:
        """Help that was given for all of its minutes and waits to be confirmed; its clock is then over."""
        one = self.agreed(receiver, giver, minutes)
        self.act(one, "check_in", giver)
        self.now += timedelta(minutes=minutes)
        one = self.act(one, "check_out", giver)
        self.now = self.began
        return one

    def run_clock(self, after: timedelta) -> None:
        commands.run_clock(self.helps, self.policies, lambda: self.began + after)

    def give(self, giver: Actor, to: str, amount: int, key: str) -> Posting:
        order = Order(giver.member_id, to, "minutes", amount, "", key, DISTRICT)
        policy = self.policies.in_force(self.now)
        return gift_commands.give(self.gifts, policy, self.clock, order=order, posting_id=new_ulid())

    def told(self, one: Help) -> list[str]:
        document = self.mongo["help_requests"].find_one({"_id": one.id}) or {}
        return [event["type"].removesuffix(".v1") for event in document["outbox"]]
