"""The declarative table: which path belongs to which service, and what may be sent there."""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True)
class Route:
    """A path prefix and its upstream. `timeout` in seconds, `body_limit` in bytes."""

    prefix: str
    upstream: str
    timeout: float = 15.0
    body_limit: int = MIB


ROUTES = (
    Route("/v1/auth", "volunteer", body_limit=16 * KIB),
    Route("/v1/me", "volunteer"),
    Route("/v1/members", "volunteer"),
    Route("/v1/contact-views", "volunteer"),
    Route("/v1/areas", "volunteer"),
    Route("/v1/activities", "volunteer"),
    Route("/v1/shifts", "volunteer"),
    Route("/v1/courses", "volunteer"),
    Route("/v1/training-sessions", "volunteer"),
    Route("/v1/media", "issues", timeout=60.0, body_limit=21 * MIB),
    Route("/v1/issues", "issues"),
    Route("/v1/feedback", "issues", body_limit=16 * KIB),
    Route("/v1/categories", "issues"),
    Route("/v1/calendar", "issues"),
    Route("/v1/bulk-transitions", "issues", timeout=60.0),
    Route("/v1/saved-filters", "issues"),
    Route("/v1/suggestions", "issues"),
    Route("/v1/proposals", "issues"),
    Route("/v1/stats", "issues", timeout=30.0),
    Route("/v1/accounts", "points", timeout=60.0),
    Route("/v1/postings", "points"),
    Route("/v1/holds", "points"),
    Route("/v1/earning-rules", "points", timeout=60.0),
    Route("/v1/funds", "points"),
    Route("/v1/shop", "points"),
    Route("/v1/donations", "points"),
    Route("/v1/time-bank", "points"),
    Route("/v1/ledger", "points", timeout=180.0),
    Route("/v1/adjustments", "points"),
    Route("/v1/leaderboards", "points"),
    Route("/v1/commendations", "points"),
    Route("/v1/inbox", "notify"),
)
_BY_PREFIX = {route.prefix: route for route in ROUTES}


def route_for(path: str) -> Route | None:
    """The route of a path: its first two segments decide."""
    return _BY_PREFIX.get("/".join(path.split("/", 3)[:3]))
