"""Tasks of open arrivals, lived by the hundred: nobody waits for the end of any of them, so they need no event and no object."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from simpy import Event

from sim.agents.workflows import CHAT
from sim.backends.pricing import Price
from sim.columns import TASKS, row_type
from sim.engine.compiled.books import may_keep
from sim.engine.compiled.desk import COMPLETED, STUCK, TwinDesk
from sim.engine.compiled.tables import JOB
from sim.meter.meter import CHUNK
from sim.meter.sums import PARTS, joined, real
from sim.meter.tally import TOKENS
from sim.scenario.scenario import Scenario
from sim.settings.workload import WorkloadKind

AT_ONCE = 512
_ROW = row_type(TASKS)


def by_the_hundred(scenario: Scenario, prices: Sequence[Price]) -> bool:
    """Whether nothing is asked of a task but its row: it is of nobody, its sums are the twin's, and no sub-agent counts in its success."""
    return scenario.workload.kind is WorkloadKind.open and may_keep(scenario, prices) and not scenario.outcome.success_exponent


class BatchDesk(TwinDesk):
    """Takes tasks in, and lives them when there are enough of them, or no more to come."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._nobody = self._clock.event()
        self._jobs = np.zeros(AT_ONCE, JOB)
        self._waiting: list[tuple[int, float]] = []
        self._early = np.zeros(0, _ROW)
        """Rows of tasks that end later than the clock is: others may end before them."""
        self._last_s = 0.0

    def work(self, number: int, user: int) -> Event:
        """Keep a task until its turn comes; of an event that never does."""
        now = self._clock.now
        self._meter.started_tasks += 1
        self._meter.present.come(now)
        self._waiting.append((number, now))
        if len(self._waiting) == AT_ONCE:
            self._live_all()
        return self._nobody

    def close(self) -> None:
        """Live the rest. Without a horizon the run ends with the last of its tasks."""
        self._live_all()
        self._hand_over(math.inf)
        self._clock.back_to(max(self._clock.now, self._last_s))
        super().close()

    def _live_all(self) -> None:
        jobs = self._jobs[: len(self._waiting)]
        if not len(jobs):
            return
        jobs["number"], jobs["t_arrive_s"] = zip(*self._waiting, strict=True)
        self._waiting.clear()
        self._look_for_room()
        self._library.live_all(self._engine, self._world, jobs.ctypes.data, len(jobs))
        self._check()
        self._outlast()
        self._meter.written(self._state.row_count)
        for requests in jobs["requests"].tolist():
            self._office.heard(requests)
        for stuck in jobs[jobs["state"] == STUCK]:
            self._meter.open_tasks.put(int(stuck["number"]), stuck["spent"].copy())
        ended = jobs[jobs["state"] != STUCK]
        self._early = np.concatenate([self._early, self._rows(ended)])
        self._meter.capped += int(ended["capped"].sum())
        for moment in ended["t_end_s"].tolist():
            self._meter.present.go(moment)
        self._hand_over(self._clock.now)

    def _rows(self, jobs: np.ndarray) -> np.ndarray:
        rows = np.zeros(len(jobs), _ROW)
        rows["task"] = jobs["number"]
        for name in ("t_arrive_s", "t_end_s", "thinking_s", "agents"):
            rows[name] = jobs[name]
        rows["kind"] = np.where(jobs["chats"], CHAT, self._kind)
        rows["tries"] = 1
        rows["finished"] = jobs["state"] == COMPLETED
        rows["success"] = [self._succeeds(job) for job in jobs]
        for name, sums in zip(("calls", *TOKENS), jobs["spent"].T, strict=False):
            rows[name] = sums
        rows["cost_usd"] = [real(joined(parts)) for parts in jobs["spent"][:, -PARTS:].tolist()]
        return rows

    def _succeeds(self, job: Any) -> bool:
        """As `Desk` judges: completed, right and in time."""
        if job["state"] != COMPLETED or not self._office.outcome.in_time(job["t_end_s"] - job["t_arrive_s"] - job["thinking_s"]):
            return False
        quality, outcome = self._backends[job["backend"]].quality, self._office.outcome
        if quality is None:
            return True
        return outcome.score(float(job["u_difficulty"]), float(job["u_score"])) < outcome.chance(quality, int(job["turn"]) + 1)

    def _hand_over(self, until: float) -> None:
        """Rows of tasks that end before `until`, in the order of their ends."""
        rows = self._early[np.argsort(self._early["t_end_s"], kind="stable")]
        before, self._early = np.split(rows, [np.searchsorted(rows["t_end_s"], until)])
        for at in range(0, len(before), CHUNK):
            self._meter.add_tasks(before[at : at + CHUNK])
        if len(before):
            self._last_s = float(before["t_end_s"][-1])
