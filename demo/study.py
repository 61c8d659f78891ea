"""Community A's records of the study, June to December 2022, as stories.

The study publishes the number of records in each category and nothing about a single one. The numbers are
the study's; the texts, places, people and outcomes are invented.
"""

from demo.district import (
    COMMUNITY_A,
    RESIDENTS_OF_A,
    SUBDISTRICT_STAFF,
    home_of,
    spot_in,
    staff_of,
    stewards_of,
)
from demo.story import ActivityStory, IssueStory, Step

RECORDS = {"environment": 129, "resident_info": 6, "safety": 9, "outreach": 17, "ad_hoc": 249}
"""Records by category."""

REFERENCE = "study-2022"
_TEXTS = {
    "environment": (
        "楼道口堆放旧家具",
        "垃圾桶满溢未清运",
        "绿化带内有宠物粪便",
        "墙面有小广告",
        "巷内积水有异味",
        "装修垃圾占道",
    ),
    "resident_info": ("新搬入住户待登记", "独居老人需定期探访", "租户信息有变更"),
    "safety": ("楼道内电动车充电", "消防通道被占用", "井盖松动", "外墙砖脱落"),
    "outreach": ("入户宣传消防知识", "入户讲解垃圾分类", "发放反诈宣传单"),
    "ad_hoc": ("协助人口登记", "帮老人取药", "维持志愿服务现场秩序", "协助清理积雪", "张贴社区通知"),
}


def issues() -> list[IssueStory]:
    """Environment, resident information and safety: reported with a photo, then handled."""
    categories = [name for name in ("environment", "resident_info", "safety") for _ in range(RECORDS[name])]
    seen: dict[str, int] = {}
    stories = []
    for number, category in enumerate(categories):
        seen[category] = seen.get(category, 0) + 1
        stories.append(_issue(number, category, seen[category]))
    return stories


def activities() -> list[ActivityStory]:
    """Publicity and ad-hoc tasks: reported by the stewards, verified by the community's staff."""
    stewards = list(stewards_of(COMMUNITY_A).items())
    stories = []
    for category in ("outreach", "ad_hoc"):
        for place in range(RECORDS[category]):
            phone, grid = stewards[place % len(stewards)]
            stories.append(
                ActivityStory(
                    reference=f"{REFERENCE} {category} {place + 1:03d}",
                    phone=phone,
                    verifier=staff_of(COMMUNITY_A),
                    category=category,
                    area=grid,
                    text=_TEXTS[category][place % len(_TEXTS[category])],
                    minutes=30 + 15 * (place % 7),
                )
            )
    return stories


def _issue(number: int, category: str, place: int) -> IssueStory:
    resident = number % len(RESIDENTS_OF_A)
    grid = home_of(COMMUNITY_A, resident)
    stewards = [phone for phone, own in stewards_of(COMMUNITY_A).items() if own == grid]
    reference = f"{REFERENCE} {category} {place:03d}"
    return IssueStory(
        reference=reference,
        phone=RESIDENTS_OF_A[resident],
        category=category,
        text=_TEXTS[category][place % len(_TEXTS[category])],
        location=spot_in(grid, reference),
        photo=True,
        steps=_steps(number, RESIDENTS_OF_A[resident], stewards[number // 4 % len(stewards)]),
    )


def _steps(number: int, resident: str, steward: str) -> tuple[Step, ...]:
    """Of twelve issues five take a longer way, one is not accepted and one awaits its confirmation."""
    community = staff_of(COMMUNITY_A)
    claim = Step(steward, "claim")
    resolve = Step(steward, "resolve", "已到现场处理")
    up = Step(steward, "escalate", "超出小巷管家能力，请社区处理")
    confirm = Step(resident, "confirm")
    rate = Step(resident, "rate", "处理及时")
    ways: dict[int, tuple[Step, ...]] = {
        1: (claim, resolve, confirm),
        2: (claim, up, Step(community, "resolve", "社区已协调物业解决"), confirm),
        4: (claim, resolve, Step(resident, "reopen", "问题又出现了"), resolve, confirm, rate),
        5: (claim, Step(steward, "start"), resolve, confirm, rate),
        7: (
            claim,
            up,
            Step(community, "escalate", "需街道协调"),
            Step(SUBDISTRICT_STAFF, "resolve", "街道已安排施工"),
            confirm,
            rate,
        ),
        8: (claim, up, Step(community, "return", "请先联系物业"), resolve, confirm),
        10: (Step(community, "reject", "不属于受理范围"),),
        11: (claim, resolve),
    }
    return ways.get(number % 12, (claim, resolve, confirm, rate))
