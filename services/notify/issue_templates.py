"""The words of the messages about issues."""

from services.notify.wording import Template

ISSUE_TEMPLATES: dict[str, Template] = {
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
    "issue-released": Template(
        "您的问题重新等待认领",
        "小巷管家已退回问题 {number}，等待其他管家认领。",
        "Your issue awaits another steward",
        "The steward gave {number} back: another one may take it on.",
    ),
    "issue-started": Template(
        "您的问题开始处理",
        "问题 {number} 已开始处理。",
        "Work on your issue has begun",
        "{number} is in hand.",
    ),
    "issue-moved-down": Template(
        "您的问题已转回下级",
        "问题 {number} 已转回下级单位处理。",
        "Your issue went back",
        "{number} went one level down again.",
    ),
    "issue-closed": Template(
        "您的问题已结案",
        "问题 {number} 已确认解决并结案。",
        "Your issue is closed",
        "Somebody has verified that {number} is solved.",
    ),
    "issue-closed-unanswered": Template(
        "您的问题已结案（未反馈）",
        "问题 {number} 未收到反馈，已结案；如未解决可重新打开。",
        "Your issue is closed",
        "Nobody said whether {number} is solved: its reporter can still reopen it.",
    ),
}
