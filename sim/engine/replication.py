"""One replication of a scenario: build the world, turn the clock."""

from __future__ import annotations

import dataclasses
import functools
import gc
import hashlib
import math
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import simpy

from sim.agents.agent import Office
from sim.agents.profile import Profile
from sim.backends.admission import DoorBackend, SharedDoorBackend, needs_door
from sim.backends.service import Backend, after
from sim.backends.sharing import SharedBackend
from sim.clock import Clock
from sim.engine.dispatch import Dispatch
from sim.engine.lookahead import Lookahead, may_look_ahead
from sim.errors import ConfigError
from sim.logs.trace import EXCERPT, Session, read_trace
from sim.meter import laws
from sim.meter.calllog import CallLog, merged
from sim.meter.meter import LineFormedError, Meter
from sim.meter.tally import Tally
from sim.router.router import Router
from sim.sampling.distributions import distribution, whole
from sim.sampling.streams import Streams
from sim.scenario.scenario import CONF, Scenario
from sim.scenario.shards import Shard, dealt
from sim.settings.agent import Log, Warmup, WorkloadKind
from sim.settings.budget import Ledger
from sim.settings.outcome import Outcome
from sim.statistics import mser5
from sim.workload.sources import Workload

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

    @property
    def calls(self) -> np.ndarray:
        """All logged rows (`sim.columns.CALLS`, without the replication) at once."""
        return self.log.read()


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
    with _no_garbage_collection():
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


def _replicate(scenario: Scenario, index: int, shard: Shard, progress: Progress | None, cut_s: float) -> Replication:
    """Look ahead where no line can form; where one might, as long as none does, or else start again with the clock in charge."""
    if not may_look_ahead(scenario):
        return _run(scenario, index, shard, progress, cut_s, lookahead=False)
    told = 0

    def tell(calls: int) -> None:
        nonlocal told
        told += calls
        if progress is not None:
            progress(calls)

    if not (_lines and _key(scenario) in _lines):
        try:
            return _run(scenario, index, shard, tell, cut_s, lookahead=True)
        except LineFormedError:
            _lines.add(_key(scenario))
            tell(-told)
    return _run(scenario, index, shard, tell, cut_s, lookahead=False)


def _run(scenario: Scenario, index: int, shard: Shard, progress: Progress | None, cut_s: float, *, lookahead: bool) -> Replication:
    clock = Clock()
    env = Clock() if lookahead else clock
    streams = Streams(scenario.seed, index)
    backends = _backends(scenario, env, shard)
    horizon_s = scenario.horizon_s or math.inf
    meter = Meter(clock, backends, scenario.log, scenario.log_sample, horizon_s, progress, cut_s, lookahead)
    if cut_s:
        after(clock, cut_s, lambda event: meter.warmed_up())
    router = Router(scenario.router, backends, scenario.agent, scenario.outcome, streams)
    budgets = scenario.all_budgets()
    ledger = Ledger(budgets) if router.learn is not None or any(budget.usd is not None for budget in budgets) else None
    if lookahead:
        dispatch: Dispatch = Lookahead(env, streams, router, scenario.retry, meter, horizon_s)
    else:
        dispatch = Dispatch(env, streams, router, scenario.retry, meter, ledger)
    office = _office(scenario, env, streams, dispatch, meter)
    sessions = _sessions(scenario) if scenario.workload.kind is WorkloadKind.trace else ()
    Workload(scenario.workload, office, meter, dispatch, clock, shard, sessions, horizon_s).start()
    try:
        clock.run(until=scenario.horizon_s)
    except struct.error:
        raise ConfigError(f"a call of more than {2**32 - 1:,} tokens: a distribution's tail is too long (add high: to it)") from None
    whole_run = meter.close(clock.now, dispatch.requested)
    laws.check(whole_run, _world(clock.now, meter, dispatch, backends))
    calls, tasks = meter.logged()
    return Replication(index, meter.kept(whole_run), calls, tasks, list(meter.paths), shard.number)


def _world(ended_s: float, meter: Meter, dispatch: Dispatch, backends: list[Backend]) -> laws.World:
    return laws.World(
        ended_s=ended_s,
        tasks=meter.present,
        open_sums=meter.open_sums(),
        in_service=[backend.busy for backend in backends],
        in_line=[len(backend.line) for backend in backends],
        trying_again=dispatch.trying_again,
        slots=meter.slots,
        most_in_service=[occupancy.most for occupancy in meter.occupancy],
    )


def _backends(scenario: Scenario, env: simpy.Environment, shard: Shard) -> list[Backend]:
    start = scenario.start_time()
    door = scenario.retry.patience_s is not None or scenario.workload.urgent_share > 0
    made: list[Backend] = []
    for index, (name, model) in enumerate(scenario.chosen().items()):
        settings = dealt(dataclasses.replace(model, fee=max(model.fee, scenario.router.fee)), shard)
        if scenario.batch:
            made.append(Backend(env, index, name, settings, start, batch=True))
        else:
            made.append(_KINDS[door or needs_door(settings), settings.decode_slowdown > 0](env, index, name, settings, start))
    return made


_KINDS: dict[tuple[bool, bool], Callable[..., Backend]] = {
    (False, False): Backend,
    (False, True): SharedBackend,
    (True, False): DoorBackend,
    (True, True): SharedDoorBackend,
}
"""By (has a door, decoding is shared); the batch queue has neither."""


def _office(scenario: Scenario, env: Clock, streams: Streams, dispatch: Dispatch, meter: Meter) -> Office:
    agent = scenario.agent
    return Office(
        env=env,
        streams=streams,
        send=dispatch.send,
        choose=dispatch.choose,
        assign=dispatch.assign,
        enroll=meter.enroll,
        settings=agent,
        report_tokens=whole(distribution(agent.report_tokens), 0),
        lead=Profile(agent, 0),
        worker=Profile(agent.worker, 1),
        verifier=Profile(agent.tries.verifier or agent.worker, 2),
        chat=Profile(scenario.matched_chat, 3),
        outcome=Outcome(scenario.outcome),
    )


@functools.lru_cache(maxsize=2)
def _read_trace(path: str, limit: int | None) -> list[Session]:
    return read_trace(path, limit)


def _sessions(scenario: Scenario) -> list[Session]:
    return _read_trace(trace_file(scenario), scenario.workload.trace_sessions)


def trace_file(scenario: Scenario) -> str:
    """Where a recorded workload is."""
    return str(CONF / "trace" / "excerpt.csv") if scenario.workload.trace == EXCERPT else scenario.workload.trace


def check_trace(scenario: Scenario) -> None:
    """Raise `DataError` for a trace that cannot be read, `ConfigError` for one that does not fit.

    A recorded prompt longer than a backend's window would end its session there, which would look cheap.
    """
    if scenario.workload.kind is not WorkloadKind.trace:
        return
    longest = max(call.input_tokens for session in _sessions(scenario) for agent in session.agents for call in agent.calls)
    for name, backend in scenario.chosen().items():
        if longest > backend.context_window_tokens:
            raise ConfigError(
                f"workload.trace: its longest prompt, {longest:,} tokens, does not fit the context window of {name}, "
                f"{backend.context_window_tokens:,} (market.models.{name}.context_window_tokens)"
            )


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Nothing of a run is freed before its end, so collecting only costs time (up to half of it).

    Then its world, a few megabytes of cycles that a collector rarely looks at, is collected while what was there before
    is still frozen: quick, and without it each replication in a process would leave them behind.
    """
    enabled = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        gc.unfreeze()
        if enabled:
            gc.enable()
