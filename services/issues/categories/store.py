"""Categories ↔ documents: one document a version."""

from dataclasses import asdict, fields
from typing import Any

from pymongo.errors import DuplicateKeyError

from chassis.errors import Conflict
from chassis.mongo import Document, Mongo
from services.issues.categories.domain import ROOTS, Category, Question
from services.issues.limits.domain import Limit, Unit


class CategoryStore:
    """The district's own categories, all their versions; the only writer of them."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def all_versions(self) -> dict[tuple[str, int], Category]:
        """(code, version) → category, with the study's five where the district has not changed them."""
        stored = (_category(one) for one in self._mongo["categories"].find())
        return {(one.code, one.version): one for one in (*ROOTS.values(), *stored)}

    def add(self, category: Category) -> None:
        """Add a version. Raises Conflict when somebody else has just added the same one."""
        document = {"_id": f"{category.code}@{category.version}", **_fields(category)}
        try:
            self._mongo["categories"].insert_one(document)
        except DuplicateKeyError:
            raise Conflict(
                "category-changed",
                zh="该类别刚被他人修改。",
                en="Somebody changed this category: look again.",
            ) from None


def _fields(category: Category) -> Document:
    plain = {name.name: getattr(category, name.name) for name in fields(Category)}
    return {
        **plain,
        "limits": _limits(plain["limits"]),
        "urgent_limits": _limits(plain["urgent_limits"]),
        "questions": [{**asdict(one), "choices": list(one.choices)} for one in category.questions],
    }


def _limits(limits: dict[str, Limit]) -> Document:
    return {level: {"amount": one.amount, "unit": one.unit.value} for level, one in limits.items()}


def _category(document: Document) -> Category:
    values: dict[str, Any] = {name.name: document[name.name] for name in fields(Category)}
    for name in ("limits", "urgent_limits"):
        values[name] = {level: Limit(one["amount"], Unit(one["unit"])) for level, one in values[name].items()}
    values["questions"] = tuple(
        Question(**{**one, "choices": tuple(one["choices"])}) for one in values["questions"]
    )
    return Category(**values)
