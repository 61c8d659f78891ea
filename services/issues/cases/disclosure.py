"""Who sees what of an issue: three views, each an allow-list. `docs/privacy.md` shows them as a table."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from chassis.identity import Actor
from chassis.tiles import coarse
from services.issues.cases.issue import STAFF_ROLES

COARSE_METRES = 50.0
"""The lattice that the places of sensitive issues are shown on."""
SHORT = 200
OVERSEERS = STAFF_ROLES | {"steward"}
"""Who works in an area sees its issues in full."""
_LONG_NUMBER = re.compile(r"(?:\d{7,}|(?:\d[ -]?){10,}\d)[Xx]?")


class View(StrEnum):
    """What an issue is to who looks at it.

    `full`: their own report, or theirs to handle. `follower`: they said "me too", or reported the same.
    `public`: any other member.
    """

    PUBLIC = "public"
    FOLLOWER = "follower"
    FULL = "full"


PUBLIC_FIELDS = frozenset(
    {
        "id",
        "number",
        "status",
        "level",
        "lead_unit",
        "category",
        "area",
        "location",
        "description",
        "media",
        "supporters",
        "urgency",
        "merged_into",
        "part_of",
        "parts",
        "reopened",
        "hidden",
        "created_at",
        "due_at",
        "claimed_at",
        "resolved_at",
        "closed_at",
        "version",
        "view",
    }
)
"""All that the public and followers see of an issue. A field that is not here is not shown to them."""
TOLD_BY = (
    "reporter",
    "assignee",
    "steward",
    "supporters",
    "adopted",
    "area",
    "sensitive",
    "hidden",
    "location",
)
"""The fields by which is told who sees what."""
PUBLIC_LINE_FIELDS = frozenset({"action", "at", "status", "level", "lead_unit"})
FOLLOWER_LINE_FIELDS = PUBLIC_LINE_FIELDS | {"note"}
TOLD_ACTIONS = frozenset(
    {"resolve", "refer", "reject", "merge", "unmerge", "hold", "extend", "route", "escalate", "split"}
)
"""What handlers do and followers are told of: they may read the reason, and nobody else's notes."""


def view_for(document: Mapping[str, Any], actor: Actor) -> View:
    """Which view of an issue the actor has.

    Saying "me too" takes one request and no reason: so it opens nothing of a sensitive or hidden issue.
    """
    if actor.member_id in (document["reporter"], document["assignee"], document["steward"]):
        return View.FULL
    if actor.has_any(OVERSEERS, document["area"]):
        return View.FULL
    if withheld(document):
        return View.PUBLIC
    adopted = (follower for one in document["adopted"] for follower in one["followers"])
    follows = actor.member_id in document["supporters"] or actor.member_id in adopted
    return View.FOLLOWER if follows else View.PUBLIC


def withheld(document: Mapping[str, Any]) -> bool:
    """Whether words and photos are for those alone whom the issue concerns."""
    return _sensitive(document) or bool(document.get("hidden"))


def hides_reporter(document: Mapping[str, Any], actor: Actor) -> bool:
    """Whether even who has the full view may not know who reported it."""
    if actor.member_id == document["reporter"]:
        return False
    return not actor.has_any(STAFF_ROLES if document["anonymous"] else OVERSEERS, document["area"])


def shown_location(document: Mapping[str, Any], view: View) -> Mapping[str, float] | None:
    """Where an issue lies, as a view shows it."""
    location: Mapping[str, float] | None = document["location"]
    return public_location(location, sensitive=view is not View.FULL and _sensitive(document))


def public_location(location: Mapping[str, float] | None, *, sensitive: bool) -> Mapping[str, float] | None:
    """A place as anybody may see it: of a sensitive issue only which square of the lattice it lies in."""
    if location is None or not sensitive:
        return location
    lng, lat = coarse(location["lng"], location["lat"], COARSE_METRES)
    return {"lng": lng, "lat": lat}


def public_text(document: Mapping[str, Any]) -> str | None:
    """The beginning of a description without what looks like a phone or identity number."""
    if withheld(document):
        return None
    text = _LONG_NUMBER.sub("…", document["description"])
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"


def shown_line(line: Mapping[str, Any], view: View, actor: Actor) -> dict[str, Any]:
    """A line of the history as a view shows it; the full one as it is, and one's own words to oneself."""
    if view is View.FULL:
        return {**line, "received_at": line["at"]}
    own = line["actor"] == actor.member_id
    told = own or (view is View.FOLLOWER and line["action"] in TOLD_ACTIONS)
    allowed = FOLLOWER_LINE_FIELDS if told else PUBLIC_LINE_FIELDS
    return {name: value for name, value in line.items() if name in allowed}


def _sensitive(document: Mapping[str, Any]) -> bool:
    # Issues written by an older release do not say: they are shown as if they were.
    return bool(document.get("sensitive", True))
