"""One's own agents, fitted to their log: sessions, sub-agents, when they come; and what there was too little of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sim.backends.pricing import Price
from sim.logs.log import Log
from sim.results.billed.bill import LogBill
from sim.results.fitted.mixtures import lognormals
from sim.results.fitted.profile import Profile, session, sub_agent
from sim.results.fitted.sessions import halves, of_log
from sim.scenario.scenario import Scenario
from sim.settings.market import BackendSettings, CacheKind

SESSIONS = 20
"""Sessions from which on half of them are held out."""
SUB_AGENTS = 5
"""Of which a team is made at least."""
TOGETHER_S = 5.0
"""Sub-agents of a session whose first calls come within so many seconds of one another were sent out together (an assumption)."""


@dataclass
class Fit:
    """What a log gives."""

    profile: Profile
    subagent: Profile | None
    team: Profile
    """fanout, waves, spawn_after_turn, report_tokens; empty without sub-agents."""
    workload: Profile
    models: dict[str, int]
    """Calls by model, as the log names them, the most used first."""
    sizes: dict[str, int]
    """Values that each quantity was fitted to."""
    missing: dict[str, str] = field(default_factory=dict)
    """What was too few or not there, by quantity, and what stands for it."""
    used: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Main agents' calls that it was fitted to."""
    held_out: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Those of the other sessions; empty where there are too few to hold any out."""
    days: float = np.nan
    """From the first session to the last; nan: not known."""
    backend: str = ""
    """That had most of the calls: the dollars of `used` and `held_out` are all at its prices."""
    reference: bool = True
    """Whether other models' turns and words are known by that one's; else what was recorded is already what that model makes of it."""


def fit(log: Log, scenario: Scenario, models: Mapping[str, str] | None = None) -> Fit:
    """Fit a profile, its sub-agents, its team and its workload; `models` as of `LogBill`.

    Raises `DataError` where rows are sums over calls.
    """
    backend = _most_used(LogBill(log, scenario, models))
    calls = of_log(log)
    calls["cost_usd"] = _dollars(calls, scenario.market.models[backend])
    main, subs = calls[calls["agent"] == "main"], calls[calls["agent"] != "main"]
    if not len(main):
        main, subs = calls, calls.iloc[:0]
    many = main["trace"].nunique()
    used, held_out = halves(main.assign(agent="main")) if many >= SESSIONS else (main, main.iloc[:0])
    found, missing = session(used), {}
    if many < SESSIONS:
        missing["held-out sessions"] = f"{many} sessions, {SESSIONS} needed: all are fitted to, and nothing says how well others are met"
    missing |= found.missing
    subagent, team, sizes = None, Profile(), found.sizes
    if subs["key"].nunique() >= SUB_AGENTS:
        one = sub_agent(subs, int(subs.groupby("key")["input_tokens"].first().quantile(0.1) // 100 * 100))
        subagent, team, missing, sizes = one.profile, _waves(subs, calls), missing | one.missing, sizes | one.sizes
    elif len(subs):
        missing["sub-agents"] = f"{subs['key'].nunique()} of them, {SUB_AGENTS} needed: no team is written"
    workload, days = _workload(main, missing)
    counts = {str(name): int(count) for name, count in calls["model"].value_counts().items()}
    return Fit(
        found.profile, subagent, team, workload, counts, sizes, missing, used, held_out, days, backend, _is_reference(scenario, backend)
    )


def _most_used(bill: LogBill) -> str:
    """The backend of most calls; the scenario's first where no model is known."""
    places = bill.backend[bill.backend >= 0]
    return list(bill.market)[int(np.bincount(places).argmax())] if len(places) else bill.scenario.backends[0]


def _is_reference(scenario: Scenario, backend: str) -> bool:
    """Whether bills say nothing of the model but what the profile says."""
    works = scenario.market.models[backend].works.values()
    return all(each.turn_multiplier == each.verbosity == each.cache_discount_realised == 1 for each in works)


def _dollars(calls: pd.DataFrame, backend: BackendSettings) -> np.ndarray:
    """What each call comes to on one backend: reads as billed, or those that were possible and had not expired."""
    late = calls["possible"] & ((calls["think_time_s"] > backend.cache_ttl_s) | (calls["position"] == 0))
    reads = calls["cached_tokens"].fillna(0).mask(late, 0).to_numpy(np.int64)
    kept = (backend.cache is CacheKind.explicit) & (calls["input_tokens"] >= backend.cache_min_tokens)
    writes = calls["cache_write_tokens"].fillna((calls["input_tokens"] - reads).where(kept, 0)).to_numpy(np.int64)
    usage = {
        "input_tokens": calls["input_tokens"].to_numpy(),
        "cache_read_tokens": reads,
        "cache_write_tokens": writes,
        "output_tokens": calls["output_tokens"].to_numpy(),
        "t_request_s": np.zeros(len(calls)),
    }
    found: np.ndarray = Price(backend).dollars_of(usage).sum(axis=1)
    return found


def _waves(subs: pd.DataFrame, calls: pd.DataFrame) -> Profile:
    """How many at a time, how often, after which turn of the lead, and what they report."""
    agents = subs.groupby("key")
    began = agents.agg(trace=("trace", "first"), t_s=("t_s", "first")).sort_values(["trace", "t_s"])
    new = (began.groupby("trace")["t_s"].diff().fillna(np.inf) > TOGETHER_S).cumsum()
    waves = began.groupby(new).agg(trace=("trace", "first"), t_s=("t_s", "first"), agents=("t_s", "size"))
    lead = calls[(calls["agent"] == "main") & calls["trace"].isin(waves["trace"])]
    starts = waves.groupby("trace")["t_s"].first()
    before = (lead["t_s"] < lead["trace"].map(starts)).groupby(lead["trace"]).sum()
    report = agents["output_tokens"].last()
    return {
        "fanout": _counts(waves["agents"]),
        "waves": _counts(waves.groupby("trace").size()),
        "delegated_share": 0.0,
        "spawn_after_turn": max(1, round(float(before.median()))) if len(before) else 1,
        "report_tokens": lognormals(report, 1),
        "sessions_share": round(waves["trace"].nunique() / calls["trace"].nunique(), 4),
    }


def _counts(values: pd.Series) -> Any:
    """Whole numbers as often as they were met."""
    met = values.value_counts().sort_index()
    if len(met) == 1:
        return int(met.index[0])
    return {"dist": "mixture", "weights": [int(many) for many in met], "parts": [int(value) for value in met.index]}


def _workload(main: pd.DataFrame, missing: dict[str, str]) -> tuple[Profile, float]:
    """When sessions begin: their mean gap over all days, where their dates are known."""
    starts = main.groupby("trace")["session_start_s"].first().dropna()
    if len(starts) < 2 or starts.max() <= starts.min():
        missing["interarrival_s"] = "the log has no dates of sessions: as conf/workload/open ships"
        return {}, float("nan")
    span = float(starts.max() - starts.min())
    return {"interarrival_s": {"dist": "exponential", "mean": round(span / (len(starts) - 1), 1)}}, span / 86_400
