"""The words of the time bank's messages: Chinese title and body, then English ones."""

TIME_BANK_TEXTS: dict[str, tuple[str, str, str, str]] = {
    "gift-received": (
        "收到时间转赠",
        "您收到转赠：{gains}。",
        "You were given time",
        "You were given {gains}.",
    ),
    "help-candidate": (
        "有与您匹配的互助",
        "互助事项 {number} 与您发布的内容匹配，请查看。",
        "Something matches yours",
        "{number} goes together with what you asked for or offered: have a look.",
    ),
    "help-matched": (
        "互助等待您答复",
        "有人就互助事项 {number} 联系您，请接受或婉拒。",
        "Your answer is awaited",
        "Somebody asks you in {number}: accept or decline.",
    ),
    "help-declined": (
        "互助未达成",
        "互助事项 {number} 未达成约定。",
        "No agreement this time",
        "{number} did not come about between you two.",
    ),
    "help-accepted": (
        "互助已约定",
        "互助事项 {number} 已约定，已冻结 {minutes} 分钟。",
        "Help is agreed",
        "{number} is agreed; {minutes} minutes are held for it.",
    ),
    "help-checked-out": (
        "互助服务已签退",
        "互助事项 {number} 已签退；受助人请确认或提出异议，逾期未答复视为确认。",
        "Help was given",
        "{number} is done. Whoever was helped confirms or disputes it; silence counts as confirmed.",
    ),
    "help-settled": (
        "互助已确认结算",
        "互助事项 {number} 已确认，结算 {minutes} 分钟{pooled}。",
        "Help confirmed",
        "{number} was confirmed and settled: {minutes} minutes{pooled}.",
    ),
    "help-auto-confirmed": (
        "互助已自动确认",
        "互助事项 {number} 逾期未答复，已自动确认，结算 {minutes} 分钟{pooled}。",
        "Help confirmed by silence",
        "Nobody objected to {number} in time: {minutes} minutes were settled{pooled}.",
    ),
    "help-disputed": (
        "互助有异议",
        "互助事项 {number} 有异议或未签退，由社区工作人员裁定。",
        "Help is disputed",
        "{number} is disputed, or nobody checked out: staff will decide.",
    ),
    "help-to-decide": (
        "有互助异议待裁定",
        "互助事项 {number} 有异议，等待您裁定。",
        "A dispute to decide",
        "{number} is disputed and awaits your decision.",
    ),
    "help-undecided": (
        "互助异议仍待裁定",
        "互助事项 {number} 的异议已多日未裁定，双方的时长仍被冻结，请尽快处理。",
        "A dispute still awaits a decision",
        "{number} has been disputed for days and its minutes are held: please decide.",
    ),
    "help-decided": (
        "互助异议已裁定",
        "互助事项 {number} 已裁定，结算 {minutes} 分钟{pooled}。",
        "A dispute was decided",
        "Staff decided {number}: {minutes} minutes were settled{pooled}.",
    ),
    "help-cancelled": (
        "互助已取消",
        "互助事项 {number} 已取消，冻结的时长已退回。",
        "Help was called off",
        "{number} does not take place; minutes that were held are free again.",
    ),
}
