"""What becomes of an issue: reported some day, handled by people and the clock, by the service's rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from chassis import paging
from chassis.clock import new_ulid
from chassis.identity import Actor, Grant
from demo.district import COMMUNITIES, grids, spot_in
from services.issues.cases import commands
from services.issues.cases.commands import Cases, Photos, Places, Rules
from services.issues.cases.deadlines import tick
from services.issues.cases.domain import allowed_actions, transition
from services.issues.cases.issue import Details, Issue

GRIDS = tuple(grid for community in COMMUNITIES for grid in grids(community))
CATEGORIES = ("environment", "environment", "safety", "ad_hoc", "resident_info", "outreach")
PROBLEMS = (
    "垃圾堆放",
    "路灯不亮",
    "井盖破损",
    "楼道堵塞",
    "消防通道被占",
    "墙皮脱落",
    "噪音扰民",
    "污水外溢",
)
_PLACES = ("楼道口", "小区东门", "花园旁", "车棚里", "菜市场北侧", "幼儿园门前", "地下车库", "活动站外")
_ASKS = ("请尽快处理。", "已经好几天了。", "老人出行不便。", "晚上很危险。", "请安排人员查看。")
_STAFF = {"community_staff": 12, "subdistrict_staff": 9}
_HANDLED = (("claim", 9), ("start", 5))
_ENDS: Mapping[str, tuple[int, tuple[tuple[str, int], ...]]] = {
    "confirmed": (62, (*_HANDLED, ("resolve", 40), ("confirm", 60))),
    "no answer": (12, (*_HANDLED, ("resolve", 40))),
    "referred": (5, (("claim", 9), ("refer", 20))),
    "rejected": (5, (("reject", 20),)),
    "withdrawn": (3, (("withdraw", 2),)),
    "on hold": (3, (*_HANDLED, ("hold", 10))),
    "asked": (2, (("claim", 9), ("ask", 4))),
    "in progress": (3, _HANDLED),
    "claimed": (2, (("claim", 9),)),
    "left alone": (3, ()),
}
"""What is done to issues, with weights: each action and the hours until it is done, at most twice that."""
_DETAILS = Details(note="已到现场查看，正在联系处理。", agency="区城管委")


@dataclass(frozen=True)
class People:
    """Who takes part: residents who report, and the stewards of each grid; by their ids."""

    residents: Sequence[str]
    stewards: Mapping[str, Sequence[str]]

    def handlers(self, area: str, chance: Random) -> list[Actor]:
        """Who may act on an issue of a grid, the nearest to it first."""
        steward = Actor(chance.choice(self.stewards[area]), (Grant("steward", area),))
        staff = [
            Actor(f"{role}-{area[:length]}", (Grant(role, area[:length]),)) for role, length in _STAFF.items()
        ]
        return [steward, *staff]


def text(chance: Random) -> str:
    """The words of a report."""
    where = f"{chance.randint(1, 40)}号楼{chance.choice(_PLACES)}"
    return f"{where}有{chance.choice(PROBLEMS)}的情况，{chance.choice(_ASKS)}"


def body(grid: str, chance: Random) -> dict[str, object]:
    """The body of a report somewhere in a grid."""
    return {
        "category": chance.choice(CATEGORIES),
        "description": text(chance),
        "location": spot_in(grid, str(chance.random())),
    }


@dataclass(frozen=True)
class Lives:
    """Lets issues be reported and handled in the past, by the service's own commands."""

    cases: Cases
    rules: Rules
    places: Places
    photos: Photos
    people: People
    chance: Random

    def report(self, grid: str, at: datetime) -> Issue:
        """A report by some resident at a moment."""
        category, place = self.chance.choice(CATEGORIES), spot_in(grid, str(self.chance.random()))
        return commands.report_issue(
            self.cases,
            self.rules,
            self.places,
            self.photos,
            lambda: at,
            Actor(self.chance.choice(self.people.residents)),
            issue_id=paging.order(new_ulid(), at),
            category=category,
            description=text(self.chance),
            location=place,
        )

    def live(self, grid: str, at: datetime, until: datetime) -> Issue:
        """An issue as it stands at `until`, reported at `at`."""
        issue = self.report(grid, at)
        handlers = self.people.handlers(grid, self.chance)
        for action, hours in _ENDS[self._end()][1]:
            at += timedelta(hours=self.chance.uniform(0.2, 2 * hours))
            if at > until:
                break
            issue = self._act(self._tick(issue, at), action, [Actor(str(issue.reporter)), *handlers], at)
        return self._tick(issue, until)

    def _end(self) -> str:
        return self.chance.choices(list(_ENDS), [weight for weight, _ in _ENDS.values()])[0]

    def _act(self, issue: Issue, action: str, actors: Sequence[Actor], at: datetime) -> Issue:
        """The action by the first who may take it; the clock may have left nobody who may."""
        policy = commands.policy_of(self.rules, issue)
        for actor in actors:
            if action in allowed_actions(issue, actor, at, policy):
                return self.cases.save(transition(issue, action, actor, _DETAILS, at, policy))
        return issue

    def _tick(self, issue: Issue, until: datetime) -> Issue:
        """What the clock did up to a moment, each thing when it was due."""
        policy = commands.policy_of(self.rules, issue)
        while issue.next_check_at is not None and issue.next_check_at <= until:
            change = tick(issue, issue.next_check_at, policy)
            if change is None:
                break
            issue = self.cases.save(change)
        return issue
