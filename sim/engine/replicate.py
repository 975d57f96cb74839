"""One replication, shard by shard: how many shards, each run, how often a line forms, one whole out of them."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Callable, Iterator

import numpy as np

from sim.engine.compiled.desk import BeyondError
from sim.engine.compiled.library import chosen
from sim.engine.replication import Parts, Progress, Replication
from sim.engine.world import World, no_garbage_collection
from sim.meter.meter import LineFormedError
from sim.scenario.coupling import may_look_ahead, own_code
from sim.scenario.custom import blamed, exits_told, quiet_about
from sim.scenario.scenario import Scenario
from sim.scenario.shards import Shard
from sim.settings.run import Log, Warmup
from sim.statistics import mser5


def replicate(scenario: Scenario, index: int, progress: Progress | None = None, *, step_by_step: bool = False) -> Replication:
    """Run one replication in this process, one shard of it after another, and leave nothing of its world behind.

    `step_by_step`: through every event of the clock, even where tasks could be worked off ahead of it: the same bits, slower.
    """
    parts = Parts(scenario)
    for number in range(shards_of(scenario)):
        part = replicate_shard(scenario, index, number, progress, step_by_step=step_by_step)
        step_by_step |= part.line_formed
        parts.take(part)
    return parts.joined()


def shards_of(scenario: Scenario) -> int:
    """How many of its shards are run."""
    return scenario.shards_run or scenario.shards


def replicate_shard(
    scenario: Scenario, index: int, number: int, progress: Progress | None = None, *, step_by_step: bool = False
) -> Replication:
    """Run one shard of a replication in this process.

    Tasks are worked off ahead of the clock where no line can form; where one might, as long as none does: then the shard starts
    again step by step, and says so (`Replication.line_formed`).
    """
    cut_s, shard = cut_of(scenario), Shard(number, scenario.shards)
    told = 0

    def tell(calls: int) -> None:
        nonlocal told
        told += calls
        if progress is not None:
            progress(calls)

    with no_garbage_collection(), _users_code_named(scenario):
        if step_by_step or not may_look_ahead(scenario):
            return World(scenario, index, shard, progress, cut_s).run()
        try:
            return _ahead(scenario, index, shard, tell, cut_s)
        except LineFormedError:
            tell(-told)
        return World(scenario, index, shard, tell, cut_s).run()._replace(line_formed=True)


def _ahead(scenario: Scenario, index: int, shard: Shard, tell: Callable[[int], None], cut_s: float) -> Replication:
    """Ahead of the clock: by the compiled twin where it covers the scenario, and else by agents that run ahead."""
    told = 0

    def counted(calls: int) -> None:
        nonlocal told
        told += calls
        tell(calls)

    twin = chosen(scenario)
    if twin is not None:
        try:
            return World(scenario, index, shard, counted, cut_s, lookahead=True, twin=twin).run()
        except BeyondError:
            tell(-told)
    return World(scenario, index, shard, tell, cut_s, lookahead=True).run()


@contextlib.contextmanager
def _users_code_named(scenario: Scenario) -> Iterator[None]:
    """What a policy or a workflow of the user's raises is one line with its file and line."""
    own = own_code(scenario)
    try:
        with exits_told() if own else contextlib.nullcontext():
            yield
    except BaseException as error:
        if own:
            quiet_about(own)
        told = blamed(error, own)
        if told is None:
            raise
        raise told from error


PILOT = 10_000
"""Number of the replication that says how long the warm-up is: beyond all that count."""
_CUTS_KEPT = 64
_cuts: dict[str, float] = {}
"""What the latest pilots have said, by the digest of their settings."""


def cut_of(scenario: Scenario) -> float:
    """The second from which on a run counts; with warmup=mser5 the arrival of the first task that MSER-5 keeps in a pilot run."""
    if scenario.warmup is not Warmup.mser5:
        return scenario.warmup_s
    key = hashlib.sha1(scenario.as_text().encode(), usedforsecurity=False).hexdigest()
    if key not in _cuts:
        pilot = dataclasses.replace(scenario, warmup=Warmup.none, log=Log.sample, log_sample=10**9)
        tasks = np.sort(replicate_shard(pilot, PILOT, 0).tasks, order=["t_arrive_s", "task"])
        first = mser5(tasks["t_end_s"] - tasks["t_arrive_s"] - tasks["thinking_s"])
        if len(_cuts) == _CUTS_KEPT:
            del _cuts[next(iter(_cuts))]
        _cuts[key] = float(tasks["t_arrive_s"][first]) if first else 0.0
    return _cuts[key]
