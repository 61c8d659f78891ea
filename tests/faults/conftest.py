"""The district that the fault tests may harm: a deployment of their own, apart from the shared one."""

from collections.abc import Iterator

import pytest

from chassis.mongo import Mongo
from demo.client import Api
from demo.district import District
from infra.local.deployment import Deployment
from tests.conftest import private_deployment
from tests.faults.accounting import Books
from tests.faults.record import Record
from tests.faults.storm import Storm


@pytest.fixture(scope="package")
def harmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The deployment whose processes are killed, paused and started with faults inside."""
    running = private_deployment(tmp_path_factory.mktemp("harmed"), RETRY_DELAYS="0.2,0.5,1")
    try:
        running.start()
        yield running
    finally:
        running.discard()


@pytest.fixture(scope="package")
def books(harmed: Deployment) -> Iterator[Books]:
    """Its databases and queues, read directly."""
    opened = Books(harmed)
    yield opened
    opened.close()


@pytest.fixture(scope="package")
def people(harmed: Deployment, books: Books) -> District:
    """The demonstration district in it, known to every service before anything is broken."""
    demonstration = District(Api(f"http://127.0.0.1:{harmed.ports.gateway}"))
    demonstration.set_up()
    books.balance()
    return demonstration


@pytest.fixture(scope="package")
def storm(harmed: Deployment, people: District, books: Books, record: Record) -> Storm:
    """Load, something broken meanwhile, and the books balanced afterwards."""
    one = Storm(harmed, people, books, record)
    harmed.supervisor.on_event = one.restarts.append
    return one


@pytest.fixture
def mongo(harmed: Deployment) -> Iterator[Mongo]:
    """A database of the test's own on the deployment's server."""
    own = Mongo(harmed.mongo_url, "faults")
    for name in own.database.list_collection_names():
        own.database.drop_collection(name)
    yield own
    own.close()


@pytest.fixture(scope="package")
def record() -> Iterator[Record]:
    """What the tests did and counted; written to the file that FAULTS_REPORT names, if it does."""
    kept = Record()
    yield kept
    kept.write()
