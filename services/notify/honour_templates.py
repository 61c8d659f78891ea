"""The words of the messages about adjustments, flags and commendations."""

from services.notify.wording import Template

HONOUR_TEMPLATES: dict[str, Template] = {
    "adjustment-requested": Template(
        "有待批准的账目调整",
        "一笔大额调整等待另一位管理员批准。",
        "An adjustment awaits approval",
        "A large posting by hand awaits a second administrator.",
    ),
    "adjustment-approved": Template(
        "您提出的调整已批准",
        "您提出的账目调整已由另一位管理员批准并记账。",
        "Your adjustment was approved",
        "Another administrator agreed, and it is posted.",
    ),
    "adjustment-refused": Template(
        "您提出的调整未获批准",
        "您提出的账目调整已被拒绝，原因见详情。",
        "Your adjustment was refused",
        "See it for the reason.",
    ),
    "adjustment-expired": Template(
        "您提出的调整已过期",
        "您提出的账目调整逾期无人批准，已失效。",
        "Your adjustment has expired",
        "Nobody decided it in time: ask for a new one, if it is still needed.",
    ),
    "adjustment-split": Template(
        "有分笔的手工记账",
        "{day}，一位管理员单独手工记账的合计超过须两人批准的数额，请查看当日凭证。",
        "Postings by hand to look at",
        "On {day} an administrator posted alone, piece by piece, more than one may at once: see that day's.",
    ),
    "flag-raised": Template(
        "有待核查的转赠",
        "有成员收到的转赠大多来自循环转赠，请核查。",
        "Gifts to look at",
        "Most of what a member was given came in circles: please look.",
    ),
    "flag-decided": Template(
        "转赠核查已有结论",
        "对您收到的转赠的核查已有结论，理由可查询。",
        "Gifts to you were looked at",
        "You can read what was found, and why.",
    ),
    "commendation-nominated": Template(
        "有新的表彰推荐",
        "表彰 {number} 等待审核。",
        "A nomination to review",
        "Commendation {number} awaits your review.",
    ),
    "commendation-publicised": Template(
        "表彰开始公示",
        "表彰 {number} 已通过审核，正在公示。",
        "A commendation is in publicity",
        "{number} was accepted; until its publicity ends, everybody may object.",
    ),
    "commendation-objected": Template(
        "公示收到异议",
        "表彰 {number} 在公示期内收到异议，请处理。",
        "Somebody objected",
        "There is an objection to {number}: please decide.",
    ),
    "commendation-awarded": Template(
        "表彰已授予",
        "表彰 {number} 已授予，可以打印证书。",
        "A commendation was awarded",
        "{number} was awarded; its certificate can be printed.",
    ),
    "commendation-refused": Template(
        "推荐未通过",
        "表彰 {number} 未通过，原因见详情。",
        "A nomination was refused",
        "See {number} for the reason.",
    ),
    "commendation-revoked": Template(
        "表彰已撤销",
        "表彰 {number} 已撤销，原因见详情。",
        "A commendation was revoked",
        "{number} is no longer valid: see it for the reason.",
    ),
}
