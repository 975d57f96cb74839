"""What a task will cost on a backend, as routers weigh it: the simulator itself, on tasks of its own, before the run.

One model of one thing: what a policy weighs is the mean of tasks that are worked off alone on that backend, one try each, at its base
price list, with its errors and retries, its cache and compactions, and neither lines nor limits. They are the same tasks for every backend,
with random numbers of their own: the order of backends is surer than any of the bills.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from sim.call import Role
from sim.meter.histogram import SIZES
from sim.meter.tally import Tally
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentKind
from sim.settings.budget import BudgetSettings
from sim.settings.events.event import lists_over_time
from sim.settings.market import BackendSettings
from sim.settings.population.plan import PlanSettings
from sim.settings.router import RouterSettings
from sim.settings.run import Log, Warmup
from sim.settings.tries import TriesSettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.theory.expected.forecast import Forecast

SEED = 2**62 - 57
"""Of the pilot's random numbers, whatever the seed of the run: nobody knows a draw beforehand."""
START, FEWEST, MOST = 25, 100, 3200
"""Tasks: how many at first, and how many make a standard error that can be trusted; unless calls are too many."""
MOST_CALLS = 60_000
SURE = 0.02
"""Standard error of the mean bill, as a share of it, at which there are enough tasks."""
GAP_S = 60.0
"""Between tasks, where the workload has no such gap of its own: matters to caches that tasks share alone."""
_KEPT = 256
_known: dict[str, Forecast] = {}
"""By the digest of the settings."""


def pilot(scenario: Scenario, backend: str, turn: Callable[[Scenario], Tally], number: int = 0) -> Forecast:
    """A task of the scenario on that backend, by the first of its price lists or a later one; `turn` runs a world and adds it up."""
    world = alone(scenario, backend, number)
    key = hashlib.sha1(world.as_text().encode(), usedforsecurity=False).hexdigest()
    if key not in _known:
        if len(_known) == _KEPT:
            del _known[next(iter(_known))]
        _known[key] = _of(enough(world, turn), world)
    return _known[key]


def alone(scenario: Scenario, backend: str, number: int = 0) -> Scenario:
    """The scenario's work on one backend, with nothing that others could have to do with it."""
    _, listed = lists_over_time(scenario.market.models[backend], scenario.events_of(backend), scenario.start_time())[number]
    model = dataclasses.replace(listed, slots=None, windows=[], **_without_others())
    work = scenario.workload
    plain: Any = dataclasses.replace(work, trace_sessions=None, urgent_share=0.0)
    if work.kind is not WorkloadKind.trace:
        gap_s = work.interarrival_s if work.kind is WorkloadKind.open else GAP_S
        plain = WorkloadSettings(tasks=START, interarrival_s=gap_s)
    return dataclasses.replace(
        scenario, name="", seed=SEED, replications=1, precision=None, processes=1, shards=1, shards_run=None, baseline={}, horizon_s=None,
        warmup=Warmup.none, warmup_s=0.0, log=Log.none, backends=[backend],
        market=dataclasses.replace(scenario.market, models={**scenario.market.models, backend: model}), workload=plain,
        agent=dataclasses.replace(scenario.agent, tries=TriesSettings()), router=RouterSettings(fee=scenario.router.fee),
        retry=dataclasses.replace(scenario.retry, patience_s=None), outcome=dataclasses.replace(scenario.outcome, deadline_s=None),
        budget=BudgetSettings(), budgets={}, events=[], plan=PlanSettings(),
    )  # fmt: skip


def _without_others() -> dict[str, Any]:
    """Settings of a backend by which calls touch those of other tasks, as if they were not set; shared prompts stay."""
    return {
        field.name: field.default
        for field in dataclasses.fields(BackendSettings)
        if field.name != "share_system" and "traits" in field.metadata
        if field.default is not dataclasses.MISSING and not callable(field.metadata["traits"]) and not field.metadata["traits"].alone
    }


def enough(world: Scenario, turn: Callable[[Scenario], Tally]) -> Tally:
    """As many tasks as make the mean bill sure, or as there may be."""
    while True:
        tally, tasks = turn(world), world.workload.tasks
        if world.workload.kind is WorkloadKind.trace or tasks is None or tasks >= MOST:
            return tally
        if 2 * tally.calls > MOST_CALLS or (tasks >= FEWEST and spread(tally) <= SURE):
            return tally
        world = dataclasses.replace(world, workload=dataclasses.replace(world.workload, tasks=2 * tasks))


def spread(tally: Tally) -> float:
    """Standard error of the mean bill of a task, as a share of it."""
    counts = tally.task_cents.counts
    many = int(counts.sum())
    mean = float(counts @ SIZES) / many if many else 0.0
    if not mean or many < 2:
        return 0.0
    return float(np.sqrt(max(0.0, counts @ SIZES**2 / many - mean**2) / many) / mean)


def _of(tally: Tally, world: Scenario) -> Forecast:
    tasks = max(1, tally.tasks)
    answers = int(tally.answers[[Role.chat, Role.agent, Role.lead], 0].sum())
    leads = world.agent.leads if world.agent.kind is AgentKind.orchestrator else 1
    return Forecast(
        usd=tally.task_cost_usd / tasks,
        seconds=tally.task_busy_s / tasks,
        turns=max(1.0, answers / tasks / leads),
        calls=tally.task_calls / tasks,
    )
