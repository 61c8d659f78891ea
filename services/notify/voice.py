"""The message rules of residents' suggestions and of proposals."""

from services.notify.rule import Audience, Rule, Template

TEMPLATES: dict[str, Template] = {
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
}


def _both(template: str) -> tuple[Rule, ...]:
    """For the author, and for the council's chair and the community's staff."""
    return Rule(Audience.PROPOSER, template), Rule(Audience.OFFICERS, template)


RULES: dict[str, tuple[Rule, ...]] = {
    "suggestion.made.v1": (Rule(Audience.STAFF, "suggestion-new"),),
    "suggestion.answered.v1": (Rule(Audience.FOLLOWERS, "suggestion-answered"),),
    "suggestion.withdrawn.v1": (Rule(Audience.FOLLOWERS, "suggestion-withdrawn"),),
    "proposal.submitted.v1": (Rule(Audience.OFFICERS, "proposal-submitted"),),
    "proposal.returned.v1": (Rule(Audience.PROPOSER, "proposal-returned"),),
    "proposal.deliberated.v1": (Rule(Audience.PROPOSER, "proposal-deliberated"),),
    "proposal.voting_opened.v1": _both("proposal-voting"),
    "proposal.approved.v1": _both("proposal-approved"),
    "proposal.refused.v1": _both("proposal-refused"),
    "proposal.funded.v1": _both("proposal-funded"),
    "proposal.funding_refused.v1": _both("proposal-unfunded"),
    "proposal.accounted.v1": (Rule(Audience.OFFICERS, "proposal-accounted"),),
    "proposal.reopened.v1": (Rule(Audience.PROPOSER, "proposal-reopened"),),
    "proposal.closed.v1": _both("proposal-closed"),
    "proposal.cancelled.v1": _both("proposal-cancelled"),
}

WORDS: dict[str, dict[str, str]] = {
    "zh": {"accepted": "采纳", "planned": "列入计划", "declined": "暂不采纳", "done": "已办结"},
    "en": {"accepted": "accepted", "planned": "planned", "declined": "declined", "done": "done"},
}
"""Codes that a fact carries, as members read them."""
