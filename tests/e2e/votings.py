"""Votings end when the tests say so: nobody waits for an hour to pass."""

from typing import Any

from pymongo import MongoClient

from chassis.clock import utc_now
from infra.local.deployment import Deployment


def end_voting(deployment: Deployment, proposal_id: str) -> None:
    """Let the time of a voting be over now; the clock does the rest."""
    with MongoClient[dict[str, Any]](deployment.mongo_url) as client:
        now = utc_now()
        over = {"$set": {"closes_at": now, "next_check_at": now}}
        client["issues"]["proposals"].update_one({"_id": proposal_id}, over)
