"""What the tests of bad input share: both doors of every service, and proof that nothing was written."""

from collections.abc import Iterator

import pytest

from demo.district import District
from infra.local.deployment import Deployment
from tests.e2e.doors import Doors, people
from tests.e2e.stored import at_rest, stored


@pytest.fixture(scope="module")
def untouched(deployment: Deployment, district: District) -> Iterator[None]:
    """Hold what is stored at the end against what was stored before."""
    for person in people(district):
        person.headers()
    before = at_rest(deployment)
    yield
    assert stored(deployment) == before, "something was written"


@pytest.fixture
def doors(deployment: Deployment, district: District, untouched: None) -> Iterator[Doors]:
    """Both doors of every service; complaints about them fail the test that gathered them."""
    both = Doors(deployment, district)
    yield both
    both.settle()
