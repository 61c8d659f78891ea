"""The words of the messages, in both languages."""

from collections.abc import Mapping
from typing import Any

from services.notify.honour_templates import HONOUR_TEMPLATES
from services.notify.shop_templates import SHOP_TEMPLATES
from services.notify.time_bank_texts import TIME_BANK_TEXTS
from services.notify.wording import Template

TEMPLATES: dict[str, Template] = {
    "issue-new": Template(
        "网格内有新问题", "问题 {number} 等待处理。", "A new issue in your area", "Issue {number} awaits you."
    ),
    "issue-claimed": Template(
        "您的问题已有人认领",
        "小巷管家已认领问题 {number}。",
        "Your issue was claimed",
        "A steward took on {number}.",
    ),
    "issue-assigned-to-you": Template(
        "您有一个指派的问题",
        "问题 {number} 已指派给您。",
        "An issue was assigned to you",
        "{number} is yours.",
    ),
    "issue-resolved": Template(
        "您的问题已解决",
        "问题 {number} 已处理，请确认并评价；如未解决可重新打开。",
        "Your issue was resolved",
        "{number} is said to be solved: confirm and rate it, or reopen it.",
    ),
    "issue-confirmed": Template(
        "解决已确认",
        "问题 {number} 已确认解决，感谢您的付出。",
        "Solution confirmed",
        "{number} is solved. Thank you.",
    ),
    "issue-reopened": Template(
        "问题被重新打开",
        "问题 {number} 未解决，请继续处理。",
        "An issue was reopened",
        "{number} is not solved yet.",
    ),
    "issue-open-again": Template(
        "您关注的问题已重新打开",
        "问题 {number} 已重新打开，将继续处理。",
        "Your issue is open again",
        "{number} was reopened and is being handled again.",
    ),
    "issue-escalated": Template(
        "有上报的问题",
        "问题 {number} 已上报，等待您处理。",
        "An issue was escalated to you",
        "{number} awaits you.",
    ),
    "issue-moved-up": Template(
        "您的问题已上报",
        "问题 {number} 已上报上级处理。",
        "Your issue was escalated",
        "{number} went one level up.",
    ),
    "issue-returned": Template(
        "问题被退回",
        "问题 {number} 已退回，请继续处理。",
        "An issue was returned",
        "{number} came back to you.",
    ),
    "issue-referred": Template(
        "您的问题已转办",
        "问题 {number} 已转相关单位办理。",
        "Your issue was referred",
        "{number} went to an agency.",
    ),
    "issue-rejected": Template(
        "您的问题未受理",
        "问题 {number} 未受理，原因见详情。",
        "Your issue was rejected",
        "See {number} for the reason.",
    ),
    "issue-merged": Template(
        "您的问题已合并",
        "问题 {number} 与更早的问题合并处理。",
        "Your issue was merged",
        "{number} joined an older one.",
    ),
    "issue-withdrawn": Template(
        "问题已撤回",
        "报告人撤回了问题 {number}。",
        "An issue was withdrawn",
        "{number} was withdrawn by its reporter.",
    ),
    "issue-info-requested": Template(
        "需要您补充信息",
        "请为问题 {number} 补充信息，以便继续处理。",
        "Something is asked of you",
        "{number} waits for your answer.",
    ),
    "issue-info-given": Template(
        "报告人已补充信息",
        "问题 {number} 已补充信息，请继续处理。",
        "The reporter answered",
        "{number} can go on.",
    ),
    "issue-held": Template(
        "您的问题暂缓处理",
        "问题 {number} 暂缓处理，原因见详情。",
        "Your issue is on hold",
        "See {number} for the reason.",
    ),
    "issue-resumed": Template(
        "您的问题恢复处理", "问题 {number} 已恢复处理。", "Work on your issue goes on", "{number} goes on."
    ),
    "issue-extended": Template(
        "您的问题已延期",
        "问题 {number} 的办理时限已延长，原因见详情。",
        "Your issue takes longer",
        "{number} has a new due date: see the reason there.",
    ),
    "issue-routed": Template(
        "您的问题已分派",
        "问题 {number} 已分派到责任单位。",
        "Your issue was routed",
        "{number} went to the unit in charge.",
    ),
    "issue-objected": Template(
        "有待裁定的分派异议",
        "问题 {number} 的承办单位提出异议，请在四个工作小时内裁定。",
        "An objection awaits your decision",
        "Decide on {number} within four working hours.",
    ),
    "issue-objection-decided": Template(
        "分派异议已裁定",
        "问题 {number} 的分派异议已裁定，结果见详情。",
        "An objection was decided",
        "See {number} for the decision.",
    ),
    "issue-time": Template(
        "办理时限提醒",
        "问题 {number} 的办理时限已用 {percent}%。",
        "Time is running",
        "{percent} % of the time for {number} are used up.",
    ),
    "issue-lapsed": Template(
        "问题已结案（未反馈）",
        "问题 {number} 未收到反馈，已结案。",
        "Closed without an answer",
        "Nobody answered whether {number} is solved.",
    ),
    "issue-split": Template(
        "您的问题分项处理",
        "问题 {number} 分为几项处理，全部办结后统一反馈。",
        "Your issue is handled in parts",
        "You hear once all parts of {number} are done.",
    ),
    "issue-unmerged": Template(
        "您的问题恢复单独处理",
        "问题 {number} 不再合并，恢复单独处理。",
        "Your issue goes on by itself",
        "{number} was taken out of the other one.",
    ),
    "issue-hidden": Template(
        "有待审核的举报",
        "问题 {number} 被多位居民举报，已暂停公开显示，请审核。",
        "Flagged: please review",
        "Several residents flagged {number}: it is hidden until you decide.",
    ),
    "issue-reviewed": Template(
        "您的问题已审核",
        "您上报的问题 {number} 的公开显示已经审核，结果见详情。",
        "Your issue was reviewed",
        "See {number} for whether it is shown to the public.",
    ),
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
        "社区资金不足，方案 {number} 未获拨付；补充资金后可再次申请。",
        "The fund could not pay",
        "The fund has too little for {number}: feed it, then ask again.",
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
        "yuan": _yuan(params.get("amount") or 0),
        "pooled": _POOLED[language].format(params["pooled"]) if params.get("pooled") else "",
    }
    title, body = (words.zh_title, words.zh_body) if language == "zh" else (words.en_title, words.en_body)
    return title.format(**values), body.format(**values)


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
