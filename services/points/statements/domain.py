"""Statements of account: what was posted to an account in a period, with the balance after each line."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.points.domain import UNITS, Posting

_SHANGHAI = ZoneInfo("Asia/Shanghai")
COLUMNS = {
    "zh": ("记账时间", "凭证号", "规则", "事由", "摘要", "单位", "发生额", "余额"),
    "en": ("posted at", "posting", "rule", "cause", "memo", "unit", "amount", "balance"),
}
_UNITS = {
    "zh": {"points": "积分", "minutes": "分钟", "fen": "分（人民币）"},
    "en": {unit: unit for unit in UNITS},
}
_OPENING = {"zh": "期初余额", "en": "opening balance"}
_CLOSING = {"zh": "期末余额", "en": "closing balance"}
Row = tuple[datetime | None, str | None, str | None, str | None, str | None, str, int | None, int]


@dataclass(frozen=True)
class Line:
    """What a posting did to an account in a unit, and the balance after it."""

    posting: Posting
    unit: str
    amount: int
    balance: int


def zeros() -> dict[str, int]:
    """The balance of an account that nothing was posted to."""
    return dict.fromkeys(UNITS, 0)


def after(balance: Mapping[str, int], account: str, posting: Posting) -> dict[str, int]:
    """An account's balance after one more posting."""
    sums = dict(balance)
    for leg in posting.legs:
        if leg.account == account:
            sums[leg.unit] += leg.amount
    return sums


def lines(account: str, opening: Mapping[str, int], postings: Iterable[Posting]) -> Iterator[Line]:
    """A line for each unit in which a posting moved the account, in the order of the postings."""
    balance = dict(opening)
    for posting in postings:
        then = after(balance, account, posting)
        units = dict.fromkeys(leg.unit for leg in posting.legs if leg.account == account)
        for unit in units:
            yield Line(posting, unit, then[unit] - balance[unit], then[unit])
        balance = then


def rows(
    account: str, opening: Mapping[str, int], postings: Iterable[Posting], language: str
) -> Iterator[Row]:
    """The rows of a printed statement: the opening balance of each unit, the lines, the closing balances."""
    names, closing = _UNITS[language], dict(opening)
    for unit in UNITS:
        yield (None, None, None, None, _OPENING[language], names[unit], None, opening[unit])
    for line in lines(account, opening, postings):
        closing[line.unit] = line.balance
        one = line.posting
        when = one.posted_at.astimezone(_SHANGHAI).replace(tzinfo=None)
        yield (when, one.id, one.rule, one.cause, one.memo, names[line.unit], line.amount, line.balance)
    for unit in UNITS:
        yield (None, None, None, None, _CLOSING[language], names[unit], None, closing[unit])
