"""What a task will cost on a backend, as a planner would reckon it before anything runs: the profile's moments, price list, speed.

F2 to F4 and F6 of `sim.theory` with mean sizes and the first two moments of turns; no misses, no failures, no lines, compaction as
a ceiling on the mean prompt; one try. Good enough to say how many calls a run will make, and how bills compare; routers reckon by
`sim.engine.pilot`.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, NamedTuple

from sim.backends.pricing import Price
from sim.errors import ConfigError
from sim.sampling.distributions import Quantile, distribution
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentKind, AgentSettings, Split, mean_count
from sim.settings.market import BackendSettings, CacheKind
from sim.settings.profile import LoopSettings, staff
from sim.settings.workload import WorkloadKind
from sim.theory import cache_split
from sim.usage import Usage

_POINTS = 2000


class Forecast(NamedTuple):
    """Of one task on one backend."""

    usd: float
    seconds: float
    turns: float
    """Of its root agent."""
    calls: float
    """Of all its agents."""

    def plus(self, other: Forecast, times: float = 1) -> Forecast:
        """With that of `times` others, which work at the same time as one another."""
        return Forecast(self.usd + times * other.usd, self.seconds + other.seconds, self.turns, self.calls + times * other.calls)


def forecast(agent: AgentSettings, backend: BackendSettings, price: Price) -> Forecast:
    """One task of the agent, all of it on one backend. Raises `ConfigError` for a workflow of which nobody has said what to expect."""
    must_be_known(agent)
    if agent.kind is AgentKind.debate:
        return _debate(agent, backend, price)
    if agent.kind is AgentKind.pipeline:
        return _pipeline(agent, backend, price)
    one = dataclasses.replace(backend, turn_multiplier=1.0) if agent.kind is AgentKind.chat else backend
    if agent.kind is not AgentKind.orchestrator:
        return _loop(agent, one, price)
    lead = _loop(agent, one, price, 1 - agent.delegated_share)
    turns, _ = _moments(agent)
    waves = mean_count(agent.waves) if agent.turns_per_wave is None else agent.delegated_share * turns / agent.turns_per_wave
    led = mean_count(agent.fanout) * waves
    workers, leads, share, loop = led**agent.depth, sum(led**level for level in range(agent.depth)), 1.0, agent.worker
    if agent.split is Split.divide:
        share = (agent.delegated_share or 1.0) / workers
        loop = _taking_over(agent) if agent.delegated_share else loop
    worker = _loop(loop, backend, price, share)
    all_leads = Forecast(lead.usd * leads, lead.seconds * agent.depth, lead.turns, lead.calls * leads)
    waited = worker._replace(seconds=worker.seconds * waves)
    return all_leads.plus(waited, workers)


def must_be_known(agent: AgentSettings) -> None:
    """Raise `ConfigError` for a workflow of which nobody has said what to expect."""
    if agent.kind.traits(agent).unsolved:
        raise ConfigError(f"agent.kind={agent.kind.value}: nobody has said what a task of it costs, so no policy can weigh that")


def _taking_over(agent: AgentSettings) -> LoopSettings:
    """A worker, with the turns of its lead."""
    turns: dict[str, Any] = {name: getattr(agent, name) for name in ("turns", "turns_scale", "turns_exponent", "requests")}
    return dataclasses.replace(agent.worker, **turns)


def _debate(agent: AgentSettings, backend: BackendSettings, price: Price) -> Forecast:
    """m loops of one message, to which a turn adds what all m have said (F9)."""
    said = distribution(agent.output_tokens).mean * distribution(agent.output_scale).mean * backend.verbosity
    kept = said * (1 - agent.reasoning_share * (1 - agent.keep_reasoning))
    debaters = mean_count(agent.fanout)
    heard: dict[str, Any] = {"tool_result_tokens": (debaters - 1) * kept, "result_scale": 1.0, "tool_time_s": 0.0}
    heard |= {"requests": 1, "turns_scale": 1.0}
    one = _loop(dataclasses.replace(agent, **heard), dataclasses.replace(backend, turn_multiplier=1.0), price)
    return Forecast(one.usd * debaters, one.seconds, one.turns, one.calls * debaters)


def _pipeline(agent: AgentSettings, backend: BackendSettings, price: Price) -> Forecast:
    """Stage after stage: mean numbers of agents that read mean reports; turns are the first stage's."""
    ahead: list[Forecast] = []
    for name, each in staff(agent.order, agent.stages).items():
        stage = agent.stages[name]
        read = distribution(stage.prompt_tokens).mean + each.read_tokens
        one = _loop(dataclasses.replace(stage, prompt_tokens=read), backend, price)
        waves = max(1.0, each.agents / agent.max_parallel) if agent.max_parallel else 1.0
        ahead.append(Forecast(one.usd * each.agents, one.seconds * waves, one.turns, one.calls * each.agents))
    return functools.reduce(Forecast.plus, ahead)


def _loop(loop: LoopSettings, backend: BackendSettings, price: Price, share: float = 1.0) -> Forecast:
    turns, squares = _moments(loop)
    n = max(1.0, turns * share * backend.turn_multiplier)
    pairs = max(0.0, (squares * (share * backend.turn_multiplier) ** 2 - n) / 2)
    output = distribution(loop.output_tokens).mean * distribution(loop.output_scale).mean * backend.verbosity
    kept = output * (1 - loop.reasoning_share * (1 - loop.keep_reasoning))
    base = loop.system_tokens + distribution(loop.prompt_tokens).mean + distribution(loop.prior_tokens).mean
    growth = kept + distribution(loop.tool_result_tokens).mean * distribution(loop.result_scale).mean
    limit = _limit(loop, backend)
    if limit is not None and growth:
        base = base if loop.window_tokens is None else min(base, limit)
        pairs = min(pairs, n * max(0.0, limit - base) / growth)
    prompt = base + growth * pairs / n
    read, write = cache_split(base=base, growth=growth, turns=n, pairs=pairs)
    cached = backend.cache is not CacheKind.none and prompt >= backend.cache_min_tokens
    paid = write / n if backend.cache is CacheKind.explicit else 0.0
    one = Usage(round(prompt), round(read / n) if cached else 0, round(paid) if cached else 0, round(output))
    server_s = backend.ttft_s + prompt * backend.context_s_per_100k_tokens / 1e5
    decode_s = output / backend.decode_tokens_per_s if backend.decode_tokens_per_s else 0.0
    call_s = backend.network_rtt_s + server_s + decode_s + distribution(loop.tool_time_s).mean
    return Forecast(n * price.at_base(one).total, n * call_s, n, n)


def _limit(loop: LoopSettings, backend: BackendSettings) -> float | None:
    """Where a prompt is summarised, in the usual window."""
    at, own = loop.compact_at_tokens, loop.window_tokens
    if at is None and own is None:
        return None
    window = backend.context_window_tokens if own is None else min(distribution(own).quantile()(0.5), backend.context_window_tokens)
    limit = loop.compact_at_share * window
    return limit if at is None else min(distribution(at).mean, limit)


def _moments(loop: LoopSettings) -> tuple[float, float]:
    """E n and E n^2 of the turns of a session: a random number of messages with a random number of turns each."""
    turns, turns2 = _first_two(distribution(loop.turns).quantile())
    scale, scale2 = _first_two(distribution(loop.turns_scale).quantile())
    share = loop.turns_exponent
    messages = [max(1, round(value)) for value in _even(distribution(loop.requests).quantile())]
    if loop.resumed_turns != 1:
        resumed = sum(prior >= 0.5 for prior in _even(distribution(loop.prior_tokens).quantile())) / _POINTS
        scale *= 1 - resumed * (1 - loop.resumed_turns)
        scale2 *= 1 - resumed * (1 - loop.resumed_turns**2)
    mean = sum(m * m**-share for m in messages) / len(messages) * turns * scale
    square = sum((m * (turns2 - turns**2) + m * m * turns**2) * m ** (-2 * share) for m in messages) / len(messages) * scale2
    return mean, square


def _first_two(quantile: Quantile) -> tuple[float, float]:
    values = _even(quantile)
    return sum(values) / len(values), sum(value * value for value in values) / len(values)


def _even(quantile: Quantile) -> list[float]:
    return [quantile((i + 0.5) / _POINTS) for i in range(_POINTS)]


def calls_ahead(scenario: Scenario) -> float | None:
    """Calls in all replications and shards that will be run, as routers forecast them: one try, nothing cut off; None: unknown."""
    tasks = tasks_ahead(scenario)
    if tasks is None or scenario.precision is not None or scenario.agent.kind.traits(scenario.agent).unsolved:
        return None
    backend = scenario.chosen()[scenario.backends[0]]
    share = scenario.workload.chat_share
    work = forecast(scenario.agent, backend, Price(backend)).calls
    each = (1 - share) * work + share * distribution(scenario.matched_chat.requests).mean
    return tasks * each * scenario.replications * (scenario.shards_run or scenario.shards) / scenario.shards


def tasks_ahead(scenario: Scenario) -> float | None:
    """Tasks of a replication, in the mean; None: unknown."""
    workload, horizon_s = scenario.workload, scenario.horizon_s
    if workload.kind is WorkloadKind.users and workload.tasks_per_user is not None:
        return workload.users * workload.tasks_per_user
    if workload.kind is not WorkloadKind.open:
        return None
    gap_s = distribution(workload.interarrival_s).mean
    come = horizon_s / gap_s * distribution(workload.batch_size).mean if horizon_s is not None and gap_s else None
    known = [tasks for tasks in (workload.tasks, come) if tasks is not None]
    return min(known) if known else None
