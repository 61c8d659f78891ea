"""What the parts underneath can do alone: the figures that no service on top of them can pass."""

import sys
import threading
import time
from collections.abc import Callable

import pika
from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from bench.figures import Speed, speed
from infra.local.deployment import ROOT, Deployment, answers
from infra.local.supervisor import Program

CONNECTIONS = 8
_QUEUE = "bench.ceiling"
_MESSAGE = b"{" + b'"a":1,' * 100 + b'"b":2}'


def hello_program(deployment: Deployment, port: int) -> Program:
    """A bare Flask application under gunicorn, with the settings that every API process has."""
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "infra/gunicorn_conf.py")]
    return Program(
        "hello",
        [*command, "bench.hello:create_app()"],
        {**deployment.environment(), "PORT": str(port)},
        lambda: answers(port, "/readyz"),
    )


def insert(mongo_url: str, seconds: float) -> Speed:
    """Insert small documents one by one from 8 threads, each acknowledged by the majority's journal."""
    with MongoClient[dict[str, object]](mongo_url) as client:
        database = client.get_database("bench", write_concern=WriteConcern(w="majority", j=True))
        documents = database["ceiling"]
        documents.insert_one({"text": "the first write makes the collection"})
        return _side_by_side(lambda: lambda: documents.insert_one({"text": "垃圾堆放", "n": 1}), seconds)


def publish(amqp_url: str, seconds: float) -> Speed:
    """Publish persistent messages to a quorum queue over 8 connections, each confirmed before the next."""
    opened: list[pika.BlockingConnection] = []

    def publisher() -> Callable[[], object]:
        connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
        opened.append(connection)
        channel = connection.channel()
        channel.queue_declare(_QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        channel.confirm_delivery()
        properties = pika.BasicProperties(delivery_mode=2)
        return lambda: channel.basic_publish("", _QUEUE, _MESSAGE, properties, mandatory=True)

    try:
        return _side_by_side(publisher, seconds)
    finally:
        opened[0].channel().queue_delete(_QUEUE)
        for connection in opened:
            connection.close()


def _side_by_side(make: Callable[[], Callable[[], object]], seconds: float) -> Speed:
    """Repeat what `make` returns in 8 threads, one operation after the other in each."""
    latencies: list[float] = []
    operations = [make() for _ in range(CONNECTIONS)]
    start = time.perf_counter()

    def repeat(operation: Callable[[], object]) -> None:
        began = time.perf_counter()
        while began - start < seconds:
            operation()
            ended = time.perf_counter()
            latencies.append((ended - began) * 1000)
            began = ended

    threads = [threading.Thread(target=repeat, args=(one,)) for one in operations]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return speed(latencies, time.perf_counter() - start)
