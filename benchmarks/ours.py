"""The kernel on the workload of `naive`, and with one thing changed at a time."""

from __future__ import annotations

from functools import partial
from typing import Any

from benchmarks import Run, naive
from sim.engine.replicate import replicate
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentKind, AgentSettings
from sim.settings.budget import BudgetSettings, Per
from sim.settings.market import BackendSettings, MarketSettings, PriceTier
from sim.settings.profile import LoopSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import Engine, Log
from sim.settings.tries import TriesSettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.sweeps.sweep import replaced

CALLS_A_TASK = naive.LEAD_TURNS + naive.FANOUT * naive.WORKER_TURNS
ALIVE_A_TASK = 5.43
"""Agents alive, on average over the time of a task: its lead, and its workers for a part of it (measured; a test holds it)."""


def _lognormal(median: float, sigma: float) -> dict[str, Any]:
    return {"dist": "lognormal", "median": median, "sigma": sigma}


def _loop() -> dict[str, Any]:
    return {
        "system_tokens": naive.SYSTEM_TOKENS,
        "prompt_tokens": naive.PROMPT_TOKENS,
        "output_tokens": _lognormal(naive.OUTPUT_MEDIAN_TOKENS, naive.OUTPUT_SIGMA),
        "tool_result_tokens": _lognormal(naive.RESULT_MEDIAN_TOKENS, naive.RESULT_SIGMA),
        "tool_time_s": _lognormal(naive.TOOL_MEDIAN_S, naive.TOOL_SIGMA),
        "compact_at_tokens": naive.COMPACT_AT_TOKENS,
        "summary_tokens": naive.SUMMARY_TOKENS,
    }


def _backend() -> BackendSettings:
    tier = PriceTier(
        above_tokens=naive.TIER_ABOVE_TOKENS,
        input_usd_per_mtok=naive.TIER_INPUT_USD_PER_MTOK,
        output_usd_per_mtok=naive.TIER_OUTPUT_USD_PER_MTOK,
        cache_read_usd_per_mtok=naive.TIER_CACHE_READ_USD_PER_MTOK,
        cache_write_usd_per_mtok=naive.TIER_CACHE_WRITE_USD_PER_MTOK,
    )
    return BackendSettings(
        input_usd_per_mtok=naive.INPUT_USD_PER_MTOK,
        output_usd_per_mtok=naive.OUTPUT_USD_PER_MTOK,
        cache_read_usd_per_mtok=naive.CACHE_READ_USD_PER_MTOK,
        cache_write_usd_per_mtok=naive.CACHE_WRITE_USD_PER_MTOK,
        tiers=[tier],
        cache_ttl_s=naive.CACHE_TTL_S,
        cache_min_tokens=naive.CACHE_MIN_TOKENS,
        slots=naive.SLOTS,
        network_rtt_s=naive.NETWORK_RTT_S,
        ttft_s=naive.TTFT_S,
        prefill_tokens_per_s=naive.PREFILL_TOKENS_PER_S,
        decode_tokens_per_s=naive.DECODE_TOKENS_PER_S,
        noise_sigma=naive.NOISE_SIGMA,
        error_rate=naive.ERROR_RATE,
    )


def scenario(calls: int, *, live: int = 1000, **changes: Any) -> Scenario:
    """About `calls` calls of the shared workload, about `live` agents at a time; `changes` by dotted key, as in `sim.sweep`."""
    plain = Scenario(
        replications=1,
        engine=Engine.simpy,
        backends=["one"],
        market=MarketSettings("benchmark", {"one": _backend()}),
        workload=WorkloadSettings(
            tasks=max(1, calls // CALLS_A_TASK),
            interarrival_s={"dist": "exponential", "mean": naive.INTERARRIVAL_S * 1000 / live},
        ),
        agent=AgentSettings(
            kind=AgentKind.orchestrator,
            fanout=naive.FANOUT,
            turns=naive.LEAD_TURNS,
            spawn_after_turn=naive.SPAWN_AFTER_TURN,
            report_tokens=naive.REPORT_TOKENS,
            worker=LoopSettings(turns=naive.WORKER_TURNS, **_loop()),
            **_loop(),
        ),
    )
    return replaced(plain, changes).check()


def users(calls: int, live: int) -> dict[str, Any]:
    """The same tasks from people who each send the next when the last has ended: so many calls, by `live` agents on average."""
    people = max(1, round(live / ALIVE_A_TASK))
    return {
        "workload.kind": WorkloadKind.users,
        "workload.users": people,
        "workload.tasks_per_user": max(1, round(calls / CALLS_A_TASK / people)),
    }


def run(calls: int, **changes: Any) -> int:
    """Simulate, all features on and every call logged; returns the attempts simulated."""
    return replicate(scenario(calls, **changes), 0).tally.calls


def step_by_step(calls: int, **changes: Any) -> int:
    """The same through every event of the clock, as where calls wait for one another: without lookahead."""
    return replicate(scenario(calls, **changes), 0, step_by_step=True).tally.calls


LINE_SLOTS = 640
"""A few less than the workload fills on average, so that there is a line nearly always."""
_PLENTY = 1e9
_METERED = {f"market.models.one.{what}_per_min": _PLENTY for what in ("requests", "input_tokens", "output_tokens")}
_VERIFIER = LoopSettings(turns=2, **_loop())
_TWO = {"market.models": {"one": _backend(), "two": _backend()}, "backends": ["one", "two"]}

FEATURES: dict[str, dict[str, Any]] = {
    "compiled": {"engine": Engine.auto},
    "compiled, log=none": {"engine": Engine.auto, "log": Log.none},
    "compiled, a line": {"engine": Engine.auto, "market.models.one.slots": LINE_SLOTS},
    "compiled, rate limits": {"engine": Engine.auto, **_METERED},
    "log=none": {"log": Log.none},
    "no slots": {"market.models.one.slots": None},
    "shared decoding": {"market.models.one.decode_slowdown": 0.0001},
    "rate limits (a door)": _METERED,
    "a line": {"market.models.one.slots": LINE_SLOTS},
    "a line and patience": {"market.models.one.slots": LINE_SLOTS, "retry.patience_s": {"dist": "exponential", "mean": 600.0}},
    "tries with a verifier": {
        "agent.tries": TriesSettings(most=3, true_positive=0.9, false_positive=0.1, verifier=_VERIFIER),
        "market.models.one.quality": 0.6,
    },
    "router=weighted per call": {"router": RouterSettings(policy=Policy.weighted, per=ChoosePer.call), **_TWO},
    "budget per task": {"budget": BudgetSettings(usd=_PLENTY, per=Per.task)},
    "compaction off": {"agent.compact_at_tokens": None, "agent.worker.compact_at_tokens": None},
    "tools off": {"agent.tool_time_s": 0.0, "agent.worker.tool_time_s": 0.0},
}
"""One thing changed at a time. Limits and budgets are never reached: what is priced is looking at them."""


def contestants() -> dict[str, Run]:
    """Ours, then ours with each feature switched on or off."""
    made: dict[str, Run] = {"ours": run, "ours, step by step": step_by_step}
    for name, changes in FEATURES.items():
        made[f"ours, {name}"] = partial(run, **changes)
    made["ours, users"] = lambda calls: run(calls, **users(calls, 1000))
    made["ours, compiled, users"] = lambda calls: run(calls, engine=Engine.auto, **users(calls, 1000))
    return made
