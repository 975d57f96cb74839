"""What holds for every scenario, on small ones drawn by hypothesis: books that balance, order in time, monotonicity, invariance.

Each theorem pins what it needs pinned and says why. `make fuzz` draws many more scenarios.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import sim
from sim.meter.tally import TOKENS
from sim.results.provider import sides
from sim.settings.agent import AgentKind, Split
from sim.settings.capacity.reserved import ReservedSettings
from sim.settings.capacity.servers import BackendKind
from sim.settings.market import BackendSettings, Billed
from sim.settings.outcome import OutcomeSettings
from sim.settings.router import Policy, RouterSettings
from sim.settings.run import Log
from sim.settings.tries import Pick, TriesSettings
from sim.settings.workload import WorkloadKind
from sim.sweeps.sweep import replaced
from tests.generated import NIGHT, PLAIN_DOOR, of, worlds
from tests.settings.provider.test_fleet import provider
from tests.worlds import agent, backend, loop, run, team, with_

ONE = {"policy": Policy.fixed, "fallback": [], "backend": "one"}
"""Router: everything on the first backend."""
ALONE = {
    **PLAIN_DOOR,
    "kind": BackendKind.api,
    "reserved": ReservedSettings(),
    "slots": None,
    "decode_slowdown": 0.0,
    "share_system": False,
}
"""Backend: no call waits for another, or gains from one."""
UNLIMITED = {"usd": None}
DURATIONS = ("network_rtt_s", "handshake_s", "connection_idle_s", "ttft_s", "context_s_per_100k_tokens", "cache_ttl_s", "limit_burst_s")
RATES = ("prefill_tokens_per_s", "decode_tokens_per_s", "requests_per_min", "input_tokens_per_min", "output_tokens_per_min")
PRICES = ("input", "output", "cache_read", "cache_write", "cache_write_1h")


def rows(result: sim.Result, *leave_out: str) -> pd.DataFrame:
    """The call log in an order that no event decides."""
    key = ["replication", "task", "agent", "turn", "role", "attempt", "t_request_s"]
    return result.calls.sort_values(key, kind="stable", ignore_index=True).drop(columns=list(leave_out))


def with_models(scenario: sim.Scenario, change: Any) -> sim.Scenario:
    """A copy in which `change` has been made to each backend."""
    models = {name: change(model) for name, model in scenario.market.models.items()}
    return with_(scenario, market=with_(scenario.market, models=models))


@pytest.mark.slow
@given(worlds())
def test_books_balance_and_time_goes_forward(world: sim.Scenario) -> None:
    """Call log = tasks = summary: to the token, and to 1e-9 of the dollars. No nan, nothing negative, every attempt in order."""
    result = sim.simulate(world)
    calls, tasks = result.calls, result.tasks
    by_task = calls.groupby("task")[[*TOKENS, "cost_usd"]].sum().reindex(tasks["task"], fill_value=0)
    np.testing.assert_array_equal(by_task[list(TOKENS)], tasks[list(TOKENS)])
    np.testing.assert_allclose(by_task["cost_usd"], tasks["cost_usd"], rtol=1e-9, atol=1e-15)
    np.testing.assert_array_equal(calls["task"].value_counts().reindex(tasks["task"], fill_value=0), tasks["calls"])
    for kind in TOKENS:
        assert result.mean(kind) == calls[kind].sum()
    assert result.mean("calls") == len(calls)
    of_calls = result.mean("cost_usd") - result.mean("cost_servers_usd") - result.mean("cost_units_usd")
    assert of_calls == pytest.approx(calls["cost_usd"].sum(), rel=1e-9, abs=1e-9)
    assert of_calls == pytest.approx(result.timeline["cost_usd"].sum(), rel=1e-9, abs=1e-9)
    placed = with_models(
        with_(world, provider=provider(usd_per_kwh={"us": [0.1, 0.2], "eu": [0.1, 0.3]})), lambda one: with_(one, serving="us")
    )
    served = sides.table(placed, result.estimates.pooled).set_index("who")
    assert served.loc["all", "revenue_usd"] == pytest.approx(result.mean("cost_usd"), rel=1e-9, abs=1e-12)
    assert served.loc["all", "tokens"] == result.mean("total_tokens")
    if world.horizon_s is None:
        assert result.mean("tasks_in_flight") == result.mean("calls_in_flight") == 0
        assert result.mean("agents") == tasks["agents"].sum()
    numbers = pd.concat([calls.select_dtypes("number").stack(), tasks.select_dtypes("number").stack()])
    assert np.isfinite(numbers).all()
    assert (numbers >= 0).all()
    for earlier, later in (("t_request_s", "t_start_s"), ("t_start_s", "t_first_token_s"), ("t_first_token_s", "t_end_s")):
        assert (calls[earlier] <= calls[later]).all()
    assert (calls["cache_read_tokens"] + calls["cache_write_tokens"] <= calls["input_tokens"]).all()
    assert (calls["reasoning_tokens"] <= calls["output_tokens"]).all()
    assert (tasks["t_arrive_s"] <= tasks["t_end_s"]).all()
    assert (tasks["thinking_s"] <= (tasks["t_end_s"] - tasks["t_arrive_s"]) * (1 + 1e-9) + 1e-9).all()
    spans = calls.groupby("task").agg(first=("t_request_s", "min"), last=("t_end_s", "max")).reindex(tasks["task"])
    assert not (spans["first"].to_numpy() < tasks["t_arrive_s"]).any()
    assert not (spans["last"].to_numpy() > tasks["t_end_s"]).any()
    means = result.summary["mean"].drop("net_value_per_task_usd")
    assert not (means < 0).any()
    assert not np.isinf(means).any()


@given(worlds())
def test_attempts_are_numbered_and_only_the_last_may_succeed(world: sim.Scenario) -> None:
    for _, mine in rows(sim.simulate(world)).groupby(["task", "agent", "turn", "role"]):
        assert mine["attempt"].tolist() == list(range(len(mine)))
        assert (mine["status"].iloc[:-1] != "ok").all()
        assert (mine["t_end_s"].iloc[:-1].to_numpy() <= mine["t_request_s"].iloc[1:].to_numpy()).all()
        assert len(mine) <= world.retry.attempts


@pytest.mark.slow
@settings(max_examples=max(8, settings().max_examples // 3))
@given(worlds(), of(Log.none, Log.sample))
def test_a_log_changes_nothing(world: sim.Scenario, log: Log) -> None:
    full, other = sim.simulate(world), sim.simulate(with_(world, log=log, log_sample=2))
    assert full.digest == other.digest
    pd.testing.assert_frame_equal(full.summary, other.summary)


@given(worlds(router={**ONE, "roles": {}, "weights": {}}, budget={"downgrade_to": "one"}, events=[]), st.booleans())
def test_a_backend_that_nobody_takes_changes_no_bit(world: sim.Scenario, first: bool) -> None:
    """Pinned: a policy that weighs backends would weigh it too."""
    models = world.market.models
    alone = with_(world, backends=["one"], market=with_(world.market, models={"one": models["one"]})).check()
    both = with_(world, backends=["two", "one"] if first else ["one", "two"])
    one, other = sim.simulate(alone), sim.simulate(both)
    pd.testing.assert_frame_equal(rows(one), rows(other), check_exact=True)
    pd.testing.assert_frame_equal(one.tasks, other.tasks, check_exact=True)
    assert first or one.digest == other.digest


@pytest.mark.slow
@settings(max_examples=max(8, settings().max_examples // 3))  # its routers weigh bills anew: each takes a pilot of thousands of calls
@given(worlds())
def test_prices_twice_as_high_are_dollars_twice_as_many(world: sim.Scenario) -> None:
    """Bit by bit, 2 being a power of 2. Budgets, values, wages and tastes are prices too."""

    def dearer(model: Any) -> Any:
        changed = {f"{kind}_usd_per_mtok": getattr(model, f"{kind}_usd_per_mtok") for kind in PRICES}
        twice = {name: value and 2 * value for name, value in changed.items()}
        if isinstance(model, BackendSettings):
            twice |= {"tiers": [dearer(tier) for tier in model.tiers], "request_usd": 2 * model.request_usd}
            twice["reserved"] = with_(model.reserved, usd_per_h=2 * model.reserved.usd_per_h) if model.reserved.units else model.reserved
            if model.kind is BackendKind.self_hosted:
                twice["servers"] = with_(model.servers, usd_per_h=2 * model.servers.usd_per_h)
        return with_(model, **twice)

    assume(world.router.policy not in (Policy.logit_log, Policy.thompson, Policy.ucb))  # logarithms and squares of dollars round anew
    money = {
        "router.scale_usd": 2 * world.router.scale_usd,
        "router.switching_cost_usd": 2 * world.router.switching_cost_usd,
        "outcome.value_usd": 2 * world.outcome.value_usd,
        "outcome.wage_usd_per_h": 2 * world.outcome.wage_usd_per_h,
        "budget.usd": world.budget.usd and 2 * world.budget.usd,
    }
    one, two = sim.simulate(world), sim.simulate(replaced(with_models(world, dearer), money))
    pd.testing.assert_frame_equal(rows(one, "cost_usd"), rows(two, "cost_usd"), check_exact=True)
    np.testing.assert_array_equal(2 * rows(one)["cost_usd"], rows(two)["cost_usd"])
    assert two.mean("cost_usd") == 2 * one.mean("cost_usd")


def slower(settings: Any) -> Any:
    """Every time in a loop twice as long."""
    return with_(settings, think_time_s=twice(settings.think_time_s), tool_time_s=twice(settings.tool_time_s))


def twice(quantity: Any) -> Any:
    """A quantity of seconds, doubled."""
    if isinstance(quantity, dict):
        return {name: 2 * value if name in ("mean", "low", "high") else value for name, value in quantity.items()}
    return quantity and 2 * quantity


@given(
    worlds(
        backend_={"windows": [], "cache_write_1h_usd_per_mtok": None, "cache_1h_tokens": 0, **PLAIN_DOOR},
        router=ONE,
        budget=UNLIMITED,
        events=[],
        workload={"hours": [], "growth_per_week": 1.0},
    )
)
def test_times_twice_as_long_are_a_run_twice_as_long(world: sim.Scenario) -> None:
    """Bit by bit. Pinned: prices by hour of the day or of entry, budgets by hour, rate limits (with room for rounding in seconds)."""

    def half_as_fast(model: BackendSettings) -> BackendSettings:
        longer = {name: 2 * getattr(model, name) for name in DURATIONS}
        rates = {name: getattr(model, name) and getattr(model, name) / 2 for name in RATES}
        auto, units = model.servers.autoscale, model.reserved
        if units.tokens_per_min:
            longer["reserved"] = with_(units, window_s=2 * units.window_s, tokens_per_min=units.tokens_per_min / 2)
        if model.kind is BackendKind.self_hosted:
            slow = with_(auto, every_s=2 * auto.every_s, start_s=2 * auto.start_s, keep_s=2 * auto.keep_s)
            longer["servers"] = with_(model.servers, autoscale=slow if auto.most else auto)
        return with_(model, **longer, **rates, batch_latency_s=twice(model.batch_latency_s))

    agent, work, retry = world.agent, world.workload, world.retry
    stretched = with_(
        with_models(world, half_as_fast),
        horizon_s=world.horizon_s and 2 * world.horizon_s,
        agent=with_(
            slower(agent),
            worker=slower(agent.worker),
            stages={name: slower(each) for name, each in agent.stages.items()},
            tries=with_(agent.tries, verifier=agent.tries.verifier and slower(agent.tries.verifier)),
        ),
        outcome=with_(world.outcome, deadline_s=world.outcome.deadline_s and 2 * world.outcome.deadline_s),
        workload=with_(
            work, interarrival_s=twice(work.interarrival_s), session_gap_s=twice(work.session_gap_s), trace_gap_s=2 * work.trace_gap_s
        ),
        retry=with_(
            retry,
            backoff_base_s=2 * retry.backoff_base_s,
            backoff_cap_s=2 * retry.backoff_cap_s,
            timeout_s=twice(retry.timeout_s),
            breaker_open_s=2 * retry.breaker_open_s,
            patience_s=twice(retry.patience_s),
        ),
    )
    assume(work.kind is not WorkloadKind.trace)  # its waits are recorded ones
    one, two = sim.simulate(world), sim.simulate(stretched)
    times = ["t_request_s", "t_start_s", "t_first_token_s", "t_end_s"]
    pd.testing.assert_frame_equal(rows(one, *times), rows(two, *times), check_exact=True)
    np.testing.assert_array_equal(2 * rows(one)[times], rows(two)[times])
    np.testing.assert_array_equal(2 * one.tasks[["t_arrive_s", "t_end_s"]], two.tasks[["t_arrive_s", "t_end_s"]])


@given(worlds(router=ONE, budget=UNLIMITED), of(*PRICES), of(1.5, 10.0))
def test_a_higher_price_never_lowers_a_bill(world: sim.Scenario, kind: str, times: float) -> None:
    """Pinned: a router or a budget would make another run of it."""
    field = f"{kind}_usd_per_mtok"

    def dearer(model: BackendSettings) -> BackendSettings:
        price = getattr(model, field)
        return with_(model, **{field: None if price is None else times * price + 0.01})

    one, two = sim.simulate(world), sim.simulate(with_models(world, dearer))
    pd.testing.assert_frame_equal(rows(one, "cost_usd"), rows(two, "cost_usd"), check_exact=True)
    assert (rows(two)["cost_usd"] >= rows(one)["cost_usd"]).all()


ONE_TURN = {"turns": 1, "requests": 1, "turns_scale": 1.0, "kind": AgentKind.react, "compact_at_tokens": None, "window_tokens": None}


@given(
    worlds(
        backend_={**ALONE, "slots": 1, "turn_multiplier": 1.0},
        agent_=ONE_TURN,
        tries={"most": 1, "verifier": None, "stop_when_lost": False},
        outcome={"effort": 0.0},
        retry={"attempts": 1, "patience_s": None, "timeout_s": None, "breaker_failures": None},
        workload={"kind": WorkloadKind.open, "tasks": 40, "interarrival_s": {"dist": "exponential", "mean": 6.0}, "urgent_share": 0.0},
        router=ONE,
        budget=UNLIMITED,
        horizon_s=None,
        batch=False,
        events=[],
    ),
    st.integers(1, 4),
)
def test_one_slot_more_makes_no_call_wait_longer(world: sim.Scenario, slots: int) -> None:
    """Path by path (Kiefer and Wolfowitz 1955): in a line first come, first served, of calls whose arrivals and times are given.

    Pinned: agents of one call, so that no arrival depends on a wait; no retries, priorities or caches that others fill.
    """
    fewer, more = (rows(sim.simulate(with_models(world, lambda model, n=n: with_(model, slots=n)))) for n in (slots, slots + 1))
    pd.testing.assert_series_equal(fewer["t_request_s"], more["t_request_s"], check_exact=True)
    assert (more["t_start_s"] <= fewer["t_start_s"]).all()


@given(
    worlds(
        backend_={**ALONE, "cache_1h_tokens": 0},
        retry={"patience_s": None, "timeout_s": None, "breaker_failures": None},
        router=ONE,
        budget=UNLIMITED,
        horizon_s=None,
    ),
    of(0.0, 5.0, 20.0, 300.0),
    of(1.0, 60.0, 3600.0),
)
def test_entries_that_live_longer_are_hit_no_less(world: sim.Scenario, ttl_s: float, more_s: float) -> None:
    """Call by call. Each gap that an entry has to outlive is a wait for tools, for users, or for sub-agents, whom hits make no slower.

    Pinned: no line, no shared speed, no shared heads: there a call that comes earlier can come too early for another's entry.
    """
    one, two = (
        rows(sim.simulate(with_models(world, lambda model, ttl=ttl: with_(model, cache_ttl_s=ttl)))) for ttl in (ttl_s, ttl_s + more_s)
    )
    assert (two["cache_read_tokens"] >= one["cache_read_tokens"]).all()
    assert (two["t_end_s"] <= one["t_end_s"] * (1 + 1e-12)).all()


@pytest.mark.slow
@given(
    worlds(
        backend_=ALONE,
        agent_={"kind": AgentKind.orchestrator, "depth": 1, "max_parallel": None, "split": Split.replicate},
        tries={"most": 1, "verifier": None, "stop_when_lost": False},
        retry={"patience_s": None, "timeout_s": None, "breaker_failures": None},
        workload={"kind": WorkloadKind.open},
        router={"policy": Policy.by_role, "fallback": [], "review_tasks": None},
        budget=UNLIMITED,
        horizon_s=None,
    ),
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_more_workers_leave_the_first_ones_as_they_were(world: sim.Scenario, few: int, more: int) -> None:
    """Rows of workers 0 to k - 1, and of their lead up to the moment it sends them out, in a team of k and in a larger one.

    Pinned: unlimited slots, no shared heads: workers would wait for, or read, one another.
    """
    one, two = (rows(sim.simulate(replaced(world, {"agent.fanout": fanout}))) for fanout in (few, few + more))
    mine = {f"0.{index}{end}" for index in range(few) for end in ("", "r")}

    def before(table: pd.DataFrame) -> pd.DataFrame:
        early = (table["agent"] == "0") & (table["turn"] < world.agent.spawn_after_turn)
        return table[table["agent"].isin(mine) | early].reset_index(drop=True)

    pd.testing.assert_frame_equal(before(one), before(two), check_exact=True)


def test_workers_without_a_share_of_the_job_end_at_once_and_the_lead_waits_for_the_others() -> None:
    """A job of two turns divided over five: three have nothing to report, two report after a turn of a second; then the lead goes on."""
    shared = team(2, loop(turns=2), fanout=5, split=Split.divide, report_tokens=10)
    result = run(shared)
    calls = result.calls.set_index(["agent", "turn"])
    assert result.mean("agents") == 6
    assert sorted(calls.index) == [("0", 0), ("0", 1), ("0.0", 0), ("0.1", 0)]
    assert calls.loc[("0", 1), "t_request_s"] == calls.loc[("0.1", 0), "t_end_s"] == 2.0
    assert calls.loc[("0", 1), "input_tokens"] == 2000 + 300 + 700 + 2 * 10
    assert result.mean("tasks_in_flight") == 0
    assert result.theory.values["input_tokens"] == pytest.approx(result.mean("input_tokens"), rel=1e-9)


def test_theory_does_not_forget_a_team_because_it_cannot_say_its_price() -> None:
    result = run(team(3, loop(turns=4), fanout=3), backend(windows=NIGHT), tasks=2)
    assert result.theory.values["calls"] == pytest.approx(result.mean("calls"), rel=1e-9)
    assert result.theory.values["input_tokens"] == pytest.approx(result.mean("input_tokens"), rel=1e-9)
    assert "cost_usd" not in result.theory.values


def test_debaters_of_a_later_try_are_its_own() -> None:
    paths = run(agent(kind=AgentKind.debate, fanout=2, turns=1, tries=TriesSettings(most=2, pick=Pick.majority))).calls["agent"]
    assert sorted(paths) == ["0", "0.0", "1", "1.0"]


def test_a_wait_for_the_user_counts_once_however_many_agents_wait() -> None:
    """Two conversations side by side, of three messages of a second each and five seconds of thought before the last two."""
    chat = agent(kind=AgentKind.chat, turns=1, requests=3, think_time_s=5.0, tries=TriesSettings(most=2, parallel=True))
    tasks = run(chat).tasks
    assert (tasks["thinking_s"].item(), tasks["t_end_s"].item()) == (10.0, 13.0)


def test_an_agent_that_may_be_lost_can_be_routed_by_its_prompt() -> None:
    lost = agent(turns=3, tries=TriesSettings(stop_when_lost=True))
    models = {"dear": backend(input_usd_per_mtok=9.0), "cheap": backend(quality=0.5)}
    calls = run(lost, models, router=RouterSettings(policy=Policy.cheapest), outcome=OutcomeSettings(length_exponent=1.0)).calls
    assert set(calls["backend"]) == {"cheap"}


def test_a_slot_is_free_at_the_moment_at_which_a_billed_failure_ends() -> None:
    """To the last bit, or the law of utilisation would see two calls on one slot."""
    served = backend(slots=1, error_rate=0.5, error_billed=Billed.everything, noise_sigma=0.7, decode_tokens_per_s=50.0)
    calls = run(agent(turns=2), served, tasks=100).calls.sort_values("t_start_s")
    assert (calls["t_start_s"].to_numpy()[1:] >= calls["t_end_s"].to_numpy()[:-1]).all()
    assert (calls["status"] == "error").any()


def test_a_worker_without_a_share_waits_for_no_user() -> None:
    shared = team(1, loop(turns=1, requests=2, think_time_s=5.0), fanout=2, split=Split.divide)
    tasks = run(shared).tasks
    assert (tasks["thinking_s"].item(), tasks["t_end_s"].item()) == (5.0, 8.0)
