"""A quick simulation of a scenario: the same settings, as many of its tasks and runs as about half a second of a core takes."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

from sim.engine.recorded import sessions_of
from sim.engine.replicate import replicate
from sim.engine.replication import Replication
from sim.results.result import Result
from sim.scenario.coupling import may_look_ahead
from sim.scenario.scenario import Scenario
from sim.settings.run import Log, Warmup
from sim.settings.workload import WorkloadKind
from sim.theory.expected.effort import CALL_S, TASK_S, WORLD_S

SECONDS = 0.5
"""Of a core, reckoned by `sim.theory.expected.effort`, so that the same scenario is cut in the same place on any machine."""
FIRST = 20
"""Tasks that say how many calls a task takes."""
MOST_RUNS = 200
FEW = 8
"""Runs that a stream of tasks is cut into."""


class Quick(NamedTuple):
    """What was simulated."""

    result: Result
    whole: bool
    """Whether it is all of the scenario's work, once or more often; else only its first tasks."""
    independent: bool
    """Whether tasks have nothing to do with one another."""
    steady: bool
    """Whether any task could be the first: a run may hold the workload several times."""


def quick(scenario: Scenario) -> Quick:
    """Simulate a checked scenario in part. Raises `SimError`."""
    plain: Any = {
        "replications": 1, "precision": None, "processes": 1, "shards": 1, "shards_run": None, "yes": True, "log": Log.sample,
        "log_sample": 10**9,
    }  # fmt: skip
    scenario = dataclasses.replace(scenario, **plain)
    alone = may_look_ahead(scenario)
    found, cut = _run(scenario, FIRST, alone)
    each_s = (_cost_s(found) - WORLD_S) / max(1, found.tally.started_tasks)
    most = max(FIRST, int((SECONDS - WORLD_S) / max(each_s, TASK_S)))
    if alone and _steady(scenario):
        streams = _streams(scenario, most)
        if not any(each.line_formed for each in streams.replications):
            whole = (streams.scenario.workload.tasks or 0) >= (scenario.workload.tasks or 0)
            return Quick(streams, whole, independent=True, steady=True)
    if cut:
        found, cut = _run(scenario, most, alone)
    runs = 1 if cut else max(1, min(MOST_RUNS, int(SECONDS / _cost_s(found))))
    scenario = dataclasses.replace(scenario, replications=runs)
    every = [found, *(replicate(scenario, number, in_line=found.line_formed) for number in range(1, runs))]
    return Quick(Result(scenario, every), not cut, alone and not any(each.line_formed for each in every), steady=False)


def _streams(scenario: Scenario, most: int) -> Result:
    """So many tasks in a few runs: each of the workload, once where that makes a few, more often where it is shorter, or of its start.

    Of several replications, since one may be an odd one, and of those that a run begins with: they are among its own.
    """
    tasks, fewest = scenario.workload.tasks or 1, max(1, most // FEW)
    each = tasks if fewest <= tasks <= most else max(1, fewest // tasks) * tasks if tasks < fewest else fewest
    runs = max(1, most // each)
    scenario = dataclasses.replace(scenario, replications=runs, workload=dataclasses.replace(scenario.workload, tasks=each))
    every: list[Replication] = []
    for number in range(runs):
        every.append(replicate(scenario, number))
        if every[-1].line_formed:
            break
    return Result(scenario, every)


def _steady(scenario: Scenario) -> bool:
    """Whether a task that comes later is no other than one that comes first."""
    once = scenario.horizon_s is None and scenario.warmup is Warmup.none
    once = once and not scenario.events
    return once and scenario.workload.kind is WorkloadKind.open and not any(each.windows for each in scenario.chosen().values())


def _cost_s(run: Replication) -> float:
    return CALL_S * run.tally.calls + TASK_S * run.tally.started_tasks + WORLD_S


def _run(scenario: Scenario, tasks: int, alone: bool) -> tuple[Replication, bool]:
    """So many tasks of a replication, or all of it; and whether any were left out."""
    work = scenario.workload
    if work.kind is WorkloadKind.trace:
        every = len(sessions_of(scenario))
        changed: dict[str, Any] = {"trace_sessions": min(tasks, every)}
        all_of_it: int | None = every
    elif work.kind is WorkloadKind.open:
        changed = {"tasks": tasks if work.tasks is None else min(tasks, work.tasks)}
        all_of_it = work.tasks
    else:
        each = max(1, tasks // work.users)
        each = each if work.tasks_per_user is None else min(each, work.tasks_per_user)
        users = min(work.users, max(1, tasks)) if alone else work.users  # users who share a line are as many as they are
        changed = {"tasks_per_user": each, "users": users}
        all_of_it = None if work.tasks_per_user is None else work.users * work.tasks_per_user
    found = replicate(dataclasses.replace(scenario, workload=dataclasses.replace(work, **changed)), 0)
    taken = changed.get("users", 1) * (changed.get("tasks") or changed.get("trace_sessions") or changed.get("tasks_per_user"))
    came = found.tally.started_tasks + found.tally.left_out
    return found, came >= taken and (all_of_it is None or taken < all_of_it)
