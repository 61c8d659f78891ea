"""What a message rule is made of."""

from dataclasses import dataclass
from enum import StrEnum


class Audience(StrEnum):
    """Who hears of a fact."""

    FOLLOWERS = "followers"
    ASSIGNEE = "assignee"
    RESOLVER = "resolver"
    HANDLERS = "handlers"
    OVERSEERS = "overseers"
    AUTHOR = "author"
    COMMUNITY = "community"
    GAINERS = "gainers"
    STAFF = "staff"
    PROPOSER = "proposer"
    OFFICERS = "officers"


@dataclass(frozen=True)
class Template:
    """A message in both languages; `{number}` and the like are filled from the fact."""

    zh_title: str
    zh_body: str
    en_title: str
    en_body: str


@dataclass(frozen=True)
class Rule:
    """One row: an audience of a type of event, and the template they get."""

    audience: Audience
    template: str
