"""How much a run will be before it is run: calls, minutes and megabytes, so that nobody waits for what cannot end."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from typing import NamedTuple

from sim.backends.pricing import Price
from sim.errors import ConfigError
from sim.sampling.distributions import distribution
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentKind, mean_count
from sim.settings.market import BackendSettings
from sim.settings.profile import LoopSettings, staff
from sim.settings.run import Log
from sim.settings.tries import Pick
from sim.settings.workload import WorkloadKind
from sim.statistics import FIRST_LOOK
from sim.theory.expected.forecast import Forecast, forecast

MOST_MINUTES = 60
MOST_MEGABYTES = 20_000
"""What takes more than either is asked about (`yes`)."""
CALL_S, TASK_S, WORLD_S = 10e-6, 100e-6, 15e-3
"""Seconds of a core that a call, a task, and a replication or shard take: measured, in the middle of what features cost."""
COMPILED_CALL_S, COMPILED_TASK_S, COMPILED_WORLD_S = 0.8e-6, 10e-6, 6e-3
"""The same by the compiled twin: 0.4 us a call without a log, 0.6 to 1 with one."""
_CALL_BYTES, _TASK_BYTES = 90, 130
"""Of a row, in memory or on disk."""


class Effort(NamedTuple):
    """Of one or more scenarios."""

    calls: float
    minutes: float
    """On the processes that it may use."""
    megabytes: float
    """Of rows of calls and tasks, in memory and on disk."""

    def __str__(self) -> str:
        time = f"{self.minutes:,.0f} minutes" if self.minutes < 300 else f"{self.minutes / 60:,.0f} hours"
        return f"some {self.calls:,.0f} calls, about {time} here and {self.megabytes:,.0f} MB of logs"


def effort(scenario: Scenario, recorded: tuple[int, int] | None = None, *, compiled: bool = False) -> Effort:
    """What a run will take; where nobody knows how much work a task is, the least that it can be.

    `recorded`: sessions and calls of its trace. `compiled`: the compiled twin runs it. A short run is reckoned roughly, in a
    millisecond; a longer one as planners do.
    """
    if recorded:
        return _of(scenario, recorded[0], recorded[1] / max(recorded[0], 1), compiled)
    rough = _of(scenario, *_work(scenario, _roughly(scenario)), compiled)
    if rough.minutes < 1 or scenario.agent.kind.traits(scenario.agent).unsolved:
        return rough
    backend = _first(scenario)
    return _of(scenario, *_work(scenario, forecast(scenario.agent, backend, Price(backend))), compiled)


def _of(scenario: Scenario, tasks: float, each: float, compiled: bool) -> Effort:
    """Of so many tasks a replication, each of so many calls."""
    replications = scenario.replications
    if scenario.precision is not None:
        replications = min(max(replications, FIRST_LOOK), scenario.replications_most)
    run = scenario.shards_run or scenario.shards
    worlds = replications * run
    tasks *= replications * run / scenario.shards
    calls = tasks * each
    call_s, task_s, world_s = (COMPILED_CALL_S, COMPILED_TASK_S, COMPILED_WORLD_S) if compiled else (CALL_S, TASK_S, WORLD_S)
    seconds = calls * call_s + tasks * task_s + worlds * world_s
    kept = {Log.none: (0.0, 0.0), Log.sample: (calls / scenario.log_sample, tasks), Log.full: (calls, tasks)}[scenario.log]
    workers = max(1, min(scenario.processes or os.cpu_count() or 1, worlds))
    return Effort(calls, seconds / 60 / workers, (kept[0] * _CALL_BYTES + kept[1] * _TASK_BYTES) / 1e6)


def check_effort(efforts: Iterable[Effort], what: str = "this") -> None:
    """Raise `ConfigError` for what all of these together would take, where that is more than anybody waits for unasked."""
    every = list(efforts)
    whole = Effort(*(sum(parts) for parts in zip(*every, strict=True))) if every else Effort(0, 0, 0)
    if whole.minutes > MOST_MINUTES or whole.megabytes > MOST_MEGABYTES:
        raise ConfigError(
            f"{what} would take {whole}: --yes (in Python and in files yes=true) goes ahead; "
            "or take fewer tasks or replications, a horizon_s, log=none, or a sample (shards, shards_run)"
        )


def _work(scenario: Scenario, one: Forecast) -> tuple[float, float]:
    """Tasks of a replication, and calls of each, where one try is this."""
    calls = one.calls * _tries(scenario)
    if scenario.horizon_s is not None and one.seconds > scenario.horizon_s:  # its agents are cut off on their way
        calls = max(1.0, calls * scenario.horizon_s / one.seconds)
    share = scenario.workload.chat_share
    each = (1 - share) * calls + share * distribution(scenario.matched_chat.requests).mean
    return _tasks(scenario, one.seconds), each


def _roughly(scenario: Scenario) -> Forecast:
    """One try at a task by the means of its loops, as if they had nothing to do with one another; a call where nobody knows."""
    agent = scenario.agent
    if agent.kind is AgentKind.custom:
        return Forecast(0.0, 0.0, 1.0, 1.0)
    crews: list[tuple[LoopSettings, float]]
    if agent.kind is AgentKind.pipeline:
        crews = [(agent.stages[name], each.agents) for name, each in staff(agent.order, agent.stages).items()]
    elif agent.kind is AgentKind.orchestrator:
        crews = [(agent, float(agent.leads)), (agent.worker, float(agent.helpers))]
    else:
        crews = [(agent, mean_count(agent.fanout) if agent.kind is AgentKind.debate else 1.0)]
    backend = _first(scenario)
    calls = [_turns(loop, agent.kind, backend) for loop, _ in crews]
    timed = zip(crews, calls, strict=True) if scenario.horizon_s is not None else ()  # else it does not matter, and means take time
    seconds = sum(turns * _call_s(loop, backend) for (loop, _), turns in timed)
    return Forecast(0.0, seconds, calls[0], sum(turns * agents for (_, agents), turns in zip(crews, calls, strict=True)))


def _turns(loop: LoopSettings, kind: AgentKind, backend: BackendSettings) -> float:
    means = [distribution(law).mean for law in (loop.turns, loop.turns_scale)]
    multiplier = 1.0 if kind is AgentKind.chat else backend.turn_multiplier
    messages: float = distribution(loop.requests).mean ** (1 - loop.turns_exponent)
    return max(1.0, math.prod(means) * multiplier * messages)


def _call_s(loop: LoopSettings, backend: BackendSettings) -> float:
    output = distribution(loop.output_tokens).mean * distribution(loop.output_scale).mean * backend.verbosity
    decode_s = output / backend.decode_tokens_per_s if backend.decode_tokens_per_s else 0.0
    return backend.network_rtt_s + backend.ttft_s + decode_s + distribution(loop.tool_time_s).mean


def _first(scenario: Scenario) -> BackendSettings:
    return scenario.chosen()[scenario.backends[0]]


def _tasks(scenario: Scenario, seconds: float) -> float:
    """How many come in a replication; `seconds` a task keeps its user busy, where a user's next one comes after it."""
    workload, horizon_s = scenario.workload, scenario.horizon_s
    if workload.kind is WorkloadKind.users:
        most = math.inf if workload.tasks_per_user is None else workload.tasks_per_user
        lap_s = distribution(workload.session_gap_s).mean + seconds
        within = math.inf if horizon_s is None or not lap_s else 1 + horizon_s / lap_s
        return workload.users * min(most, within)
    gap_s = distribution(workload.interarrival_s).mean
    come = horizon_s / gap_s * distribution(workload.batch_size).mean if horizon_s is not None and gap_s else math.inf
    return min(come if workload.tasks is None else workload.tasks, come + workload.backlog)


def _tries(scenario: Scenario) -> float:
    """Tries at a task that is as hard as the average one: fewer than are made at tasks that differ."""
    tries = scenario.agent.tries
    if tries.parallel or tries.pick is not Pick.accepted:
        return tries.most
    quality = _first(scenario).quality
    right = 1.0 if quality is None else quality
    accepted = right * tries.true_positive + (1 - right) * tries.false_positive
    return tries.most if accepted <= 0 else (1 - (1 - accepted) ** tries.most) / accepted
