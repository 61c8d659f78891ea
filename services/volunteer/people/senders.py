"""Sending one-time codes by the district's SMS gateway."""

from collections.abc import Callable

import requests

from chassis import logs
from chassis.errors import Unavailable

log = logs.get()


def sms_sender(url: str) -> Callable[[str, str], None]:
    """A sender that posts `{"phone", "code"}` to the SMS gateway. It raises Unavailable when that fails."""

    def send(phone: str, code: str) -> None:
        try:
            requests.post(url, json={"phone": phone, "code": code}, timeout=5).raise_for_status()
        except requests.RequestException as error:
            log.warning("sms.failed", reason=type(error).__name__)
            raise Unavailable(
                "sms-away",
                zh="短信暂时无法发送，请稍后重试。",
                en="The text message could not be sent: try again.",
            ) from error

    return send


def no_sender(_phone: str, _code: str) -> None:
    """For DEV_LOGIN: the code is in the answer, nothing is sent."""
