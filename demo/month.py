"""A month in community A: what its people do beside issues and activities, acted out part by part."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import requests

from demo import month_money, month_work
from demo.client import Refused
from demo.district import District
from demo.records import Record
from demo.replay import Outcome
from demo.stage import Part, Unfinished, play, times_there

PARTS: dict[str, tuple[Callable[[District], Part], str]] = {
    "duty": (month_work.duty, "执勤 a shift of duty"),
    "yesterday": (month_work.training_yesterday, "昨日培训 training, entered late"),
    "today": (month_work.training_today, "今日培训 training, one absent"),
    "help": (month_work.time_bank, "时间银行 an hour of the time bank"),
    "offered": (month_money.offered, "捐赠入店 goods given to the shop"),
    "order": (month_money.ordered, "积分兑换 one ordered for points"),
    "sold": (month_money.sold, "义卖入账 one sold for money"),
    "project": (month_money.project, "社区项目 a project voted and paid"),
    "commendation": (month_work.nomination, "表彰推荐 a nomination"),
}
"""Name of a part → what makes it, and what a person reads of it."""
CHAINS = (
    ("offered", "order", "sold", "project"),
    ("duty", "commendation"),
    ("yesterday", "today"),
    ("help",),
)
"""What is done side by side, and in a chain one after the other: each part rests on those before it."""


@dataclass
class Month:
    """The parts of the scene that stand as planned (`records`), and what this run had to do with them.

    `failures` names each part that could not be acted out, and why, `elsewhere` those that others took
    another way. `done` is called once a part.
    """

    district: District
    done: Callable[[], None] = lambda: None
    records: dict[str, Record] = field(default_factory=dict)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    doubled: dict[str, int] = field(default_factory=dict)

    def act_out(self) -> "Month":
        """Act out what is missing."""
        with ThreadPoolExecutor(len(CHAINS)) as pool:
            for _ in pool.map(self._chain, CHAINS):
                pass
        return self

    def _chain(self, names: Sequence[str]) -> None:
        begun = set()
        for place, name in enumerate(names):
            try:
                part = PARTS[name][0](self.district)
                record, outcome = play(part)
                times = times_there(part)
            except (Refused, requests.RequestException, Unfinished) as error:
                self.failures[name] = str(error)
                return
            if times > 1:
                self.doubled[name] = times
            if outcome is Outcome.ELSEWHERE:
                self.elsewhere |= set(names[place:])
                self.outcomes[outcome] += len(names) - place
                return
            if outcome is Outcome.NEW:
                begun.add(record["id"])
            # Two parts may be about one record, as what is given is sold later.
            self.outcomes[Outcome.NEW if record["id"] in begun else outcome] += 1
            self.records[name] = record
            self.done()
