"""The arithmetic behind `make bench`, and its load generator against a server that answers by script."""

import socket
import threading

import pytest

from bench.events import _buckets
from bench.figures import Speed, Target, median_of, median_ratio, percentile, quantile, speed
from bench.load import NUMBER, Job, generate, http


def test_a_percentile_is_the_smallest_value_that_enough_values_do_not_exceed() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert percentile(values, 50) == 50
    assert percentile(values, 99) == 99
    assert percentile(values, 100) == 100
    assert percentile([7.0], 1) == 7


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1.0], 0), ([1.0], 101)])
def test_a_percentile_of_nothing_or_beyond_all_is_refused(values: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, percent)


def test_speed_counts_operations_by_the_time_they_took_together() -> None:
    assert speed([1.0, 2.0, 9.0, 4.0], 2.0) == Speed(2.0, 2.0, 9.0)


def test_rounds_are_summed_up_by_medians_and_ratios_are_taken_within_a_round() -> None:
    rounds = [Speed(10, 1, 5), Speed(30, 3, 4), Speed(20, 2, 9)]
    assert median_of(rounds) == Speed(20, 2, 5)
    assert median_ratio([10, 100, 30], [20, 100, 40]) == 0.75
    with pytest.raises(ValueError, match="shorter"):
        median_ratio([1, 2], [1])


def test_a_quantile_lies_evenly_within_its_bucket_and_is_infinite_above_the_last() -> None:
    buckets = {0.1: 50.0, 0.2: 90.0, 0.4: 98.0, float("inf"): 100.0}
    assert quantile(buckets, 0.25) == pytest.approx(0.05)
    assert quantile(buckets, 0.7) == pytest.approx(0.15)
    assert quantile(buckets, 0.98) == pytest.approx(0.4)
    assert quantile(buckets, 0.99) == float("inf")
    with pytest.raises(ValueError, match="empty"):
        quantile({0.1: 0.0}, 0.5)


@pytest.mark.parametrize(
    ("value", "at_least", "met"),
    [(15, True, True), (14.9, True, False), (15, False, True), (15.1, False, False)],
)
def test_a_target_is_met_on_its_bound(value: float, at_least: bool, met: bool) -> None:
    assert Target("share", value, 15, at_least, "%").met is met


def test_the_lag_of_one_service_is_read_from_a_metrics_page() -> None:
    page = (
        'event_lag_seconds_bucket{le="0.1",service="notify"} 3.0\n'
        'event_lag_seconds_bucket{le="+Inf",service="notify"} 4.0\n'
        'event_lag_seconds_bucket{le="0.1",service="points"} 9.0\n'
    )
    assert _buckets(page) == {0.1: 3.0, float("inf"): 4.0}


@pytest.fixture
def scripted() -> "Scripted":
    return Scripted()


class Scripted:
    """A server of one connection that answers each request in pieces, and remembers what it was sent."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.received: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self.listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, self.listener:
            while request := connection.recv(65536):
                self.received.append(request)
                for piece in (b"HTTP/1.1 201 CREATED\r\nContent-Le", b"ngth: 6\r\n\r\nabc", b"def"):
                    connection.sendall(piece)


def test_the_generator_sends_each_request_in_turn_with_a_number_of_its_own(scripted: Scripted) -> None:
    requests = [http("POST", "/a", "token", {"text": "垃圾"}, key=True), http("GET", "/b", "token")]
    found = generate(Job(scripted.port, requests, 60, connections=1, count=4))
    assert found.statuses == {"201": 4}
    assert len(found.latencies_ms) == 4
    lines = [one.split(b"\r\n") for one in scripted.received]
    assert [one[0] for one in lines] == [b"POST /a HTTP/1.1", b"GET /b HTTP/1.1"] * 2
    keys = {line for one in lines for line in one if line.startswith(b"Idempotency-Key")}
    assert len(keys) == 2
    assert f"Idempotency-Key: {NUMBER}".encode() not in keys
    assert b"Content-Length: 17" in lines[0]


def test_the_generator_keeps_to_its_rate_and_then_stops(scripted: Scripted) -> None:
    found = generate(Job(scripted.port, [http("GET", "/", "token")], 0.5, connections=1, rate=20))
    assert found.statuses == {"201": 10}
    assert found.seconds >= 0.45


def test_a_server_that_hangs_up_fails_the_measurement() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def hang_up() -> None:
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.close()

    threading.Thread(target=hang_up, daemon=True).start()
    with listener, pytest.raises(ConnectionResetError):
        generate(Job(listener.getsockname()[1], [http("GET", "/", "token")], 5, connections=1))
