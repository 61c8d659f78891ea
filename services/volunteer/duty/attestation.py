"""Codes that are shown at a post: whoever scans one while it is good is there, or was sent it just now.

Nothing is kept of a code: it names who shows it and until when it is good, and is signed with both and the
shift.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chassis.errors import Conflict, Invalid
from services.volunteer.duty.shift import Shift

_GOOD_FOR = timedelta(minutes=10)
"""Long enough for all who stand in line at a post, too short to be handed round."""


@dataclass(frozen=True)
class Code:
    """A code of a shift: the member who shows it, and until when it is good, in whole seconds."""

    shift: str
    shown_by: str
    until: datetime


class Codes:
    """Codes ↔ the texts that are scanned. `sign` makes of a text what nobody else can."""

    def __init__(self, sign: Callable[[str], str]) -> None:
        self._sign = sign

    def token(self, code: Code) -> str:
        """The text of a code."""
        seconds = int(code.until.timestamp())
        signature = self._sign(f"check-in {code.shift} {code.shown_by} {seconds}")[:40]
        return f"{code.shown_by}.{seconds}.{signature}"

    def read(self, token: str, shift_id: str) -> Code:
        """The code that a text is. Raises Invalid unless it was made here, and for this shift."""
        shown_by, seconds, _ = token.split(".")
        code = Code(shift_id, shown_by, datetime.fromtimestamp(int(seconds), UTC))
        if not hmac.compare_digest(token.encode(), self.token(code).encode()):
            raise Invalid(
                "token",
                zh="这不是该班次的签到码，请重新扫描岗位上出示的签到码。",
                en="This is no code of this shift: scan anew the one that is shown at its post.",
            )
        return code


def new_code(shift: Shift, shown_by: str, at: datetime) -> Code:
    """A code that is good for ten minutes, and not after the shift. Raises Conflict once that is over."""
    if at >= shift.ends_at:
        raise Conflict(
            "shift-over",
            zh="该班次已结束，不能再签到。",
            en="This shift is over: nobody checks in any more.",
            status_now="over",
            allowed=[],
        )
    return Code(shift.id, shown_by, min(at + _GOOD_FOR, shift.ends_at).replace(microsecond=0))


def check_scanned(code: Code, member: str, at: datetime) -> None:
    """Raises Invalid for a code that is not good any more, or that shows nothing of who scanned it."""
    if at >= code.until:
        raise Invalid(
            "token",
            zh="签到码已过期，请重新扫描岗位上出示的签到码。",
            en="This code has expired: scan anew the one that is shown at the post.",
        )
    if code.shown_by == member:
        raise Invalid(
            "token",
            zh="不能用自己出示的签到码签到，请扫描他人出示的签到码，或不带签到码签到。",
            en="Your own code attests nothing: scan one that somebody else shows, or check in without.",
        )
