"""What can be done with categories."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from chassis.errors import missing
from chassis.identity import Actor
from services.issues.categories import domain
from services.issues.categories.domain import Category


class Categories(Protocol):
    """Where categories are kept."""

    def all_versions(self) -> Mapping[tuple[str, int], Category]: ...
    def add(self, category: Category) -> None: ...


def define(categories: Categories, actor: Actor, *, district: str, new: Category) -> Category:
    """Define a category or its next version; see `domain.define`."""
    versions = categories.all_versions()
    parent = domain.newest(versions.values()).get(new.code.rpartition(".")[0])
    defined = domain.define(latest(versions, new.code), parent, new, actor, district)
    categories.add(defined)
    return defined


def retire(categories: Categories, actor: Actor, *, district: str, code: str) -> Category:
    """Let no further issues be reported under a category, or below it.

    Raises NotFound, and what `domain.define` does.
    """
    current = latest(categories.all_versions(), code)
    if current is None:
        raise missing("类别", "category")
    return define(categories, actor, district=district, new=replace(current, retired=True))


def latest(versions: Mapping[tuple[str, int], Category], code: str) -> Category | None:
    """The newest version of a category."""
    found = [one for (name, _), one in versions.items() if name == code]
    return max(found, key=lambda one: one.version, default=None)
