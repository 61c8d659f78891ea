"""Categories over HTTP."""

from typing import Any

from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from services.issues.categories import commands, schemas
from services.issues.categories.domain import Category
from services.issues.categories.queries import Rulebook
from services.issues.categories.store import CategoryStore


def blueprint(store: CategoryStore, rulebook: Rulebook, district: str) -> Blueprint:
    """The routes under `/v1/categories`."""
    routes = Blueprint(
        "categories", __name__, url_prefix="/v1/categories", description="Categories of issues"
    )

    @routes.route("", methods=["GET"])
    @routes.response(200, schemas.CategoryListSchema)
    @access.public
    def tree() -> dict[str, Any]:
        """List the categories with their questions and limits."""
        return {"items": rulebook.tree(), "next": None}

    @routes.route("", methods=["POST"])
    @routes.arguments(schemas.DefineCategorySchema)
    @routes.response(201, schemas.CategorySchema)
    @access.roles("district_admin")
    def define(new: Category) -> Any:
        """Define a category, or its next version."""
        return commands.define(store, actor(), district=district, new=new)

    @routes.route("/<code>/retirement", methods=["POST"])
    @routes.response(201, schemas.CategorySchema)
    @access.roles("district_admin")
    def retire(code: str) -> Any:
        """Retire a category: nothing more is reported under it or below, what was stays as it is."""
        return commands.retire(store, actor(), district=district, code=code)

    return routes
