"""One replication of a scenario: build the world, turn the clock."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np

from sim.engine.parts import Parts, Progress, Replication
from sim.engine.world import no_garbage_collection, run_shard
from sim.meter.meter import LineFormedError
from sim.scenario.coupling import may_look_ahead
from sim.scenario.scenario import Scenario
from sim.scenario.shards import Shard
from sim.settings.run import Log, Warmup
from sim.statistics import mser5


def replicate(scenario: Scenario, index: int, progress: Progress | None = None) -> Replication:
    """Run one replication in this process, one shard of it after another, and leave nothing of its world behind."""
    parts = Parts(scenario)
    for number in range(shards_of(scenario)):
        parts.take(replicate_shard(scenario, index, number, progress))
    return parts.joined()


def shards_of(scenario: Scenario) -> int:
    """How many of its shards are run."""
    return scenario.shards_run or scenario.shards


def replicate_shard(scenario: Scenario, index: int, number: int, progress: Progress | None = None) -> Replication:
    """Run one shard of a replication in this process."""
    cut_s = cut_of(scenario)
    with no_garbage_collection():
        return _replicate(scenario, index, Shard(number, scenario.shards), progress, cut_s)


PILOT = 10_000
"""Number of the replication that says how long the warm-up is: beyond all that count."""
_cuts: dict[str, float] = {}
"""What pilots have said, by the digest of their settings."""


def cut_of(scenario: Scenario) -> float:
    """The second from which on a run counts; with warmup=mser5 the arrival of the first task that MSER-5 keeps in a pilot run."""
    if scenario.warmup is not Warmup.mser5:
        return scenario.warmup_s
    key = _key(scenario)
    if key not in _cuts:
        pilot = dataclasses.replace(scenario, warmup=Warmup.none, log=Log.sample, log_sample=10**9)
        tasks = np.sort(replicate_shard(pilot, PILOT, 0).tasks, order=["t_arrive_s", "task"])
        first = mser5(tasks["t_end_s"] - tasks["t_arrive_s"] - tasks["thinking_s"])
        _cuts[key] = float(tasks["t_arrive_s"][first]) if first else 0.0
    return _cuts[key]


_lines: set[str] = set()
"""Digests of the settings under which a line has formed."""


def _key(scenario: Scenario) -> str:
    return hashlib.sha1(repr(scenario).encode(), usedforsecurity=False).hexdigest()


def _replicate(scenario: Scenario, index: int, shard: Shard, progress: Progress | None, cut_s: float) -> Replication:
    """Look ahead where no line can form; where one might, as long as none does, or else start again with the clock in charge."""
    if not may_look_ahead(scenario):
        return run_shard(scenario, index, shard, progress, cut_s, lookahead=False)
    told = 0

    def tell(calls: int) -> None:
        nonlocal told
        told += calls
        if progress is not None:
            progress(calls)

    if not (_lines and _key(scenario) in _lines):
        try:
            return run_shard(scenario, index, shard, tell, cut_s, lookahead=True)
        except LineFormedError:
            _lines.add(_key(scenario))
            tell(-told)
    return run_shard(scenario, index, shard, tell, cut_s, lookahead=False)
