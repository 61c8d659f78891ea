"""What a message consists of before it is filled in."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Template:
    """A message in both languages; `{number}` and the like are filled from the fact."""

    zh_title: str
    zh_body: str
    en_title: str
    en_body: str
