"""The full model as one would write it first: every feature of the kernel, each in the most direct way SimPy and numpy offer.

Leads start workers and join them with `AllOf`; slots are a `simpy.Resource`; every agent has a generator of random numbers
of its own and draws from it one number at a time; every attempt becomes a dict, and pandas adds them up at the end.
"""

from __future__ import annotations

import enum
import math
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import simpy
from simpy.events import ProcessGenerator

from benchmarks import median_calls_per_s

# The workload, shared with the kernel's side of the comparison.
FANOUT = 8  # workers of a lead
LEAD_TURNS = 4  # model calls of a lead
SPAWN_AFTER_TURN = 1  # the lead's turn after which its workers start
WORKER_TURNS = 10  # model calls of a worker
SYSTEM_TOKENS = 8_000  # system prompt and tool schemas
PROMPT_TOKENS = 1_000  # the task, or a worker's brief
REPORT_TOKENS = 1_000  # what each worker adds to its lead's context
OUTPUT_MEDIAN_TOKENS, OUTPUT_SIGMA = 256.0, 0.89  # lognormal
RESULT_MEDIAN_TOKENS, RESULT_SIGMA = 750.0, 1.1  # lognormal: what a tool puts into the context
TOOL_MEDIAN_S, TOOL_SIGMA = 2.0, 1.0  # lognormal: time of a tool
REASONING_SHARE = 0.0  # of the output
COMPACT_AT_TOKENS = 60_000  # a longer prompt is summarised first
SUMMARY_TOKENS = 1_500  # output of a compaction call, and the history that stays

INPUT_USD_PER_MTOK = 5.0
OUTPUT_USD_PER_MTOK = 25.0
CACHE_READ_USD_PER_MTOK = 0.5
CACHE_WRITE_USD_PER_MTOK = 6.25
TIER_ABOVE_TOKENS = 200_000  # prompts longer than this cost more, as a whole:
TIER_INPUT_USD_PER_MTOK = 10.0
TIER_OUTPUT_USD_PER_MTOK = 37.5
TIER_CACHE_READ_USD_PER_MTOK = 1.0
TIER_CACHE_WRITE_USD_PER_MTOK = 12.5

CACHE_TTL_S = 300.0  # a cached prompt outlives its last use by so much
CACHE_MIN_TOKENS = 1_024  # shorter prompts are never cached
SLOTS = 10_000  # calls served at once
NETWORK_RTT_S = 0.03
TTFT_S = 1.0  # constant part of the time to first token
PREFILL_TOKENS_PER_S = 10_000.0  # uncached input
DECODE_TOKENS_PER_S = 55.0
NOISE_SIGMA = 0.26  # lognormal, median 1, on the server's time
ERROR_RATE = 0.01  # of attempts; they fail after the round trip and are not billed
RETRY_ATTEMPTS = 5
RETRY_BASE_S = 1.0
RETRY_CAP_S = 60.0

INTERARRIVAL_S = 1.12  # mean, Poisson: about 1,000 live agents
CALLS_PER_TASK = LEAD_TURNS + FANOUT * WORKER_TURNS  # without retries and compactions

BIN_S = 60.0  # width of the bins of token rates
USD_PER_MTOK = 1e-6
OUTPUT_MU, RESULT_MU, TOOL_MU = math.log(OUTPUT_MEDIAN_TOKENS), math.log(RESULT_MEDIAN_TOKENS), math.log(TOOL_MEDIAN_S)


@dataclass
class PriceTier:
    """Prices of requests whose prompt is longer than `above_tokens`."""

    above_tokens: int
    input_usd_per_mtok: float
    output_usd_per_mtok: float
    cache_read_usd_per_mtok: float
    cache_write_usd_per_mtok: float


@dataclass
class BackendConfig:
    """One model as served by one provider."""

    name: str
    tiers: list[PriceTier]
    """Ascending; the first one holds from 0."""
    slots: int = SLOTS
    cache_ttl_s: float = CACHE_TTL_S
    cache_min_tokens: int = CACHE_MIN_TOKENS
    network_rtt_s: float = NETWORK_RTT_S
    ttft_s: float = TTFT_S
    prefill_tokens_per_s: float = PREFILL_TOKENS_PER_S
    decode_tokens_per_s: float = DECODE_TOKENS_PER_S
    noise_sigma: float = NOISE_SIGMA
    error_rate: float = ERROR_RATE


def default_backend() -> BackendConfig:
    """The backend of the comparison."""
    base = PriceTier(0, INPUT_USD_PER_MTOK, OUTPUT_USD_PER_MTOK, CACHE_READ_USD_PER_MTOK, CACHE_WRITE_USD_PER_MTOK)
    long = PriceTier(
        TIER_ABOVE_TOKENS,
        TIER_INPUT_USD_PER_MTOK,
        TIER_OUTPUT_USD_PER_MTOK,
        TIER_CACHE_READ_USD_PER_MTOK,
        TIER_CACHE_WRITE_USD_PER_MTOK,
    )
    return BackendConfig("model", [base, long])


class Policy(enum.Enum):
    """How a backend is chosen."""

    fixed = "fixed"
    cheapest = "cheapest"
    by_role = "by_role"


@dataclass
class Agent:
    """Who calls, and the context that is sent again with every call."""

    task: int
    path: str
    depth: int
    role: str
    turns: int
    rng: np.random.Generator
    context_tokens: int = SYSTEM_TOKENS + PROMPT_TOKENS
    unchanged_tokens: int = SYSTEM_TOKENS + PROMPT_TOKENS
    """Head of the context that is as it was in the call before: all of it, until a compaction."""


@dataclass
class Call:
    """One attempt to get an answer."""

    agent: Agent
    turn: int
    attempt: int
    output_tokens: int
    t_request_s: float


class Service(NamedTuple):
    """What a backend did with a call."""

    ok: bool
    t_start_s: float
    t_first_token_s: float
    cache_read_tokens: int
    cache_write_tokens: int
    cost_usd: float


class PromptCache:
    """How much of an agent's last prompt one backend still holds, and until when."""

    def __init__(self, config: BackendConfig) -> None:
        self.config = config
        self.entries: dict[tuple[int, str], tuple[int, float]] = {}

    def read(self, agent: Agent, now_s: float) -> int:
        """Tokens at the head of the prompt that need not be computed again."""
        tokens, expires_s = self.entries.get((agent.task, agent.path), (0, 0.0))
        return min(tokens, agent.unchanged_tokens) if now_s <= expires_s else 0

    def write(self, agent: Agent, now_s: float) -> None:
        """Keep the whole prompt."""
        if agent.context_tokens >= self.config.cache_min_tokens:
            self.entries[agent.task, agent.path] = (agent.context_tokens, now_s + self.config.cache_ttl_s)

    def forget(self, agent: Agent) -> None:
        """The agent has ended."""
        self.entries.pop((agent.task, agent.path), None)


class Backend:
    """Serves calls: slots, cache, latency, errors, prices."""

    def __init__(self, env: simpy.Environment, config: BackendConfig) -> None:
        self.env = env
        self.config = config
        self.slots = simpy.Resource(env, capacity=config.slots)
        self.cache = PromptCache(config)

    def serve(self, call: Call) -> Generator[simpy.Event, Any, Service]:
        """Wait in line, then hold a slot until the answer is there or the attempt has failed."""
        agent, config = call.agent, self.config
        with self.slots.request() as slot:
            yield slot
            start_s = self.env.now
            if agent.rng.random() < config.error_rate:
                yield self.env.timeout(config.network_rtt_s)
                return Service(False, start_s, self.env.now, 0, 0, 0.0)
            read = self.cache.read(agent, start_s)
            fresh = agent.context_tokens - read
            noise = agent.rng.lognormal(0.0, config.noise_sigma)
            first_token_s = config.network_rtt_s + noise * (config.ttft_s + fresh / config.prefill_tokens_per_s)
            decode_s = noise * call.output_tokens / config.decode_tokens_per_s
            yield self.env.timeout(first_token_s + decode_s)
        self.cache.write(agent, start_s)
        written = fresh if agent.context_tokens >= config.cache_min_tokens else 0
        cost_usd = self.cost_usd(agent.context_tokens, read, written, call.output_tokens)
        return Service(True, start_s, start_s + first_token_s, read, written, cost_usd)

    def cost_usd(self, input_tokens: int, read_tokens: int, write_tokens: int, output_tokens: int) -> float:
        """The bill: the tier of the prompt's length holds for the whole request."""
        tier = self.config.tiers[0]
        for candidate in self.config.tiers:
            if input_tokens > candidate.above_tokens:
                tier = candidate
        fresh_tokens = input_tokens - read_tokens - write_tokens
        return USD_PER_MTOK * (
            fresh_tokens * tier.input_usd_per_mtok
            + read_tokens * tier.cache_read_usd_per_mtok
            + write_tokens * tier.cache_write_usd_per_mtok
            + output_tokens * tier.output_usd_per_mtok
        )


@dataclass
class Router:
    """Chooses a backend for every call."""

    backends: dict[str, Backend]
    policy: Policy = Policy.fixed
    roles: dict[str, str] = field(default_factory=dict)

    def choose(self, role: str) -> Backend:
        """By policy; a role without a backend of its own takes the first one."""
        first = next(iter(self.backends.values()))
        if self.policy is Policy.cheapest:
            return min(self.backends.values(), key=lambda backend: backend.config.tiers[0].input_usd_per_mtok)
        if self.policy is Policy.by_role:
            return self.backends.get(self.roles.get(role, ""), first)
        return first


class Meter:
    """Writes down every attempt and every task, and the tokens of each minute."""

    def __init__(self, replication: int = 0) -> None:
        self.replication = replication
        self.calls: list[dict[str, Any]] = []
        self.tasks: list[dict[str, Any]] = []
        self.tokens_per_min: defaultdict[tuple[str, int], int] = defaultdict(int)

    def record_call(self, call: Call, backend: str, service: Service, now_s: float) -> None:
        """One row; an attempt that failed used no tokens."""
        agent = call.agent
        input_tokens = agent.context_tokens if service.ok else 0
        output_tokens = call.output_tokens if service.ok else 0
        self.calls.append(
            {
                "replication": self.replication,
                "task": agent.task,
                "agent": agent.path,
                "depth": agent.depth,
                "turn": call.turn,
                "attempt": call.attempt,
                "role": agent.role,
                "backend": backend,
                "status": "ok" if service.ok else "error",
                "t_request_s": call.t_request_s,
                "t_start_s": service.t_start_s,
                "t_first_token_s": service.t_first_token_s,
                "t_end_s": now_s,
                "input_tokens": input_tokens,
                "cache_read_tokens": service.cache_read_tokens,
                "cache_write_tokens": service.cache_write_tokens,
                "output_tokens": output_tokens,
                "reasoning_tokens": round(REASONING_SHARE * output_tokens),
                "cost_usd": service.cost_usd,
            }
        )
        self.tokens_per_min[backend, int(now_s // BIN_S)] += input_tokens + output_tokens

    def record_task(self, task: int, t_arrive_s: float, t_end_s: float, success: bool) -> None:
        """One row; the sums over its calls are joined at the end."""
        self.tasks.append(
            {
                "replication": self.replication,
                "task": task,
                "user": 0,
                "kind": "orchestrator",
                "t_arrive_s": t_arrive_s,
                "t_end_s": t_end_s,
                "success": success,
                "agents": 1 + FANOUT,
            }
        )


class Result(NamedTuple):
    """What the meter leaves."""

    calls: pd.DataFrame
    tasks: pd.DataFrame
    summary: pd.DataFrame


SUMS = ["input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "cost_usd"]


def summarise(meter: Meter) -> Result:
    """Tables of calls and tasks, and the totals by backend and role."""
    calls = pd.DataFrame(meter.calls)
    calls["latency_s"] = calls["t_end_s"] - calls["t_request_s"]
    by_task = calls.groupby("task")[SUMS].sum().assign(calls=calls.groupby("task").size())
    tasks = pd.DataFrame(meter.tasks).join(by_task, on="task")
    groups = calls.groupby(["backend", "role"])
    summary = groups[SUMS].sum()
    summary["calls"] = groups.size()
    summary["latency_mean_s"] = groups["latency_s"].mean()
    summary["latency_p95_s"] = groups["latency_s"].quantile(0.95)
    return Result(calls, tasks, summary)


class World:
    """Tasks, agents and their calls."""

    def __init__(self, env: simpy.Environment, router: Router, meter: Meter) -> None:
        self.env = env
        self.router = router
        self.meter = meter

    def arrivals(self, tasks: int, seeds: np.random.SeedSequence) -> ProcessGenerator:
        """Poisson arrivals."""
        rng = np.random.default_rng(seeds)
        for task in range(tasks):
            yield self.env.timeout(rng.exponential(INTERARRIVAL_S))
            self.env.process(self.task(task, seeds.spawn(1)[0]))

    def task(self, task: int, seeds: np.random.SeedSequence) -> ProcessGenerator:
        """One lead and its workers, from arrival to end."""
        t_arrive_s = self.env.now
        lead = Agent(task, "0", 0, "lead", LEAD_TURNS, np.random.default_rng(seeds))
        success = yield self.env.process(self.lead(lead, seeds))
        self.meter.record_task(task, t_arrive_s, self.env.now, success)

    def lead(self, lead: Agent, seeds: np.random.SeedSequence) -> Generator[simpy.Event, Any, bool]:
        """A loop of its own, which waits for the workers after one of its turns."""
        for turn in range(lead.turns):
            if not (yield from self.turn(lead, turn)):
                return False
            if turn + 1 == SPAWN_AFTER_TURN:
                workers = [
                    Agent(lead.task, f"{lead.path}.{i}", lead.depth + 1, "worker", WORKER_TURNS, np.random.default_rng(seed))
                    for i, seed in enumerate(seeds.spawn(FANOUT))
                ]
                processes = [self.env.process(self.worker(worker)) for worker in workers]
                yield self.env.all_of(processes)
                if not all(process.value for process in processes):
                    return False
                lead.context_tokens += FANOUT * REPORT_TOKENS
            elif turn + 1 < lead.turns:
                yield from self.tool(lead)
        self.forget(lead)
        return True

    def worker(self, worker: Agent) -> Generator[simpy.Event, Any, bool]:
        """Think, use a tool, think again."""
        for turn in range(worker.turns):
            if not (yield from self.turn(worker, turn)):
                return False
            if turn + 1 < worker.turns:
                yield from self.tool(worker)
        self.forget(worker)
        return True

    def turn(self, agent: Agent, turn: int) -> Generator[simpy.Event, Any, bool]:
        """One answer of the model, which stays in the context; False if there was none."""
        if agent.context_tokens > COMPACT_AT_TOKENS and not (yield from self.compact(agent, turn)):
            return False
        output_tokens = max(1, round(agent.rng.lognormal(OUTPUT_MU, OUTPUT_SIGMA)))
        if not (yield from self.call(agent, turn, output_tokens)):
            return False
        agent.context_tokens += output_tokens
        agent.unchanged_tokens = agent.context_tokens
        return True

    def compact(self, agent: Agent, turn: int) -> Generator[simpy.Event, Any, bool]:
        """A call that replaces the history by a summary; the head of the prompt stays as it was."""
        if not (yield from self.call(agent, turn, SUMMARY_TOKENS)):
            return False
        agent.unchanged_tokens = SYSTEM_TOKENS + PROMPT_TOKENS
        agent.context_tokens = agent.unchanged_tokens + SUMMARY_TOKENS
        return True

    def tool(self, agent: Agent) -> Generator[simpy.Event, Any, None]:
        """Takes time, and adds its result to the context."""
        yield self.env.timeout(agent.rng.lognormal(TOOL_MU, TOOL_SIGMA))
        agent.context_tokens += round(agent.rng.lognormal(RESULT_MU, RESULT_SIGMA))

    def call(self, agent: Agent, turn: int, output_tokens: int) -> Generator[simpy.Event, Any, bool]:
        """Attempts, with a jittered exponential wait between them, until one is answered."""
        for attempt in range(RETRY_ATTEMPTS):
            backend = self.router.choose(agent.role)
            call = Call(agent, turn, attempt, output_tokens, self.env.now)
            service = yield from backend.serve(call)
            self.meter.record_call(call, backend.config.name, service, self.env.now)
            if service.ok:
                return True
            if attempt + 1 < RETRY_ATTEMPTS:
                longest_s = min(RETRY_CAP_S, RETRY_BASE_S * 2**attempt)
                yield self.env.timeout(agent.rng.uniform(0.0, longest_s))
        return False

    def forget(self, agent: Agent) -> None:
        """Drop what the caches hold of an agent that has ended."""
        for backend in self.router.backends.values():
            backend.cache.forget(agent)


def simulate(tasks: int, seed: int = 1) -> Result:
    """All tasks from the first arrival to the last end."""
    env = simpy.Environment()
    config = default_backend()
    meter = Meter()
    world = World(env, Router({config.name: Backend(env, config)}), meter)
    env.process(world.arrivals(tasks, np.random.SeedSequence(seed)))
    env.run()
    return summarise(meter)


def run(calls: int, seed: int = 1) -> int:
    """Simulate about `calls` calls (whole tasks) and count them: every attempt is one."""
    return len(simulate(max(1, round(calls / CALLS_PER_TASK)), seed).calls)


def live_agents(result: Result) -> tuple[float, float]:
    """Agents alive, as averages over time: of the whole run, and without its start and its end."""
    agents = result.calls.groupby(["task", "agent"]).agg(born_s=("t_request_s", "min"), ended_s=("t_end_s", "max"))
    arrive_s = result.tasks["t_arrive_s"]
    longest_s = float((result.tasks["t_end_s"] - arrive_s).max())

    def average(from_s: float, until_s: float) -> float:
        inside_s = agents["ended_s"].clip(from_s, until_s) - agents["born_s"].clip(from_s, until_s)
        return float(inside_s.sum()) / (until_s - from_s)

    first_s, last_s = float(arrive_s.min()), float(arrive_s.max())
    return average(first_s, float(agents["ended_s"].max())), average(first_s + longest_s, last_s)


if __name__ == "__main__":
    whole, steady = live_agents(simulate(round(100_000 / CALLS_PER_TASK)))
    print(f"naive: {median_calls_per_s(run, 100_000):,.0f} calls/s")
    print(f"live agents: {whole:,.0f} on average over the run, {steady:,.0f} once started")
