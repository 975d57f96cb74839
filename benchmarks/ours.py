"""The kernel on the workload of `naive`, and with one thing changed at a time."""

from __future__ import annotations

from typing import Any

from benchmarks import naive
from sim.market import BackendSettings, MarketSettings, PriceTier
from sim.scenario import Scenario
from sim.settings import AgentKind, AgentSettings, Log, LoopSettings, WorkloadSettings
from sim.simulation import replicate

CALLS_A_TASK = naive.LEAD_TURNS + naive.FANOUT * naive.WORKER_TURNS


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


def scenario(calls: int, *, log: Log = Log.full, live: int = 1000, **backend: Any) -> Scenario:
    """About `calls` calls of the shared workload, about `live` agents at a time; `backend` changes settings of the backend."""
    served = _backend()
    for name, value in backend.items():
        setattr(served, name, value)
    return Scenario(
        replications=1,
        log=log,
        backends=["one"],
        market=MarketSettings("benchmark", {"one": served}),
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
    ).check()


def run(calls: int, **changes: Any) -> int:
    """Simulate, all features on and every call logged; returns the attempts simulated."""
    return replicate(scenario(calls, **changes), 0).tally.calls
