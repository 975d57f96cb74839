"""The world of one shard: every object that a run needs, built complete; turned until its end, its laws checked."""

from __future__ import annotations

import gc
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial

from sim.agents.agent import Office
from sim.agents.profile import Profile, stages_of
from sim.backends.build import backends_of, blueprints
from sim.call import BATCH
from sim.clock import Clock, after
from sim.engine.compiled.batch import BatchDesk, by_the_thousand
from sim.engine.compiled.desk import BeyondError, TwinDesk
from sim.engine.compiled.library import Library, chosen
from sim.engine.compiled.lines import LineDesk
from sim.engine.desk import Desk
from sim.engine.dispatch import Dispatch
from sim.engine.ledger import Ledger, RecordedLedger, needs_ledger
from sim.engine.lookahead import Lookahead
from sim.engine.pilot import pilot
from sim.engine.recorded import sessions_of
from sim.engine.replication import Progress, Replication
from sim.engine.seats.seats import Seats
from sim.engine.seats.units import ReservedUnits
from sim.engine.shown import Shown
from sim.errors import ConfigError
from sim.meter import laws
from sim.meter.meter import Meter
from sim.meter.tally import Tally
from sim.router.router import Router
from sim.sampling.distributions import distribution, whole
from sim.sampling.streams import Streams
from sim.scenario.coupling import may_look_ahead, own_code
from sim.scenario.scenario import Scenario
from sim.scenario.shards import Shard
from sim.settings.agent import AgentKind
from sim.success import SuccessModel
from sim.theory.expected.forecast import Forecast
from sim.usage import Paid
from sim.workload.sources import Source


class World:
    """Everything that one shard of one replication consists of, each part complete when it is made."""

    def __init__(
        self, scenario: Scenario, index: int, shard: Shard, progress: Progress | None = None, cut_s: float = 0.0, *,
        lookahead: bool = False, twin: Library | None = None, streams: Streams | None = None,
    ) -> None:  # fmt: skip
        """What counts begins at `cut_s`. With `lookahead` tasks are worked off ahead of the clock (`sim.engine.lookahead`), with a `twin`
        by that (`sim.engine.compiled`), on its clock where there is no lookahead.

        `streams`: other random numbers than those of the scenario's seed, which a twin does not take.
        """
        self.scenario = scenario
        self._index = index
        self._shard = shard
        self.clock = clock = Clock()
        env = Clock() if lookahead else clock
        streams = streams or Streams(scenario.seed, index)
        horizon_s = scenario.horizon_s or math.inf
        sessions = sessions_of(scenario)
        some_batch = any(call.tier == BATCH for session in sessions for agent in session.agents for call in agent.calls)
        plans = blueprints(scenario, shard, some_batch=some_batch)
        prices, slots = [plan.price for plan in plans], [plan.slots for plan in plans]
        priced = needs_ledger(scenario, some_batch)
        self.meter = Meter(
            clock, prices, slots, scenario.log, scenario.log_sample, horizon_s, progress, cut_s, lookahead=lookahead, priced=priced,
            stages=scenario.stages_counted(), team_of=scenario.workload.team_of,
        )  # fmt: skip
        keep = RecordedLedger if scenario.as_billed or some_batch else Ledger
        seats = Seats(scenario.plan, horizon_s) if scenario.plan.name else None
        reserved = {plan.number: plan.settings.reserved for plan in plans if plan.settings.reserved.units}
        units = ReservedUnits(reserved, horizon_s, cut_s) if reserved else None
        self.ledger = keep(scenario.all_budgets(), prices, self.meter, clock, scenario.start_time(), seats, units) if priced else None
        recorder = self.ledger or self.meter
        self.backends = backends_of(scenario, plans, env, recorder, unlimited=lookahead)
        self._shown = Shown(scenario, self.backends) if own_code(scenario) else None
        self._paid_before = [Paid() for _ in plans]
        if cut_s:
            after(clock, cut_s, lambda event: self._warmed_up())
        self.router = Router(scenario.router, self.backends, scenario.agent, scenario.outcome, streams, self._reckoned)
        if lookahead:
            self.dispatch: Dispatch = Lookahead(env, streams, self.router, scenario.retry, recorder, horizon_s)
        else:
            self.dispatch = Dispatch(env, streams, self.router, scenario.retry, recorder, self.ledger)
        office = _office(scenario, env, streams, self.dispatch, self.meter)
        twins = (BatchDesk if by_the_thousand(scenario, prices) else TwinDesk) if lookahead else LineDesk
        sit = Desk if twin is None else partial(twins, library=twin, scenario=scenario, index=index, backends=self.backends)
        self.desk: Desk = sit(scenario.workload, office, self.meter, self.dispatch, clock, horizon_s)
        work, replay = self.desk.work, self.desk.replay
        many = self.desk if isinstance(self.desk, BatchDesk) else None
        people = self.desk if isinstance(self.desk, LineDesk) else None
        self.source = Source(scenario.workload, clock, streams, shard, work, replay, sessions, scenario.start_time(), many, people)

    def _reckoned(self, backend: str, number: int) -> Forecast:
        """What a router expects a task to cost there by one of its price lists: a world of its own says it."""
        return pilot(self.scenario, backend, _turned, number)

    def run(self) -> Replication:
        """Turn the clock to the end, or to the horizon, check the laws, and hand over what is left.

        Raises `LineFormedError` ahead of the clock where calls have to wait, `LawError` where the two sides do not agree.
        """
        tally = self.turn()
        laws.check(tally, self.counters())
        calls, tasks = self.meter.logged()
        kept = replace(self.meter.kept(tally), capacity=tally.capacity)
        return Replication(self._index, kept, calls, tasks, list(self.meter.paths), self._shard.number)

    def turn(self) -> Tally:
        """Turn the clock, and add up what is there then; whatever has not ended is in flight."""
        self.source.start()
        try:
            self.clock.run(until=self.scenario.horizon_s)
        except struct.error:
            raise ConfigError(f"a call of more than {2**32 - 1:,} tokens: a distribution's tail is too long (add high: to it)") from None
        self._check_ended()
        if self._shown is not None:
            self._shown.check()
        self.desk.close()
        fallback = self.router.fallback
        tally = self.meter.close(self.clock.now, self.dispatch.requested, fallback.switches if fallback is not None else None)
        if self.ledger is not None and self.ledger.seats is not None:
            tally.seats = self.ledger.seats.sums
        for backend, before in zip(self.backends, self._paid_before, strict=True):
            tally.capacity.add(backend.index, backend.paid(self.clock.now), before)
        if self.ledger is not None and self.ledger.units is not None:
            tally.capacity = tally.capacity.plus(self.ledger.units.close(self.clock.now))
        return tally

    def _check_ended(self) -> None:
        """Raise `ConfigError` where the clock has stopped, nothing is to come, and agents with a life of the user's still wait."""
        agent, waiting = self.scenario.agent, self.meter.present.count
        if waiting and agent.kind is AgentKind.custom and self.scenario.horizon_s is None and self.ledger is None:
            raise ConfigError(f"agent.workflow={agent.workflow}: {waiting:,} tasks never end: an agent waits for an event that never comes")

    def _warmed_up(self) -> None:
        """Hours count from now on, as calls do."""
        self._paid_before = [backend.paid(self.clock.now) for backend in self.backends]

    def counters(self) -> laws.Counters:
        """What the clock's side has counted by now."""
        return laws.Counters(
            ended_s=self.clock.now,
            tasks=self.meter.present,
            open_sums=self.meter.open_tasks.total(),
            in_service=[backend.slots.taken for backend in self.backends],
            in_line=self.desk.in_line(self.backends),
            trying_again=self.dispatch.trying_again,
            slots=[math.inf if self.scenario.batch or each.settings.slots is None else each.settings.slots for each in self.backends],
            watched=self.meter.slots,
            most_in_service=[occupancy.most for occupancy in self.meter.occupancy],
            servers=[(*each.most_at_once, each.settings.servers) for each in self.backends],
        )


def _turned(scenario: Scenario) -> Tally:
    """What a world by itself adds up to: by the compiled twin, ahead of the clock, or step by step, as it may."""
    ahead = may_look_ahead(scenario)
    twin = chosen(scenario) if ahead else None
    if twin is not None:
        with suppress(BeyondError):
            return World(scenario, 0, Shard(), lookahead=True, twin=twin).turn()
    return World(scenario, 0, Shard(), lookahead=ahead).turn()


def _office(scenario: Scenario, env: Clock, streams: Streams, dispatch: Dispatch, meter: Meter) -> Office:
    agent = scenario.agent
    stages = stages_of(agent)
    return Office(
        env=env,
        streams=streams,
        send=dispatch.send,
        choose=dispatch.choose,
        assign=dispatch.assign,
        client=dispatch,
        enroll=meter.enroll,
        heard=meter.heard,
        settings=agent,
        fanout=whole(distribution(agent.fanout), 1),
        waves=whole(distribution(agent.waves), 1),
        report_tokens=whole(distribution(agent.report_tokens), 0),
        lead=stages[0] if stages else Profile(agent, 0),
        worker=Profile(agent.worker, 1),
        verifier=Profile(agent.tries.verifier or agent.worker, 2),
        chat=Profile(scenario.matched_chat, 3),
        outcome=SuccessModel(scenario.outcome),
        stages=stages,
    )


@dataclass
class _Process:
    """What the collector of this process forgets when objects are frozen: how many have come since it last looked at all of them."""

    come: int = 0
    kept: int = 0

    def look(self) -> None:
        """Collect all, once at most as many have come as there were: what composed a scenario is some 20,000 objects in cycles."""
        young, middle, _ = gc.get_threshold()
        self.come += gc.get_count()[2] * young * middle
        if self.come > max(self.kept, 200_000):
            gc.collect()
            self.come, self.kept = 0, len(gc.get_objects())


_process = _Process()


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Nothing of a run is freed before its end, so collecting only costs time (up to half of it).

    Then its world, a few megabytes of cycles that a collector rarely looks at, is collected while what was there before
    is still frozen: quick, and without it each replication in a process would leave them behind.
    """
    enabled = gc.isenabled()
    if enabled:
        _process.look()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        gc.unfreeze()
        if enabled:
            gc.enable()
