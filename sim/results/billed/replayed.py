"""A log's calls sent again to the backends of their models: the bill with the cache reads that were recorded, and with our caches."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from sim.engine.recorded import forget
from sim.errors import SimError
from sim.logs.written import write_trace
from sim.results.billed.bill import LogBill
from sim.results.billed.lifetimes import for_an_hour, kept_for_an_hour
from sim.results.simulate import simulate
from sim.scenario.scenario import Scenario
from sim.settings.budget import BudgetSettings
from sim.settings.capacity.reserved import ReservedSettings
from sim.settings.capacity.servers import BackendKind, ServerSettings
from sim.settings.router import Policy, RouterSettings
from sim.settings.run import Log
from sim.settings.workload import TraceCache, WorkloadKind, WorkloadSettings

MOST_CALLS = 100_000
"""Of a log that is replayed unasked: some seconds."""


class Replayed(NamedTuple):
    """Dollars; None: not known."""

    recorded_usd: float | None = None
    """With recorded reads."""
    simulated_usd: float | None = None
    """With our caches."""
    of_an_hour: bool = False
    """Ours keep prompts for an hour, as most writes of the log say."""
    why_not: str = ""
    """Why there is neither, in words."""


def replayed(bill: LogBill, most_calls: int = MOST_CALLS) -> Replayed:
    """Nothing fails, waits or is refused in it."""
    calls = bill.log.calls
    if len(calls) > most_calls:
        return Replayed(why_not=f"{len(calls):,} calls are more than {most_calls:,}; `sim workload=trace workload.trace=PATH` replays them")
    if bill.unknown:
        return Replayed(why_not=f"no backend is known of {', '.join(list(bill.unknown)[:3])}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.parquet"
        try:
            write_trace(bill.log, path)
            simulated = simulate(_scenario(bill, path, TraceCache.simulated)).mean("cost_usd")
        except SimError as error:
            return Replayed(why_not=str(error).replace(str(path), "the log"))
        try:
            recorded = simulate(_scenario(bill, path, TraceCache.recorded)).mean("cost_usd")
        except SimError:
            recorded = None
    forget()
    return Replayed(recorded, simulated, kept_for_an_hour(bill.log))


def _scenario(bill: LogBill, path: Path, cache: TraceCache) -> Scenario:
    """The bill's, with its calls for work, and backends that take whatever comes."""
    free: dict[str, Any] = {
        "kind": BackendKind.api,
        "servers": ServerSettings(),
        "reserved": ReservedSettings(),
        "error_rate": 0.0,
        "slots": None,
        "queue_limit": None,
        "quotas": {},
        "decode_slowdown": 0.0,
        "context_window_tokens": 10**9,
    }
    limits: dict[str, Any] = dict.fromkeys(("requests_per_min", "input_tokens_per_min", "output_tokens_per_min", "tokens_per_min"))
    market = bill.scenario.market
    kept = for_an_hour(market.models) if kept_for_an_hour(bill.log) else market.models
    models = {name: dataclasses.replace(model, **free, **limits) for name, model in kept.items()}
    return dataclasses.replace(
        bill.scenario, replications=1, precision=None, processes=1, shards=1, shards_run=None, horizon_s=None, warmup_s=0.0, log=Log.none,
        batch=False, backends=[bill.backends.get("", bill.scenario.backends[0])],
        market=dataclasses.replace(market, models=models), budget=BudgetSettings(), budgets={},
        workload=WorkloadSettings(kind=WorkloadKind.trace, trace=str(path), trace_cache=cache),
        router=RouterSettings(policy=Policy.recorded, models={name: each for name, each in bill.backends.items() if name}),
    )  # fmt: skip
