"""Tasks whose calls meet: the twin turns a clock of its own, on which they wait for slots, and are turned away by limits."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np

from sim.engine.compiled.batch import BatchDesk
from sim.engine.compiled.tables import JOB
from sim.sampling.distributions import distribution
from sim.workload.demand import Demand

AT_ONCE = 4096
"""Tasks that end before somebody looks at them."""


AFTER = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double, ctypes.c_double)
"""`Demand.after`"""


class LineDesk(BatchDesk):
    """Takes tasks in, or users who send them, and turns the twin's clock as far as it is known who comes."""

    on_clock = True

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        workload = settings["scenario"].workload
        self._backlog = math.inf if distribution(workload.batch_size).support() != (1.0, 1.0) else workload.backlog
        """Tasks up to this number come together with the one before where they come at the same moment: the others one by one."""
        self._before_s = math.nan
        demand = Demand(workload, settings["scenario"].start_time())
        self._after = AFTER(demand.after)
        if demand.changes:
            self._state.after = ctypes.cast(self._after, ctypes.c_void_p)

    def close(self) -> None:
        """Nobody else comes: turn it to the end."""
        self._library.arrivals(self._engine, self._world, None, 0, False)
        self._turn()
        self._library.left(self._engine)
        self._take_told()
        super().close()

    def begin_users(self, numbers: np.ndarray) -> None:
        """Users who each send a task, wait for its end, and send the next after a while (`sim.workload.sources`)."""
        self._library.users(self._engine, self._world, numbers.ctypes.data, len(numbers))

    def _live_all(self, numbers: np.ndarray, moments: np.ndarray) -> None:
        jobs = self._jobs[: len(numbers)]
        jobs["number"], jobs["t_arrive_s"] = numbers, moments
        together = np.diff(moments, prepend=self._before_s) == 0
        jobs["follows"], self._before_s = together & (numbers < self._backlog), float(moments[-1])
        self._look_for_room()
        self._library.arrivals(self._engine, self._world, jobs.ctypes.data, len(jobs), True)
        self._turn()

    def _turn(self) -> None:
        more = True
        while more:
            self._look_for_room()
            more = self._library.turn(self._engine, self._world, AT_ONCE)
            self._take_rows()
            self._take_told()

    def _take_told(self) -> None:
        """Tasks that have ended, in the order of their ends; and at the end those that have not."""
        state = self._state
        count, state.told_count = state.told_count, 0
        jobs = np.frombuffer(ctypes.string_at(state.told, count * JOB.itemsize) if count else b"", JOB)
        self._meter.started_tasks += len(jobs)
        self._meter.present.come_all(jobs["t_arrive_s"])
        rows = self._take(jobs)
        if len(rows):
            self._meter.add_tasks(rows)
            self._last_s = float(rows["t_end_s"][-1])
