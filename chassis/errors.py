"""The kinds of refusal a rule can raise. Which HTTP status each becomes, `chassis.http` says."""

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """A request that cannot be carried out, with a stable `code` and a sentence in both languages.

    `extra` members appear in the problem document as they are (for example the allowed actions).
    """

    def __init__(self, code: str, *, zh: str, en: str, **extra: Any) -> None:
        super().__init__(f"{code}: {en}")
        self.code = code
        self.zh = zh
        self.en = en
        self.extra: Mapping[str, Any] = extra


class Invalid(Refusal):
    """The input breaks a rule; `field` names the part of the body to change."""

    def __init__(self, field: str, *, zh: str, en: str) -> None:
        super().__init__("invalid", zh=zh, en=en, errors={field: [en]}, errors_zh={field: [zh]})


class KeyReused(Invalid):
    """An idempotency key came with another body than the first time."""

    def __init__(self) -> None:
        super().__init__(
            "Idempotency-Key",
            zh="同一幂等键已用于不同内容，请换一个新键。",
            en="This key was used with another body: use a new key.",
        )


class Malformed(Refusal):
    """The body cannot be read at all."""

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__("malformed", zh=zh, en=en, errors={"body": [en]}, errors_zh={"body": [zh]})


class Unauthenticated(Refusal):
    """Nobody, or nobody any more, stands behind the request."""


class NotAllowed(Refusal):
    """The actor is known but has no right to do this here."""


class NotFound(Refusal):
    """There is no such thing, or the actor may not know of it."""


class Conflict(Refusal):
    """The present state does not allow this."""


class Stale(Refusal):
    """The caller acted on an older version than the stored one."""


class TooLarge(Refusal):
    """The body is larger than the limit."""


class TooMany(Refusal):
    """The caller has used up a limit; `retry_after` (seconds) is in `extra`."""


class Unavailable(Refusal):
    """A part this one needs does not answer now."""


class ConcurrentUpdate(Exception):
    """Somebody else saved the aggregate first; load it again and decide anew."""


def missing(zh_name: str, en_name: str) -> NotFound:
    """The usual NotFound for a thing named in both languages."""
    return NotFound("not-found", zh=f"没有这个{zh_name}。", en=f"There is no such {en_name}.")
