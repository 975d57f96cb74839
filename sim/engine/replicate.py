"""One replication, shard by shard: how many shards, each run, how often a line forms, one whole out of them."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from sim.engine.compiled.desk import BeyondError
from sim.engine.compiled.library import Library, chosen
from sim.engine.replication import Parts, Progress, Replication
from sim.engine.world import World, no_garbage_collection
from sim.meter.meter import LineFormedError
from sim.scenario.coupling import own_code, ways
from sim.scenario.custom import blamed, exits_told, quiet_about
from sim.scenario.scenario import Scenario
from sim.scenario.shards import Shard
from sim.settings.run import Log, Warmup
from sim.settings.workload import WorkloadKind
from sim.statistics import mser5


def replicate(
    scenario: Scenario, index: int, progress: Progress | None = None, *, step_by_step: bool = False, in_line: bool = False
) -> Replication:
    """Run one replication in this process, one shard of it after another, and leave nothing of its world behind.

    `step_by_step`: through every event of SimPy's clock, even where there is a faster way: the same bits, slower. `in_line`: it is
    known that a line forms in it, so nothing is tried ahead of the clock.
    """
    parts = Parts(scenario)
    for number in range(shards_of(scenario)):
        part = replicate_shard(scenario, index, number, progress, step_by_step=step_by_step, in_line=in_line)
        in_line |= part.line_formed
        parts.take(part)
    return parts.joined()


def shards_of(scenario: Scenario) -> int:
    """How many of its shards are run."""
    return scenario.shards_run or scenario.shards


def replicate_shard(
    scenario: Scenario, index: int, number: int, progress: Progress | None = None, *, step_by_step: bool = False, in_line: bool = False
) -> Replication:
    """Run one shard of a replication in this process.

    Tasks are worked off ahead of the clock where no line can form; where one might, as long as none does: then the shard starts
    again on the clock, and says so (`Replication.line_formed`). `step_by_step`, `in_line`: as in `replicate`.
    """
    cut_s, shard = cut_of(scenario), Shard(number, scenario.shards)
    told = 0

    def tell(calls: int) -> None:
        nonlocal told
        told += calls
        if progress is not None:
            progress(calls)

    with no_garbage_collection(), _users_code_named(scenario):
        if step_by_step:
            return World(scenario, index, shard, progress, cut_s).run()
        alone, left = ways(scenario)
        if in_line or not alone:
            return _on_clock(scenario, index, shard, tell, cut_s, left)
        if scenario.workload.kind is WorkloadKind.users and chosen(scenario, on_clock=True, left=left):  # ahead of it they live one by one
            found = _on_clock(scenario, index, shard, tell, cut_s, left)
            return found._replace(line_formed=bool(found.tally.waited_units.any()))
        try:
            return _ahead(scenario, index, shard, tell, cut_s, left)
        except LineFormedError:
            tell(-told)
        return _on_clock(scenario, index, shard, tell, cut_s, left)._replace(line_formed=True)


def _ahead(scenario: Scenario, index: int, shard: Shard, tell: Callable[[int], None], cut_s: float, left: Sequence[str]) -> Replication:
    """Ahead of the clock: by the compiled twin where it covers the scenario, and else by agents that run ahead."""
    anew = partial(World, scenario, index, shard, cut_s=cut_s, lookahead=True)
    return _by_twin(chosen(scenario, left=left), anew, tell) or anew(tell).run()


def _on_clock(scenario: Scenario, index: int, shard: Shard, tell: Callable[[int], None], cut_s: float, left: Sequence[str]) -> Replication:
    """Where calls meet: on the twin's clock, or on SimPy's."""
    anew = partial(World, scenario, index, shard, cut_s=cut_s)
    return _by_twin(chosen(scenario, on_clock=True, left=left), anew, tell) or anew(tell).run()


def _by_twin(twin: Library | None, world: Callable[..., World], tell: Callable[[int], None]) -> Replication | None:
    """What the compiled twin makes of a world; None where there is none, or numbers come up that it does not hold."""
    told = 0

    def counted(calls: int) -> None:
        nonlocal told
        told += calls
        tell(calls)

    try:
        return None if twin is None else world(progress=counted, twin=twin).run()
    except BeyondError:
        tell(-told)
        return None


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
