"""Docker Compose, whichever generation is installed, for one project of this repository's compose file."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.deployment import ROOT
from infra.local.supervisor import StartError

FILE = ROOT / "infra/docker-compose.yml"
_POLL_SECONDS = 1.0
_RESTARTS_TO_GIVE_UP = 3
_STATE = (
    '{{.RestartCount}} {{index .Config.Labels "com.docker.compose.service"}} '
    "{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}"
)


def program() -> list[str]:
    """The command of the Compose that is here, v2 preferred. Raises StartError where there is none."""
    if shutil.which("docker"):
        plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if plugin.returncode == 0:
            return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    raise StartError("No Docker Compose: apt-get install docker.io docker-compose")


@dataclass(frozen=True)
class Project:
    """A deployment in containers: its name and the file with its settings."""

    name: str
    env_file: Path
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def run(self, *arguments: str) -> None:
        """Run a Compose command and show what it says. Raises StartError when it fails."""
        if subprocess.run(self._command(*arguments), env=self.environ, check=False).returncode:
            raise StartError(f"docker-compose {' '.join(arguments)} failed: see above")

    def output(self, *arguments: str) -> str:
        """What a Compose command prints. Raises StartError when it fails."""
        return _output(self._command(*arguments), self.environ)

    def wait_healthy(self, seconds: float, say: Callable[[str], None]) -> None:
        """Wait until every container is healthy.

        Raises StartError with the end of their logs when the time is over, and at once when one keeps ending.
        """
        deadline = time.monotonic() + seconds
        told: set[str] = set()
        while sick := self._restarts_of_the_sick():
            ending = {name for name, restarts in sick.items() if restarts >= _RESTARTS_TO_GIVE_UP}
            if ending or time.monotonic() > deadline:
                raise StartError(self._obituary(sorted(ending or sick)))
            if set(sick) != told:
                told = set(sick)
                say(f"waiting for {', '.join(sorted(told))}")
            time.sleep(_POLL_SECONDS)

    def _obituary(self, services: Sequence[str]) -> str:
        logs = self.output("logs", "--no-color", "--tail", "15", *services)
        return f"{logs}\nNot healthy (the end of the log is above): {', '.join(services)}"

    def _restarts_of_the_sick(self) -> dict[str, int]:
        containers = self.output("ps", "-a", "-q").split()
        states = _output(["docker", "inspect", "--format", _STATE, *containers], self.environ)
        lines = [line.split() for line in states.splitlines()]
        return {words[1]: int(words[0]) for words in lines if words[2:] != ["running", "healthy"]}

    def _command(self, *arguments: str) -> list[str]:
        named = ["-p", self.name, "-f", str(FILE), "--env-file", str(self.env_file)]
        return [*program(), *named, *arguments]


def _output(command: Sequence[str], environ: Mapping[str, str]) -> str:
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StartError(f"{' '.join(command[:2])} failed:\n{done.stderr[-2000:]}")
    return done.stdout
