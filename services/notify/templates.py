"""The words of the messages, in both languages."""

from collections.abc import Mapping
from typing import Any

from services.notify.honour_templates import HONOUR_TEMPLATES
from services.notify.issue_templates import ISSUE_TEMPLATES
from services.notify.role_templates import ROLE_NAMES, ROLE_TEMPLATES
from services.notify.shop_templates import SHOP_TEMPLATES
from services.notify.time_bank_texts import TIME_BANK_TEXTS
from services.notify.wording import Template

TEMPLATES: dict[str, Template] = {
    **ISSUE_TEMPLATES,
    **ROLE_TEMPLATES,
    "activity-submitted": Template(
        "有待审核的活动", "一条活动记录等待审核。", "An activity to verify", "An activity report awaits you."
    ),
    "activity-verified": Template(
        "活动已通过审核",
        "您的活动记录已通过审核。",
        "Activity verified",
        "Your activity report was verified.",
    ),
    "activity-rejected": Template(
        "活动未通过审核",
        "您的活动记录未通过，原因见详情。",
        "Activity not accepted",
        "See your report for the reason.",
    ),
    "duty-checked-out": Template(
        "有待审核的执勤",
        "一次执勤已签退，记录 {minutes} 分钟，等待审核。",
        "Duty to verify",
        "Somebody checked out of their duty after {minutes} minutes; it awaits you.",
    ),
    "duty-verified": Template(
        "执勤已通过审核",
        "您的执勤已通过审核，计 {minutes} 分钟。",
        "Duty verified",
        "Your duty was verified: {minutes} minutes.",
    ),
    "duty-rejected": Template(
        "执勤未通过审核",
        "您的执勤未通过审核，原因见班次详情。",
        "Duty not accepted",
        "See the shift for the reason.",
    ),
    "training-completed": Template(
        "培训已记录",
        "您参加的培训已登记完成，共 {minutes} 分钟。",
        "Training recorded",
        "The training that you attended was recorded: {minutes} minutes.",
    ),
    "points-gained": Template("积分到账", "您获得了 {gains}。", "Points for you", "You gained {gains}."),
    "lots-expiring": Template(
        "积分时长即将到期",
        "您有 {gains} 将于 {on} 到期，请在当日及之前使用。",
        "Something of yours expires soon",
        "{gains} of yours can be used until {on}, that day included.",
    ),
    "ledger-unsound": Template(
        "账本核验未通过",
        "{day} 的夜间核验发现账目有误，余额有差异的账户已冻结，请查看账本核验。",
        "The ledger does not verify",
        "The proof of {day} failed; accounts that differ are frozen. See the ledger's verification.",
    ),
    "points-taken-back": Template(
        "积分被收回", "已收回 {losses}。", "Points were taken back", "Taken back from you: {losses}."
    ),
    "suggestion-new": Template(
        "有新的居民建议",
        "建议 {number} 等待答复。",
        "A resident's suggestion",
        "Suggestion {number} awaits an answer.",
    ),
    "suggestion-answered": Template(
        "您关注的建议已有答复",
        "建议 {number} 的答复：{decision}，详情请查看。",
        "A suggestion you care for was answered",
        "Suggestion {number}: {decision}. See it for the whole answer.",
    ),
    "suggestion-withdrawn": Template(
        "您附议的建议已撤回",
        "建议 {number} 已由提出人撤回。",
        "A suggestion you support was withdrawn",
        "Suggestion {number} was taken back by its author.",
    ),
    "proposal-submitted": Template(
        "有新的方案",
        "方案 {number} 已提交，等待审议。",
        "A proposal was submitted",
        "Proposal {number} awaits deliberation.",
    ),
    "proposal-returned": Template(
        "您的方案被退回修改",
        "方案 {number} 已退回，意见见详情。",
        "Your proposal was returned",
        "See {number} for what is asked of you.",
    ),
    "proposal-deliberated": Template(
        "您的方案进入审议",
        "方案 {number} 正在审议。",
        "Your proposal is being deliberated",
        "The council took up {number}.",
    ),
    "proposal-voting": Template(
        "方案开始表决",
        "方案 {number} 已开始表决。",
        "A vote was opened",
        "Residents may vote on {number}.",
    ),
    "proposal-approved": Template(
        "方案表决通过",
        "方案 {number} 已通过表决，正在申请资金。",
        "A proposal was approved",
        "{number} was approved; its fund is asked for the budget.",
    ),
    "proposal-refused": Template(
        "方案未通过",
        "方案 {number} 未通过，详情请查看。",
        "A proposal was refused",
        "{number} was refused: see it for the reason.",
    ),
    "proposal-funded": Template(
        "方案资金已拨付",
        "方案 {number} 的资金已拨付，可以开始实施。",
        "A proposal was funded",
        "{number} has its money and can begin.",
    ),
    "proposal-unfunded": Template(
        "方案资金未获拨付",
        "方案 {number} 未获拨付{lack}。",
        "The fund could not pay",
        "{number} was not paid{lack}.",
    ),
    "proposal-accounted": Template(
        "有待审核的方案账目",
        "方案 {number} 已完成并提交账目，等待审核。",
        "An account to verify",
        "{number} is finished: its account awaits you.",
    ),
    "proposal-reopened": Template(
        "方案账目被退回",
        "方案 {number} 的账目未通过，意见见详情。",
        "An account was not accepted",
        "See {number} for what is missing.",
    ),
    "proposal-closed": Template(
        "方案已结项",
        "方案 {number} 已结项，结余退回社区资金。",
        "A project was closed",
        "{number} is closed; what was left is back in the fund.",
    ),
    "proposal-cancelled": Template(
        "方案已取消",
        "方案 {number} 已取消，未用资金退回社区。",
        "A project was cancelled",
        "{number} was cancelled; unspent money goes back to the fund.",
    ),
    **SHOP_TEMPLATES,
    **{name: Template(*texts) for name, texts in TIME_BANK_TEXTS.items()},
    **HONOUR_TEMPLATES,
}

_UNITS = {
    "zh": {"points": "积分", "minutes": "分钟服务时长"},
    "en": {"points": "points", "minutes": "minutes of service"},
}
_DECISIONS = {
    "zh": {"accepted": "采纳", "planned": "列入计划", "declined": "暂不采纳", "done": "已办结"},
    "en": {"accepted": "accepted", "planned": "planned", "declined": "declined", "done": "done"},
}
_PURPOSES = {
    "zh": {"fund": "社区资金", "project": "居民项目"},
    "en": {"fund": "the community fund", "project": "a residents' project"},
}

_LACKS = {
    "zh": {
        "insufficient": "：社区资金不足，补充后可再次申请",
        "frozen": "：社区资金账户已冻结，待区里核查恢复后可再次申请",
        "above-ceiling": "：项目账户将超过上限，减少金额或提高上限后可再次申请",
    },
    "en": {
        "insufficient": ": the fund has too little, feed it and ask again",
        "frozen": ": the fund is frozen, ask again when the district has looked into it",
        "above-ceiling": ": the project's account may not have so much, ask again when its ceiling is raised",
    },
}
_POOLED = {
    "zh": "，其中 {} 分钟超出服务方上限，转入公益池",
    "en": ", {} of them for the pool since they were above what the helper may keep",
}


def render(template: str, params: Mapping[str, Any], language: str) -> tuple[str, str]:
    """Title and body of a message in `zh` or `en`."""
    words = TEMPLATES[template]
    names = _UNITS[language]

    def amounts(name: str) -> str:
        texts = [f"{amount} {names.get(unit, unit)}" for unit, amount in params.get(name, {}).items()]
        return ("、" if language == "zh" else ", ").join(texts)

    values = {
        **params,
        "gains": amounts("gains"),
        "losses": amounts("losses"),
        "decision": _DECISIONS[language].get(params.get("decision") or "", ""),
        "purpose": _PURPOSES[language].get(params.get("purpose") or "", ""),
        "role": ROLE_NAMES[language].get(params.get("role") or "", params.get("role")),
        "lack": _LACKS[language].get(params.get("reason") or "", ""),
        "yuan": _yuan(params.get("amount") or 0),
        "pooled": _POOLED[language].format(params["pooled"]) if params.get("pooled") else "",
    }
    title, body = (words.zh_title, words.zh_body) if language == "zh" else (words.en_title, words.en_body)
    return title.format(**values), body.format(**values)


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
