"""The command line of a worker, where something is not there."""

import sys

import pytest

from chassis.command_line import run_worker
from chassis.mongo import Mongo
from chassis.settings import ServiceSettings, load
from chassis.worker import Worker
from tests.unit.test_settings import GOOD


@pytest.mark.parametrize("action", ["list", "replay", "discard"])
def test_a_broker_that_does_not_answer_is_told_in_a_sentence(
    action: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    worker = Worker("notify", load(ServiceSettings, GOOD), Mongo(GOOD["MONGO_URL"], "notify"), outboxes=())
    monkeypatch.setattr(sys, "argv", ["notify", "dead-letters", action])
    with pytest.raises(SystemExit) as ended:
        run_worker(lambda: worker)
    assert ended.value.code == 1
    assert "The broker does not answer, or has no queue of this service" in capsys.readouterr().err
