"""Small scenarios drawn by hypothesis: any kind of work, agent, backend, router, budget and luck, all of them valid.

Every setting is drawn from a few values, the plainest first (what a failing example shrinks to); a test pins those that its
theorem needs pinned, e.g. `worlds(backend={"slots": None})`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

import sim
from sim.settings.agent import AgentKind, AgentSettings, OnFailure, Split
from sim.settings.budget import At, BudgetSettings, Per, Then
from sim.settings.capacity.limits import QuotaSettings
from sim.settings.capacity.reserved import ReservedSettings
from sim.settings.capacity.servers import AutoscaleSettings, BackendKind, ServerSettings
from sim.settings.events.event import PRICED, EventKind, EventSettings
from sim.settings.market import Billed, CacheKind, PriceTier, PriceWindow
from sim.settings.outcome import OutcomeSettings
from sim.settings.profile import AtCap, StageRole, StageSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import Backoff, Log, RetrySettings
from sim.settings.tries import Pick, TriesSettings
from sim.settings.workload import DemandWindow, TeamSettings, WorkloadKind, WorkloadSettings
from tests.worlds import agent, backend, loop, scenario

Fields = dict[str, st.SearchStrategy[Any]]


def of(*values: Any) -> st.SearchStrategy[Any]:
    """One of these."""
    return st.sampled_from(values)


SECONDS = of(
    0.0,
    5.0,
    {"dist": "exponential", "mean": 40.0},
    {"dist": "weibull", "mean": 90.0, "shape": 0.6},
    {"dist": "uniform", "low": 1.0, "high": 900.0},
)
TOKENS = of(0, 300, 2000, {"dist": "lognormal", "median": 300.0, "sigma": 1.0}, {"dist": "geometric", "mean": 500.0})
TURNS = of(1, 2, 4, {"dist": "geometric", "mean": 2.5}, {"dist": "uniform", "low": 1.0, "high": 6.0})
FACTOR = of(1.0, 0.5, {"dist": "lognormal", "median": 1.0, "sigma": 0.5})

ONE_TIER = [PriceTier(above_tokens=4000, input_usd_per_mtok=2.0)]
TWO_TIERS = [PriceTier(above_tokens=9000), PriceTier(above_tokens=3000, cache_read_usd_per_mtok=0.7, output_usd_per_mtok=9.0)]
NIGHT = [PriceWindow(from_h=22, until_h=6, multiplier=0.5)]
LATER = [DemandWindow(from_h=0.01, until_h=0.03, times=0.0), DemandWindow(until_h=0.5, times=2.5)]
TWO_WINDOWS = [PriceWindow(from_h=0, until_h=1, multiplier=2.0), PriceWindow(from_h=0.5, until_h=24, multiplier=3.0)]
WORKDAYS = [PriceWindow(from_h=9, until_h=18, multiplier=2.0, weekdays=["mon", "fri"], zone="Asia/Shanghai", dates=["2026-01-01/.."])]

DEARER_THEN_FREE = [
    EventSettings(kind=EventKind.price, at=15, backend="one", factor=2.0),
    EventSettings(kind=EventKind.price, at="2026-02-17T00:00:00Z", backend="two", factor=0.5),
    EventSettings(kind=EventKind.free, at="2026-02-17T00:00:40+00:00", backend="one", length_h=0.01),
]
COMES = [EventSettings(kind=EventKind.launch, at=20, backend="two")]
OUT = [
    EventSettings(kind=EventKind.brownout, at=5, backend="one", length_h=30 / 3600, slower=3.0, error_rate=0.2),
    EventSettings(kind=EventKind.outage, at=20, backend="one", length_h=15 / 3600),
]
PTU = ReservedSettings(
    units=10, usd_per_h=1.5, tokens_per_min=900.0, cache_read_weight=0.1, output_weight=8.0, window_s=30.0, least=5, step=5
)
SCALED = ServerSettings(
    replicas=0, batch=1, autoscale=AutoscaleSettings(most=3, least=0, target_calls=1.0, every_s=8.0, start_s=4.0, keep_s=16.0)
)
LESS = [
    EventSettings(kind=EventKind.limit, at=10, backend="one", length_h=0.02, factor=0.4),
    EventSettings(kind=EventKind.limit, at=25, backend="one", factor=2.0),
]
GOES = [EventSettings(kind=EventKind.retirement, at=30, backend="two")]

TWO_TEAMS = {"mine": TeamSettings(users=1, limit_share=0.7), "theirs": TeamSettings(users=1, times=2.0)}

BACKEND: Fields = {
    "input_usd_per_mtok": of(1.0, 0.0, 5.0),
    "output_usd_per_mtok": of(1.0, 0.0, 25.0),
    "cache_read_usd_per_mtok": of(None, 0.1, 0.0),
    "cache_write_usd_per_mtok": of(None, 1.25),
    "cache_write_1h_usd_per_mtok": of(None, 2.0),
    "tiers": of([], ONE_TIER, TWO_TIERS),
    "windows": of([], NIGHT, TWO_WINDOWS, WORKDAYS),
    "batch_discounts": of({}, {"cache_read": 0.0, "output": 0.3}),
    "fee": of(0.0, 0.055),
    "regional_surcharges": st.just({"eu": 0.1}),
    "region": of("", "eu"),
    "request_usd": of(0.0, 0.001),
    "cache": of(CacheKind.explicit, CacheKind.automatic, CacheKind.none),
    "cache_ttl_s": of(300.0, 0.0, 20.0, 3600.0),
    "cache_1h_tokens": of(0, 1500),
    "cache_min_tokens": of(0, 1024, 4000),
    "share_system": of(False, True),
    "context_window_tokens": of(10**9, 6000),
    "network_rtt_s": of(0.0, 0.03),
    "handshake_s": of(0.0, 0.4),
    "connection_idle_s": of(5.0, 0.0),
    "ttft_s": of(1.0, 0.0, 30.0),
    "prefill_tokens_per_s": of(None, 700.0),
    "context_s_per_100k_tokens": of(0.0, 3.0),
    "decode_tokens_per_s": of(None, 50.0),
    "noise_sigma": of(0.0, 0.7),
    "slots": of(None, 1, 2, 5),
    "queue_limit": of(None, 0, 3),
    "requests_per_min": of(None, 20.0),
    "input_tokens_per_min": of(None, 60_000.0),
    "output_tokens_per_min": of(None, 5000.0),
    "tokens_per_min": of(None, 60_000.0),
    "quotas": of({}, {"hour": QuotaSettings(window_h=1, tokens=90_000.0), "day": QuotaSettings(requests=70, zone="Asia/Kolkata")}),
    "limits_count_cache_reads": of(False, True),
    "limits_reserve_output_tokens": of(None, None, 900),
    "limit_gateway": of(False, True),
    "limit_gateway_most": of(None, None, 0, 2),
    "decode_slowdown": of(0.0, 0.2, 1.0),
    "kind": of(BackendKind.api, BackendKind.api, BackendKind.self_hosted),
    "reserved": of(ReservedSettings(), ReservedSettings(), PTU),
    "servers": of(ServerSettings(), ServerSettings(replicas=2, batch=1), ServerSettings(batch=2, memory_tokens=5000), SCALED),
    "error_rate": of(0.0, 0.3, 1.0),
    "error_billed": of(*Billed),
    "timeout_billed": of(*Billed),
    "reasoning_share": of(None, 0.6),
    "turn_multiplier": of(1.0, 1.4),
    "verbosity": of(1.0, 0.6),
    "quality": of(None, 0.7, 0.0, 1.0),
}  # fmt: skip
LOOP: Fields = {
    "system_tokens": of(1500, 0),
    "prompt_tokens": of(500, 0, {"dist": "lognormal", "median": 500.0, "sigma": 1.0}),
    "requests": of(1, 3, {"dist": "geometric", "mean": 2.0}),
    "request_tokens": TOKENS,
    "think_time_s": SECONDS,
    "turns": TURNS,
    "turns_scale": FACTOR,
    "turns_exponent": of(0.0, 0.5),
    "output_tokens": of(300, 1, {"dist": "lognormal", "median": 300.0, "sigma": 1.0}),
    "output_scale": FACTOR,
    "reasoning_share": of(0.0, 0.5, 1.0),
    "keep_reasoning": of(0.0, 0.3),
    "tool_result_tokens": TOKENS,
    "opening_turns": of(0, 2),
    "opening_result_tokens": TOKENS,
    "result_scale": FACTOR,
    "tool_time_s": SECONDS,
    "prior_tokens": of(0, 3000),
    "resumed_turns": of(1.0, 0.4),
    "rewrite_rate": of(0.0, 0.3),
    "compact_at_tokens": of(None, 4000, {"dist": "exponential", "mean": 5000.0}),
    "window_tokens": of(None, 5000, {"dist": "exponential", "mean": 9000.0}),
    "summary_tokens": of(200, {"dist": "geometric", "mean": 400.0}),
    "restore_tokens": of(0, 700),
}
AGENT: Fields = LOOP | {
    "kind": of(AgentKind.react, AgentKind.chat, AgentKind.orchestrator, AgentKind.debate, AgentKind.pipeline),
    "fanout": of(1, 2, 3, {"dist": "uniform", "low": 1.0, "high": 3.0}),
    "waves": of(1, 1, {"dist": "geometric", "mean": 1.5, "high": 2.0}),
    "turns_per_wave": of(None, None, 2),
    "delegated_share": of(0.0, 0.5, 1.0),
    "resumed_share": of(0.0, 0.5, 1.0),
    "depth": of(1, 2),
    "spawn_after_turn": of(1, 2),
    "max_parallel": of(None, 1, 2),
    "inherit_context": of(False, True),
    "report_tokens": TOKENS,
    "split": of(*Split),
    "warmup_turns": of(0, 2),
    "on_worker_failure": of(*OnFailure),
}
STAGE: Fields = LOOP | {
    "width": of(1, 2, {"dist": "geometric", "mean": 1.5}),
    "items": of(None, 0, 2, {"dist": "uniform", "low": 0.0, "high": 3.0}),
    "passes": of(1.0, 0.5, 0.0),
    "report_tokens": TOKENS,
}
CAPS: Fields = {"max_agents": of(None, 3, 6), "at_cap": of(*AtCap)}
TRIES: Fields = {
    "most": of(1, 2, 3),
    "parallel": of(False, True),
    "pick": of(*Pick),
    "true_positive": of(1.0, 0.8),
    "false_positive": of(0.0, 0.3),
    "verifier": of(None, loop(turns=1)),
    "keep_tokens": of(0, 400),
    "stop_when_lost": of(False, True),
}
OUTCOME: Fields = {
    "correlation": of(0.0, 0.9, 1.0),
    "length_exponent": of(0.0, 1.0),
    "reference_turns": of(50.0, 2.0),
    "effort": of(0.0, 1.0),
    "value_usd": of(0.0, 3.0),
    "success_exponent": of(0.0, 0.5),
    "wage_usd_per_h": of(0.0, 60.0),
    "deadline_s": of(None, 100.0),
}
RETRY: Fields = {
    "attempts": of(5, 1, 2),
    "backoff": of(*Backoff),
    "backoff_base_s": of(1.0, 0.0, 30.0),
    "backoff_cap_s": of(60.0, 5.0),
    "heeds_retry_after": of(True, False),
    "breaker_failures": of(None, None, 1, 3),
    "breaker_open_s": of(60.0, 5.0),
    "timeout_s": of(None, None, 2.5, 40.0),
    "patience_s": of(None, 4.0, {"dist": "exponential", "mean": 20.0}),
}
WORKLOAD: Fields = {
    "kind": of(WorkloadKind.open, WorkloadKind.users, WorkloadKind.trace),
    "tasks": of(3, 1, 8),
    "interarrival_s": of(0.0, 10.0, {"dist": "exponential", "mean": 30.0}, {"dist": "gamma", "mean": 30.0, "shape": 0.5}),
    "batch_size": of(1, 2, {"dist": "geometric", "mean": 2.0}),
    "hours": of([], [], LATER),
    "growth_per_week": of(1.0, 1.0, 1.5),
    "users": of(1, 2),
    "tasks_per_user": of(1, 2),
    "session_gap_s": SECONDS,
    "teams": of({}, TWO_TEAMS),
    "trace": st.just("excerpt"),
    "trace_sessions": st.just(1),
    "urgent_share": of(0.0, 0.5),
}
RECKON = {policy for policy in Policy if policy.traits(RouterSettings()).forecasts}
POLICIES = [policy for policy in Policy if policy not in {Policy.custom, Policy.recorded} | RECKON - {Policy.logit}]
"""Of those that reckon before a run, a second of a core each time, one stands for all."""
ROUTER: Fields = {
    "policy": of(*POLICIES),
    "per": of(*ChoosePer),
    "knows_cache": of(False, True),
    "backend": of(None, "one"),
    "weights": of({}, {"one": 1.0, "two": 0.5}),
    "roles": of({"worker": "two"}, {"lead": "two", "agent": "two", "verifier": "one"}),
    "quality_floor": of(0.0, 0.8),
    "fallback": of([], ["two"], ["two", "one"]),
    "fee": of(0.0, 0.1),
    "review_tasks": of(None, 2),
    "switching_cost_usd": of(0.0, 0.01),
}
BUDGET: Fields = {
    "usd": of(None, 0.003, 0.05),
    "per": of(*Per),
    "window_h": of(None, 0.02, 5.0),
    "zone": of("UTC", "Asia/Kolkata"),
    "at": of(*At),
    "then": of(*Then),
    "downgrade_to": of(None, "two"),
}
WORLD: Fields = {
    "seed": st.integers(0, 2**63 - 1),
    "horizon_s": of(None, 60.0, 2000.0),
    "batch": of(False, False, False, True),
    "start": of("2026-02-16T00:00:00", "2026-02-16T23:59:30"),
    "events": of([], [], [], DEARER_THEN_FREE, COMES, GOES, OUT, LESS),
}
Pins = Mapping[str, Any] | None
PLAIN_DOOR: dict[str, Any] = {
    "queue_limit": None, "requests_per_min": None, "input_tokens_per_min": None, "output_tokens_per_min": None, "tokens_per_min": None,
    "quotas": {},
}  # fmt: skip
"""A backend that turns nobody away."""


@st.composite
def pipelines(draw: st.DrawFn, max_parallel: int | None) -> dict[str, Any]:
    """Find, check each item, read all; a pipeline has no loop of its own."""
    find, check, merge = (draw(drawn(STAGE)) for _ in range(3))
    check |= {"each": "find", "role": draw(of(*StageRole))}
    merge |= {"reads": draw(of([], ["check"], ["find", "check"]))}
    stages = {name: StageSettings(**each) for name, each in (("find", find), ("check", check), ("merge", merge))}
    return {"kind": AgentKind.pipeline, "max_parallel": max_parallel, "order": list(stages), "stages": stages} | draw(drawn(CAPS))


def drawn(fields: Fields, pinned: Pins = None) -> st.SearchStrategy[dict[str, Any]]:
    """Values of these settings, the pinned ones as they are; or drawn from fewer, where a strategy is pinned."""
    fixed = {name: value if isinstance(value, st.SearchStrategy) else st.just(value) for name, value in (pinned or {}).items()}
    return st.fixed_dictionaries({**fields, **fixed})


def fitting(models: dict[str, dict[str, Any]], happens: dict[str, Any], retried: dict[str, Any]) -> None:
    """What servers of one's own, reserved units, shared decoding, batches, outages and deadlines do not have together."""
    for model in models.values():
        model["decode_slowdown"] *= happens["events"] != OUT
        if model["kind"] is BackendKind.self_hosted:
            model["slots"], model["reserved"], happens["batch"] = None, ReservedSettings(), False
            happens["events"] = [event for event in happens["events"] if event.kind in (*PRICED, EventKind.limit)]
        else:
            model["servers"] = ServerSettings()
            happens["batch"] &= not model["reserved"].units
        if model["kind"] is BackendKind.self_hosted or model["decode_slowdown"]:
            retried["timeout_s"] = None


@st.composite
def worlds(
    draw: st.DrawFn, /, *, backend_: Pins = None, agent_: Pins = None, worker: Pins = None, tries: Pins = None, outcome: Pins = None,
    retry: Pins = None, workload: Pins = None, router: Pins = None, budget: Pins = None, **world: Any,
) -> sim.Scenario:  # fmt: skip
    """A valid scenario of two backends, `one` and `two`."""
    work = draw(drawn(WORKLOAD, workload))
    work["trace"] *= work["kind"] is WorkloadKind.trace
    if work["kind"] is not WorkloadKind.users or work["users"] != 2:
        work["teams"] = {}
    set_agent = draw(drawn(AGENT, agent_))
    if set_agent["kind"] is AgentKind.chat:
        set_agent["turns"] = 1
    if set_agent["waves"] != 1 or not set_agent["delegated_share"]:
        set_agent["turns_per_wave"] = None
    made: Any = agent
    if set_agent["kind"] is AgentKind.pipeline:
        set_agent, made = draw(pipelines(set_agent["max_parallel"])), AgentSettings
    models = {name: draw(drawn(BACKEND, backend_)) for name in ("one", "two")}
    for model in models.values():
        if model["cache"] is not CacheKind.explicit or model["cache_ttl_s"] >= 3600:
            model["cache_1h_tokens"] = 0
        if work["kind"] is WorkloadKind.trace:
            model["context_window_tokens"] = 10**9
            for limit in ("input_tokens_per_min", "output_tokens_per_min", "tokens_per_min"):  # recorded calls pass, or nothing runs
                if model[limit] is not None:
                    model[limit] = max(model[limit], 250_000 * 60 / model.get("limit_burst_s", 60.0))
    tried = draw(drawn(TRIES, tries))
    routed = draw(drawn(ROUTER, router))
    if routed["policy"] in (Policy.thompson, Policy.ucb) or routed["review_tasks"]:
        routed["per"] = ChoosePer.task
    judged = draw(drawn(OUTCOME, outcome))
    tried["stop_when_lost"] &= judged["length_exponent"] > 0 and judged["success_exponent"] == 0
    spent = draw(drawn(BUDGET, budget))
    if spent["then"] is Then.wait and spent["per"] in (Per.task, Per.run):
        spent["then"] = Then.stop
    spent["window_h"] = (spent["window_h"] or 0.1) if spent["per"] is Per.rolling else None
    happens = draw(drawn(WORLD, world))
    retried = draw(drawn(RETRY, retry))
    fitting(models, happens, retried)
    try:
        return scenario(
            made(**set_agent, worker=loop(**draw(drawn(LOOP, worker))), tries=TriesSettings(**tried)),
            {name: backend(**model) for name, model in models.items()},
            workload=WorkloadSettings(**work),
            router=RouterSettings(**routed),
            retry=RetrySettings(**retried),
            outcome=OutcomeSettings(**judged),
            budget=BudgetSettings(**spent),
            log=Log.full,
            **happens,
        )
    except sim.ConfigError:
        reject()
