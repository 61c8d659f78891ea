"""The printed certificate: a page of its own, in Chinese, with what a service record must show.

Whoever records, certifies, free of charge: identity, hours, content, issuer, responsible person, contact,
number and date (Volunteer Service Ordinance, article 19; Ministry of Civil Affairs Order 67).
"""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.points.commendations.commendation import Commendation
from services.points.honours.domain import ALL
from services.points.timebank.exchange.settlement import SETTLED

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_DEEDS = {
    "issue.claimed": "认领居民反映的问题",
    "issue.resolved": "解决问题",
    "issue.confirmed": "反映或解决问题并经居民确认",  # it pays who reported it too
    "activity.verified": "参加志愿服务活动",
    "duty.verified": "参加执勤",
    "training.completed": "完成培训",
    SETTLED: "时间银行互助服务",
}
_KINDS = {
    "issue": "参与解决问题",
    "activity": "参加志愿服务活动",
    "duty": "参加执勤",
    "training": "完成培训",
}
"""What rules of a district's own are for, by what they answer."""
_OTHER = "其他志愿服务"
_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
)


def page(commendation: Commendation, issuer: str) -> str:
    """The certificate of an awarded commendation as HTML."""
    facts = commendation.facts
    deeds: dict[str, int] = {}
    for rule, number in facts.deeds.items():
        topic = rule.partition(".")[0]
        name = _DEEDS.get(".".join(rule.split(".")[:2]), _KINDS.get(topic, _OTHER))
        deeds[name] = deeds.get(name, 0) + number
    return _PAGES.get_template("certificate.html").render(
        one=commendation,
        issuer=issuer,
        period=period_in_words(commendation.period),
        time=time_in_words(facts.minutes),
        lifetime=time_in_words(facts.lifetime_minutes),
        deeds=deeds,
        date=date_in_words(commendation.awarded_at or commendation.nominated_at),
    )


def period_in_words(period: str) -> str:
    """A period as it is said in Chinese."""
    if period == ALL:
        return "参加志愿服务以来"
    year, _, part = period.partition("-")
    if not part:
        return f"{year}年"
    if part.startswith("Q"):
        return f"{year}年第{'一二三四'[int(part[1]) - 1]}季度"
    return f"{year}年{int(part)}月"


def time_in_words(minutes: int) -> str:
    """Minutes as hours and minutes."""
    hours, rest = divmod(minutes, 60)
    return f"{hours}小时{rest}分钟" if rest else f"{hours}小时"


def date_in_words(moment: datetime) -> str:
    """The date of a moment in Shanghai."""
    local = moment.astimezone(_SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日"
