"""Tasks of open arrivals, lived by the thousand: nobody waits for the end of any of them, so they need no event and no object."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.agents.workflows import CHAT
from sim.backends.pricing import Price
from sim.columns import TASKS, row_type
from sim.engine.compiled.books import tells_all
from sim.engine.compiled.desk import COMPLETED, STUCK, TwinDesk
from sim.engine.compiled.tables import JOB
from sim.meter.meter import CHUNK
from sim.meter.sums import PARTS, reals
from sim.meter.tally import TOKENS
from sim.sampling.decisions import GAPS
from sim.scenario.scenario import Scenario
from sim.settings.workload import WorkloadKind
from sim.workload.arrivals import GAPS_PER_PAGE

AT_ONCE = 2048
_ROW = row_type(TASKS)
_SURELY = 1e-9
"""Two chances that differ by more are told apart by the twin's scores, whatever their last bits."""


def by_the_thousand(scenario: Scenario, prices: Sequence[Price]) -> bool:
    """Whether nothing is asked of a task but its row, and it is of nobody."""
    return scenario.workload.kind is WorkloadKind.open and tells_all(scenario, prices)


class BatchDesk(TwinDesk):
    """Takes tasks in as they come (`sim.workload.arrivals.TakesMany`), and lives them at once."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._jobs = np.zeros(AT_ONCE, JOB)
        self._early = np.zeros(0, _ROW)
        """Rows of tasks that end later than others come: they may end before them."""
        self._last_s = 0.0

    def gaps(self, first_page: int, pages: int) -> np.ndarray:
        """As `sim.workload.arrivals` draws them."""
        found = np.empty(pages * GAPS_PER_PAGE)
        self._library.gaps(self._world, self._tables.gap, GAPS.purpose, first_page, pages, GAPS_PER_PAGE, found.ctypes.data)
        return found

    def work_all(self, numbers: np.ndarray, moments: np.ndarray) -> None:
        """Live those that come before the run ends."""
        before_end = int(np.searchsorted(moments, self._horizon_s))
        for at in range(0, before_end, AT_ONCE):
            until = min(at + AT_ONCE, before_end)
            self._live_all(numbers[at:until], moments[at:until])

    def close(self) -> None:
        """Without a horizon the run ends with the last of its tasks."""
        self._hand_over(math.inf)
        self._clock.back_to(max(self._clock.now, self._last_s))
        super().close()

    def _live_all(self, numbers: np.ndarray, moments: np.ndarray) -> None:
        jobs = self._jobs[: len(numbers)]
        self._meter.started_tasks += len(jobs)
        self._meter.present.come_all(moments)
        jobs["number"], jobs["t_arrive_s"] = numbers, moments
        self._look_for_room()
        self._library.live_all(self._engine, self._world, jobs.ctypes.data, len(jobs))
        self._take_rows()
        self._early = np.concatenate([self._early, self._take(jobs)])
        self._hand_over(float(moments[-1]))

    def _take(self, jobs: np.ndarray) -> np.ndarray:
        """What has become of tasks; returns the rows of those that have ended."""
        meter = self._meter
        for requests, tasks in zip(*np.unique(jobs["requests"], return_counts=True), strict=True):
            meter.heard(int(requests), int(tasks))
        for stuck in jobs[jobs["state"] == STUCK]:
            meter.open_tasks.put(int(stuck["number"]), stuck["spent"].copy())
        ended = jobs[jobs["state"] != STUCK]
        meter.capped += int(ended["capped"].sum())
        meter.present.go_all(ended["t_end_s"])
        return self._rows(ended)

    def _rows(self, jobs: np.ndarray) -> np.ndarray:
        rows = np.zeros(len(jobs), _ROW)
        rows["task"] = jobs["number"]
        for name in ("user", "t_arrive_s", "t_end_s", "thinking_s", "agents"):
            rows[name] = jobs[name]
        rows["kind"] = np.where(jobs["chats"], CHAT, self._kind)
        rows["tries"] = 1
        rows["finished"] = jobs["state"] == COMPLETED
        rows["success"] = self._judged(jobs)
        for name, sums in zip(("calls", *TOKENS), jobs["spent"].T, strict=False):
            rows[name] = sums
        rows["cost_usd"] = reals(jobs["spent"][:, -PARTS:])
        return rows

    def _judged(self, jobs: np.ndarray) -> np.ndarray:
        """As `Desk` judges: completed, right and in time."""
        outcome, scores = self._office.outcome, np.empty(len(jobs))
        self._library.scores(jobs.ctypes.data, len(jobs), outcome.common, outcome.own, scores.ctypes.data)
        tried, place = np.unique(jobs["backend"] << 32 | jobs["turn"], return_inverse=True)
        chances = [self._chance(each >> 32, each & 0xFFFFFFFF) for each in tried.tolist()]
        chance = np.array(chances)[place]
        right = scores < chance
        for near in np.flatnonzero(~(np.abs(scores - chance) > _SURELY)).tolist():
            right[near] = outcome.score(float(jobs["u_difficulty"][near]), float(jobs["u_score"][near])) < chance[near]
        if outcome.settings.deadline_s is not None:
            right &= jobs["t_end_s"] - jobs["t_arrive_s"] - jobs["thinking_s"] <= outcome.settings.deadline_s
        found: np.ndarray = right & (jobs["state"] == COMPLETED)
        return found

    def _chance(self, backend: int, turn: int) -> float:
        """That a try whose last turn was this one succeeds; more than any score where nobody knows."""
        quality = self._backends[backend].quality
        return math.inf if quality is None else self._office.outcome.chance(quality, turn + 1)

    def _hand_over(self, until: float) -> None:
        """Rows of tasks that end before `until`, in the order of their ends."""
        rows = self._early[np.argsort(self._early["t_end_s"], kind="stable")]
        before, self._early = np.split(rows, [np.searchsorted(rows["t_end_s"], until)])
        for at in range(0, len(before), CHUNK):
            self._meter.add_tasks(before[at : at + CHUNK])
        if len(before):
            self._last_s = float(before["t_end_s"][-1])
