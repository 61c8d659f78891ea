"""Contact look-ups as admins and the members themselves see them."""

from typing import Any

from chassis import paging
from chassis.mongo import Mongo


class ContactViewQueries:
    """Reads the record of look-ups."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def of_area(self, area: str, member: str | None, limit: int, cursor: str | None) -> paging.Page:
        """Look-ups in an area, the newest first; of one member where one is named."""
        return self._page({"scopes": area}, {"whom": member} if member else None, limit, cursor)

    def about(self, member: str, limit: int, cursor: str | None) -> paging.Page:
        """Look-ups of one member, the newest first."""
        return self._page({"whom": member}, None, limit, cursor)

    def _page(
        self, match: dict[str, Any], where: dict[str, Any] | None, limit: int, cursor: str | None
    ) -> paging.Page:
        page = paging.newest_first(
            self._mongo["contact_views"], match, where=where, limit=limit, cursor=cursor
        )
        return paging.Page([{**one, "id": one["_id"]} for one in page.items], page.next)
