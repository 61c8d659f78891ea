"""Only the broker and the database, for the parts that stand on them."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from chassis.clock import new_ulid
from chassis.mongo import Mongo
from infra.local.deployment import Deployment
from tests.conftest import private_deployment

settings.register_profile("house", deadline=None, max_examples=60)
settings.load_profile("house")


@pytest.fixture(scope="package")
def backing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A running broker and database without any service."""
    running = private_deployment(tmp_path_factory.mktemp("backing"))
    try:
        running.start_backing()
        yield running
    finally:
        running.discard()


@pytest.fixture
def mongo(backing: Deployment) -> Iterator[Mongo]:
    """An empty database of the test's own."""
    opened = Mongo(backing.mongo_url, f"test-{new_ulid()}")
    yield opened
    opened.close()
