"""The message rules of residents' suggestions."""

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
}

RULES: dict[str, tuple[Rule, ...]] = {
    "suggestion.made.v1": (Rule(Audience.STAFF, "suggestion-new"),),
    "suggestion.answered.v1": (Rule(Audience.FOLLOWERS, "suggestion-answered"),),
    "suggestion.withdrawn.v1": (Rule(Audience.FOLLOWERS, "suggestion-withdrawn"),),
}

WORDS: dict[str, dict[str, str]] = {
    "zh": {"accepted": "采纳", "planned": "列入计划", "declined": "暂不采纳", "done": "已办结"},
    "en": {"accepted": "accepted", "planned": "planned", "declined": "declined", "done": "done"},
}
"""Codes that a fact carries, as members read them."""
