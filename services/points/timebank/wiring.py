"""The wiring of the time bank's areas within the points service."""

from chassis.clock import Clock
from chassis.erasures import Erasures
from chassis.http.blueprint import Blueprint
from chassis.mongo import Mongo
from chassis.subscriptions import Subscription
from chassis.timers import Timer
from services.points.store import JournalStore
from services.points.timebank.exchange import commands, handlers
from services.points.timebank.exchange import routes as exchange_routes
from services.points.timebank.exchange.queries import HelpQueries
from services.points.timebank.exchange.store import HelpStore
from services.points.timebank.gifts import routes as gift_routes
from services.points.timebank.gifts.store import GiftStore
from services.points.timebank.members import routes as member_routes
from services.points.timebank.members.queries import RegistryQueries
from services.points.timebank.members.store import RegistryStore
from services.points.timebank.policy import routes as policy_routes
from services.points.timebank.policy.store import PolicyStore

OUTBOX = "help_requests"


class TimeBank:
    """The time bank of a district: its policy, registrations, gifts and mutual help."""

    def __init__(self, mongo: Mongo, journal: JournalStore, clock: Clock, district: str) -> None:
        self._mongo = mongo
        self._clock = clock
        self._district = district
        self._policies = PolicyStore(mongo, district)
        self._registry = RegistryStore(mongo, journal)
        self._gifts = GiftStore(journal, self._registry)
        self._helps = HelpStore(mongo, journal, self._registry)

    def blueprints(self) -> list[Blueprint]:
        """The routes under `/v1/time-bank`."""
        clock = self._clock
        return [
            policy_routes.blueprint(self._policies, clock),
            member_routes.blueprint(self._registry, RegistryQueries(self._mongo), clock),
            gift_routes.blueprint(self._gifts, self._policies, clock, self._district),
            exchange_routes.blueprint(
                self._helps, HelpQueries(self._mongo), self._policies, clock, self._district
            ),
        ]

    def timers(self) -> list[Timer]:
        """What it does by the clock."""
        return [
            Timer("time-bank", 5.0, self._run_clock),
            Timer("time-bank-erasures", 5.0, self._sweep, share=0.05),
        ]

    def ensure_indexes(self) -> None:
        """For all its collections."""
        self._policies.ensure_indexes()
        self._registry.ensure_indexes()
        self._helps.ensure_indexes()

    def _run_clock(self) -> None:
        commands.run_clock(self._helps, self._policies, self._clock)

    def _sweep(self) -> None:
        _erasures(self._mongo).sweep(self._forget, self._clock())

    def _forget(self, member: str) -> None:
        self._registry.forget(member)
        commands.forget_member(self._helps, self._policies, self._clock, member=member)


def subscriptions(mongo: Mongo) -> dict[str, Subscription]:
    """What the time bank listens to."""
    return handlers.subscriptions(_erasures(mongo))


def _erasures(mongo: Mongo) -> Erasures:
    return Erasures(mongo["time_bank_erasures"])
