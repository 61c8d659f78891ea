"""What ARCHITECTURE.md says of the databases is what they hold."""

import re
from typing import Any

from pymongo import MongoClient

from demo.district import District
from infra.contracts import ROOT, SERVICES
from infra.local.deployment import Deployment
from tests.unit.reading import Document, plain


def test_the_databases_hold_the_collections_that_are_listed(
    deployment: Deployment, district: District
) -> None:
    assert district.admin.id
    told = {
        plain(name): set(re.findall(r"`([a-z_.]+)`", collections))
        for name, collections in Document(ROOT / "ARCHITECTURE.md").table("Data")
    }
    assert set(told) == set(SERVICES)
    with MongoClient[dict[str, Any]](deployment.mongo_url) as client:
        for name, service in SERVICES.items():
            told[name] |= {"idempotency_keys", *(["relays"] if service.published else [])}
            unlisted = set(client[name].list_collection_names()) - told[name]
            assert not unlisted, f"{name} also holds {unlisted}"
