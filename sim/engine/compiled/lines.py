"""Tasks of open arrivals whose calls may have to wait for a slot: the twin turns a clock of its own, and they meet on it."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np

from sim.backends.build import blueprints
from sim.engine.compiled.batch import BatchDesk, by_the_thousand
from sim.engine.compiled.tables import JOB
from sim.meter.meter import CHUNK
from sim.sampling.distributions import distribution
from sim.scenario.scenario import Scenario
from sim.scenario.shards import Shard


def may_meet(scenario: Scenario) -> bool:
    """Whether calls of a scenario that the twin covers may stand in line on its clock."""
    return by_the_thousand(scenario, [plan.price for plan in blueprints(scenario, Shard())])


class LineDesk(BatchDesk):
    """Takes tasks in, and turns the twin's clock as far as it is known who comes."""

    on_clock = True

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        workload = settings["scenario"].workload
        self._backlog = math.inf if distribution(workload.batch_size).support() != (1.0, 1.0) else workload.backlog
        """Tasks up to this number come together with the one before where they come at the same moment: the others one by one."""
        self._before_s = math.nan

    def close(self) -> None:
        """Nobody else comes: turn it to the end."""
        self._turn(self._jobs[:0], more=False)
        super().close()

    def _live_all(self, numbers: np.ndarray, moments: np.ndarray) -> None:
        jobs = self._begun(numbers, moments)
        together = np.diff(moments, prepend=self._before_s) == 0
        jobs["follows"], self._before_s = together & (numbers < self._backlog), float(moments[-1])
        self._turn(jobs, more=True)

    def _turn(self, jobs: np.ndarray, *, more: bool) -> None:
        self._look_for_room()
        self._library.turn(self._engine, self._world, jobs.ctypes.data, len(jobs), more)
        self._take_rows()
        rows = self._take(self._told())
        for at in range(0, len(rows), CHUNK):
            self._meter.add_tasks(rows[at : at + CHUNK])
        if len(rows):
            self._last_s = float(rows["t_end_s"][-1])

    def _told(self) -> np.ndarray:
        """Tasks that have ended, in the order of their ends; and at the end those that have not."""
        state = self._state
        count, state.told_count = state.told_count, 0
        return np.frombuffer(ctypes.string_at(state.told, count * JOB.itemsize) if count else b"", JOB)
