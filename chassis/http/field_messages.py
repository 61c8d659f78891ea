"""What is wrong with a field, in Chinese: the texts of marshmallow's and our own validators."""

import re

_WHOLE = {
    "Missing data for required field.": "缺少此字段。",
    "Unknown field.": "没有这个字段。",
    "Field may not be null.": "不能为空。",
    "Not a valid string.": "应为文字。",
    "Not a valid integer.": "应为整数。",
    "Not a valid number.": "应为数字。",
    "Not a valid boolean.": "应为 true 或 false。",
    "Not a valid list.": "应为列表。",
    "Not a valid mapping type.": "应为对象。",
    "Not a valid datetime.": "应为 RFC 3339 时间。",
    "Not a valid file.": "应为上传的文件。",
    "Not a time between 1970 and 2199.": "时间须在 1970 至 2199 年之间。",
    "Not a day between 1970 and 2199.": "日期须在 1970 至 2199 年之间。",
    "Not an identifier of this system.": "不是本系统的标识。",
    "Not an area code: 6, 9, 12 or 15 digits.": "不是区划代码：应为 6、9、12 或 15 位数字。",
    "Not a mainland mobile number.": "不是中国大陆手机号。",
    "Not the name of an account.": "不是账户名。",
    "Not a cursor of this system.": "不是本系统的翻页标记。",
    "Not a refresh token of this system.": "不是本系统的刷新令牌。",
    "Six digits.": "应为六位数字。",
    "Not a valid date.": "应为 2026-10-10 这样的日期。",
    "Not within the last ninety days.": "须在最近九十天之内。",
    "Not the code of a category.": "不是类别代码。",
    "Not the number of an issue.": "不是问题编号。",
    "Not the code of a rule.": "不是规则代码。",
    "Not the name of a role.": "不是角色名称。",
    "Not a hash of a history.": "不是处理记录的哈希值。",
    "A period is 2026-11, 2026-Q4, 2026 or all.": "时期应为 2026-11、2026-Q4、2026 或 all。",
    "Ten digits or letters from A to F, as printed.": "应为证书上印的十位数字或字母 A 至 F。",
    "Not a hash of the chain.": "不是账本链的哈希值。",
    "Small letters, digits and _; a letter first.": "须为小写字母、数字和下划线，以字母开头。",
    "Not before since.": "不能早于起始时间。",
    "At most a year, and not before from.": "最多一年，且不能早于起始日期。",
    "Nothing to change.": "没有要修改的内容。",
    "Not a code of a post: scan it anew.": "不是签到码，请重新扫描岗位上出示的签到码。",
    "Not a pick-up code.": "不是取货码：应为 XXXX-XXXX-XXXX。",
    "Not a fund (fund:<community>) or project (project:<id>).": "应为 fund:社区代码 或 project:方案标识。",
    "Not a text, number, true or false.": "应为文字、数字、true 或 false。",
    "Number too large.": "数字过大。",
    "Special numeric values (nan or infinity) are not permitted.": "不能是 NaN 或无穷大。",
    "Invalid input type.": "类型不对。",
    "Invalid value.": "值无效。",
}
_PATTERNS = (
    (re.compile(r"Longer than maximum length (\d+)\."), r"最多 \1 个字符或项。"),
    (re.compile(r"Shorter than minimum length (\d+)\."), r"至少 \1 个字符或项。"),
    (re.compile(r"Length must be between (\d+) and (\d+)\."), r"长度须为 \1 至 \2。"),
    (
        re.compile(
            r"Must be greater than or equal to (\S+) and less than or equal to (\S+)\.",
        ),
        r"须在 \1 与 \2 之间。",
    ),
    (re.compile(r"Must be greater than or equal to (\S+)\."), r"不能小于 \1。"),
    (re.compile(r"Must be less than or equal to (\S+)\."), r"不能大于 \1。"),
    (re.compile(r"Must be among: (.+)\."), r"须在以下之中：\1。"),
    (re.compile(r"Must be one of: (.+)\."), r"须为以下之一：\1。"),
    (re.compile(r"The character (\S+) is not allowed\."), r"不能含有字符 \1。"),
)


def in_language(text: str, language: str) -> str:
    """A validator's text in `zh` or `en`; one that is not known here stays English."""
    if language == "en":
        return text
    if text in _WHOLE:
        return _WHOLE[text]
    for pattern, chinese in _PATTERNS:
        if pattern.fullmatch(text):
            return pattern.sub(chinese, text)
    return text
