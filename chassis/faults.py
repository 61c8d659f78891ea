"""Deliberate faults at named points, for the fault tests only (refused when ENV=production).

`FAULTS=relay.after-confirm=0.01,consumer.redeliver=0.05` kills the process with SIGKILL at the first
point with a chance of 1 %, and redelivers 5 % of what was handled.
"""

import os
import random
import signal


class Faults:
    """The faults switched on for this process: point → probability."""

    def __init__(self, text: str = "") -> None:
        self._chance: dict[str, float] = {}
        for part in filter(None, text.split(",")):
            point, _, chance = part.partition("=")
            self._chance[point] = float(chance)
        self._random = random.Random()  # noqa: S311 - chance, not secrecy

    def happens(self, point: str) -> bool:
        """Whether the fault at `point` strikes this time."""
        chance = self._chance.get(point)
        return chance is not None and self._random.random() < chance

    def kill_at(self, point: str) -> None:
        """Die here as by kill -9, if the fault strikes."""
        if self.happens(point):
            os.kill(os.getpid(), signal.SIGKILL)
