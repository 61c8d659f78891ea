"""The publisher, as far as it can be seen without a broker."""

from chassis.broker.publisher import Publisher
from chassis.broker.topology import Topology


def test_publishing_nothing_is_done_at_once() -> None:
    """A document may be pending with an emptied outbox; the relay must not wait for confirms of nothing."""
    publisher = Publisher("amqp://127.0.0.1:1", Topology({}), [], longest_wait=30)
    assert publisher.publish([]) == set()
