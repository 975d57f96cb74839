"""What one run of the clock leaves (a replication, or a shard of one), and how shards are added."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sim.errors import ConfigError
from sim.meter.calllog import CallLog, merged
from sim.meter.tally import Tally
from sim.scenario.scenario import Scenario

Progress = Callable[[int], object]
"""Told of every chunk: how many more calls have ended."""


class Replication(NamedTuple):
    """What one run of the clock leaves."""

    number: int
    tally: Tally
    log: CallLog
    tasks: np.ndarray
    paths: list[str]
    """Agent paths by the number that stands for them in `calls`."""
    shard: int = 0
    line_formed: bool = False
    """Calls had to wait for a slot, so that it was run twice: other replications had better go step by step at once."""

    @property
    def calls(self) -> np.ndarray:
        """All logged rows (`sim.columns.CALLS`, without the replication) at once."""
        return self.log.read()


class Parts:
    """The shards of one replication, as they come: their sums are added at once, so that only rows pile up."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._parts: list[Replication] = []

    def __len__(self) -> int:
        return len(self._parts)

    def take(self, part: Replication) -> None:
        """One more."""
        tally = self._parts[0].tally.beside(part.tally) if self._parts else part.tally
        part.log.finish()
        self._parts = [each._replace(tally=tally) for each in (*self._parts, part)]

    def joined(self) -> Replication:
        """All that were run, as one replication; rows are in the order in which attempts were served and tasks ended."""
        tally = self._parts[0].tally
        if tally.cut_s and not tally.started_tasks:
            raise ConfigError(f"warmup_s={tally.cut_s:g}: no task comes after it")
        if self._scenario.shards == 1:
            return self._parts[0]
        parts = sorted(self._parts, key=lambda each: each.shard)
        paths: dict[str, int] = {}
        numbers = [np.array([paths.setdefault(path, len(paths)) for path in part.paths], np.uint32) for part in parts]
        tasks = np.concatenate([part.tasks for part in parts])
        tasks = tasks[np.argsort(tasks["t_end_s"], kind="stable")]
        tally = parts[0].tally.standing_for(self._scenario.shards / len(parts))
        return Replication(parts[0].number, tally, merged([part.log for part in parts], numbers), tasks, list(paths))
