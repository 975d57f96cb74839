"""One shard of one replication: build the world, turn the clock, check the laws."""

from __future__ import annotations

import gc
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from sim.agents.agent import Office
from sim.agents.profile import Profile
from sim.backends.build import backends_of
from sim.backends.service import Backend, after
from sim.clock import Clock
from sim.engine.desk import Desk
from sim.engine.dispatch import Dispatch
from sim.engine.ledger import Ledger
from sim.engine.lookahead import Lookahead
from sim.engine.parts import Progress, Replication
from sim.engine.recorded import sessions_of
from sim.errors import ConfigError
from sim.meter import laws
from sim.meter.meter import Meter
from sim.router.router import Router
from sim.sampling.distributions import distribution, whole
from sim.sampling.streams import Streams
from sim.scenario.scenario import Scenario
from sim.scenario.shards import Shard
from sim.settings.outcome import Outcome
from sim.settings.workload import WorkloadKind
from sim.workload.sources import Source


def run_shard(scenario: Scenario, index: int, shard: Shard, progress: Progress | None, cut_s: float, *, lookahead: bool) -> Replication:
    clock = Clock()
    env = Clock() if lookahead else clock
    streams = Streams(scenario.seed, index)
    backends = backends_of(scenario, env, shard)
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
    sessions = sessions_of(scenario) if scenario.workload.kind is WorkloadKind.trace else ()
    desk = Desk(scenario.workload, office, meter, dispatch, clock, horizon_s)
    Source(scenario.workload, clock, streams, shard, desk.work, desk.replay, sessions).start()
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


@contextmanager
def no_garbage_collection() -> Iterator[None]:
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
