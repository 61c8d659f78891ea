"""The words of the messages about roles, and what roles are called."""

from services.notify.wording import Template

ROLE_TEMPLATES: dict[str, Template] = {
    "role-revoked": Template(
        "您的角色已被撤销",
        "您在{place}的{role}角色已被撤销，原因可在您的任职记录中查看。",
        "A role was taken from you",
        "You are no longer {role} of {place}. The record of your roles says why.",
    ),
    "role-end-set": Template(
        "您的角色将到期",
        "您在{place}的{role}角色将于 {on} 结束（含当日），原因可在您的任职记录中查看。",
        "A role of yours will end",
        "You are {role} of {place} until {on}, that day included. The record of your roles says why.",
    ),
    "term-ended": Template(
        "您的任期已结束",
        "您在{place}的{role}任期已结束，感谢您的付出。",
        "A term of yours has ended",
        "Your term as {role} of {place} is over. Thank you for what you did.",
    ),
}
ROLE_NAMES: dict[str, dict[str, str]] = {
    "zh": {
        "resident": "居民",
        "steward": "小巷管家",
        "team_leader": "队长",
        "grid_worker": "网格员",
        "council_member": "理事",
        "council_chair": "理事长",
        "community_staff": "社区工作人员",
        "subdistrict_staff": "街道工作人员",
        "social_worker": "社工",
        "shop_keeper": "慈善商店店长",
        "district_admin": "区管理员",
        "integration": "系统对接",
        "operator": "运维",
    },
    "en": {
        "resident": "resident",
        "steward": "alley steward",
        "team_leader": "team leader",
        "grid_worker": "grid worker",
        "council_member": "council member",
        "council_chair": "chair of the council",
        "community_staff": "community staff",
        "subdistrict_staff": "subdistrict staff",
        "social_worker": "social worker",
        "shop_keeper": "shop keeper",
        "district_admin": "district admin",
        "integration": "integration",
        "operator": "operator",
    },
}
