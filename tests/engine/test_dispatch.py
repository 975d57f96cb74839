"""Attempts, retries, routes, windows and the end of a run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from sim.settings.market import Billed
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import Backoff, Log, RetrySettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from tests.worlds import agent, backend, loop, run, scenario, team

MANY: dict[str, Any] = {"tasks": 20_000, "log": Log.full}


def failing(rate: float, **changes: Any) -> Any:
    return backend(error_rate=rate, **changes)


@pytest.mark.slow
def test_attempts_of_a_call_follow_f8() -> None:
    """With failure rate q and n attempts: (1 - q^n)/(1 - q) attempts a call, q^n of the calls given up."""
    q, n = 0.3, 4
    result = run(agent(turns=1), failing(q), retry=RetrySettings(attempts=n), **MANY)
    calls = result.calls
    assert len(calls) / 20_000 == pytest.approx((1 - q**n) / (1 - q), rel=0.02)
    assert 1 - (calls["status"] == "ok").sum() / 20_000 == pytest.approx(q**n, rel=0.2)
    assert result.mean("failed_attempts") == (calls["status"] == "error").sum()


@pytest.mark.slow
def test_backoff_is_uniform_below_a_doubling_cap() -> None:
    retry = RetrySettings(attempts=6, backoff_base_s=2.0, backoff_cap_s=10.0)
    calls = run(agent(turns=1), failing(0.5, ttft_s=0.0), retry=retry, **MANY).calls.sort_values(["task", "attempt"])
    waits = calls["t_request_s"] - calls["t_end_s"].shift()
    for attempt, cap in ((1, 2), (2, 4), (3, 8), (4, 10), (5, 10)):
        these = waits[calls["attempt"] == attempt]
        assert these.max() <= cap
        assert these.mean() == pytest.approx(cap / 2, rel=0.06)


@pytest.mark.parametrize(
    ("backoff", "starts"),
    [(Backoff.exponential, [0, 2, 5, 10, 16, 22]), (Backoff.fixed, [0, 2, 4, 6, 8, 10])],
    ids=lambda case: getattr(case, "value", ""),
)
def test_a_schedule_without_jitter_by_hand(backoff: Backoff, starts: list[float]) -> None:
    """Attempts that fail after a second; then 1, 2, 4, 5, 5 s of waiting, or one each time."""
    retry = RetrySettings(attempts=6, backoff=backoff, backoff_base_s=1.0, backoff_cap_s=5.0)
    calls = run(agent(turns=1), failing(1.0), retry=retry).calls
    assert calls["t_request_s"].tolist() == starts


def test_a_client_that_does_not_heed_retry_after_asks_in_vain() -> None:
    """One request a minute: who heeds comes back once, at 60 s; who does not asks at 1, 3 and 7 s, and gives up."""
    for heeds, asked in ((True, [0, 0, 60]), (False, [0, 0, 1, 3, 7])):
        retry = RetrySettings(attempts=4, backoff=Backoff.exponential, backoff_base_s=1.0, heeds_retry_after=heeds)
        calls = run(agent(turns=1), backend(requests_per_min=1.0), tasks=2, retry=retry).calls
        assert sorted(calls["t_request_s"].round(9).tolist()) == asked
    never = run(agent(turns=1), backend(tokens_per_min=100.0), retry=RetrySettings(heeds_retry_after=False))
    assert never.mean("calls") == 1, "what would never pass is not tried again"


@pytest.mark.parametrize(
    ("billed", "tokens", "seconds"),
    [(Billed.nothing, (0, 0), 1.0), (Billed.input, (2000, 0), 1.0), (Billed.everything, (2000, 300), 4.0)],
)
def test_a_failed_attempt_costs_what_is_said(billed: Billed, tokens: tuple[int, int], seconds: float) -> None:
    served = failing(1.0, error_billed=billed, decode_tokens_per_s=100)
    calls = run(agent(turns=1), served, retry=RetrySettings(attempts=2)).calls
    assert list(calls["attempt"]) == [0, 1]
    assert calls[["input_tokens", "output_tokens"]].drop_duplicates().to_numpy().tolist() == [list(tokens)]
    assert (calls["t_end_s"] - calls["t_start_s"]).round(9).unique().tolist() == [seconds]
    assert calls["cost_usd"].iloc[0] == pytest.approx(sum(tokens) * 1e-6)


def test_a_task_whose_call_is_given_up_has_failed_and_is_over() -> None:
    result = run(agent(turns=5), failing(1.0, quality=1.0), tasks=10)
    assert result.mean("tasks") == 10
    assert result.mean("tasks_in_flight") == result.mean("calls_in_flight") == 0
    assert result.mean("success_rate") == 0


def test_a_team_goes_on_without_a_worker_that_failed() -> None:
    """Workers' prompts do not fit behind the lead's, so they fail at once; the lead reads no report and ends its turns."""
    short = {"output_tokens": 100, "tool_result_tokens": 0}
    workers = team(4, loop(), fanout=3, spawn_after_turn=2, report_tokens=5000, inherit_context=True, **short)
    result = run(workers, backend(context_window_tokens=4000, quality=1.0))
    assert result.calls.query("role == 'lead'")["input_tokens"].tolist() == [2000, 2100, 2200, 2300]
    assert (result.calls.query("role == 'worker'")["status"] == "too_long").all()
    assert result.calls.query("role == 'worker'")["cost_usd"].sum() == 0
    assert result.mean("success_rate") == 1


def test_luck_of_errors_does_not_move_the_work_itself() -> None:
    """With failures in between, the same turns ask for the same tokens."""
    varied = agent(output_tokens={"dist": "lognormal", "median": 300, "sigma": 1}, turns={"dist": "geometric", "mean": 9})
    calm, rough = (run(varied, failing(rate), tasks=50).calls.query("status == 'ok'") for rate in (0.0, 0.3))
    columns = ["task", "turn", "input_tokens", "output_tokens"]
    left, right = (calls.sort_values(["task", "turn"])[columns].reset_index(drop=True) for calls in (calm, rough))
    together = left.merge(right, on=["task", "turn"])
    assert len(together) > 300
    assert (together["output_tokens_x"] == together["output_tokens_y"]).all()
    assert (together["input_tokens_x"] == together["input_tokens_y"]).all()


WORLDS = {
    "dear": backend(input_usd_per_mtok=5.0),
    "cheap": backend(input_usd_per_mtok=0.3),
    "small": backend(input_usd_per_mtok=0.1, context_window_tokens=2500),
}


def routed(**router: Any) -> pd.Series:
    return run(team(1, loop(turns=1), fanout=4), WORLDS, tasks=2000, router=RouterSettings(**router)).calls["backend"]


def test_fixed_takes_the_one_named_else_the_first() -> None:
    assert set(routed()) == {"dear"}
    assert set(routed(backend="cheap")) == {"cheap"}


def test_cheapest_takes_the_least_list_price_that_fits() -> None:
    assert set(routed(policy=Policy.cheapest)) == {"small"}
    per_call = run(agent(turns=3), WORLDS, router=RouterSettings(policy=Policy.cheapest, per=ChoosePer.call)).calls
    assert per_call["backend"].tolist() == ["small", "cheap", "cheap"]


def test_weighted_splits_as_weighted() -> None:
    shares = routed(policy=Policy.weighted, per=ChoosePer.call, weights={"dear": 1, "cheap": 3}).value_counts(normalize=True)
    assert shares["cheap"] == pytest.approx(0.75, abs=0.02)
    assert "small" not in shares


def test_by_role_gives_the_lead_and_its_workers_their_own() -> None:
    worlds = {"dear": backend(), "cheap": backend()}
    router = RouterSettings(policy=Policy.by_role, roles={"lead": "dear", "worker": "cheap"})
    calls = run(team(2, loop(turns=3), fanout=4), worlds, router=router).calls
    assert set(zip(calls["role"], calls["backend"], strict=True)) == {("lead", "dear"), ("worker", "cheap")}


def test_a_prompt_over_the_window_is_refused_for_nothing() -> None:
    result = run(agent(turns=10), backend(context_window_tokens=4500, quality=1.0))
    assert result.calls["status"].tolist() == ["ok", "ok", "ok", "too_long"]
    assert result.mean("calls_too_long") == result.mean("calls_given_up") == 1
    assert "(prompts longer than the context window: 1)" in result.notes["lost"]
    assert result.calls["cost_usd"].iloc[-1] == 0
    assert result.mean("success_rate") == 0


def test_the_batch_queue_is_cheaper_and_late() -> None:
    served = backend(batch_discount=0.5, batch_latency_s=3600.0, slots=1)
    now, later = run(agent(), served), run(agent(), served, batch=True)
    assert later.mean("cost_usd") == now.mean("cost_usd") / 2
    assert (later.calls["t_end_s"] - later.calls["t_request_s"]).tolist() == [3600.0] * 10


def test_at_the_horizon_what_is_under_way_is_counted_not_dropped() -> None:
    result = run(agent(tool_time_s=1.0), backend(ttft_s=10.0), tasks=20, every_s=5.0, horizon_s=60.0)
    assert result.mean("tasks") == 0
    assert result.mean("tasks_in_flight") == 11
    assert (result.calls["t_end_s"] < 60).all()
    everything = run(agent(tool_time_s=1.0), backend(ttft_s=10.0), tasks=20, every_s=5.0).calls
    asked = everything[everything["t_request_s"] < 60]
    assert len(result.calls) == (asked["t_end_s"] < 60).sum()
    assert result.mean("calls_in_flight") == (asked["t_end_s"] >= 60).sum() > 0
    assert result.mean("total_tokens") == result.calls[["input_tokens", "output_tokens"]].to_numpy().sum()


def test_users_work_one_session_after_another() -> None:
    crowd = WorkloadSettings(kind=WorkloadKind.users, users=7, tasks_per_user=5, session_gap_s={"dist": "exponential", "mean": 30})
    tasks = run(agent(requests=3, think_time_s=20.0), workload=crowd).tasks.sort_values(["user", "t_arrive_s"])
    assert len(tasks) == 35
    assert tasks["thinking_s"].eq(40.0).all()
    gaps = (tasks["t_arrive_s"] - tasks.groupby("user")["t_end_s"].shift()).dropna()
    assert (gaps >= 0).all()
    assert gaps.mean() == pytest.approx(30, rel=0.5)


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "cv"), [(1.0, 1.0), (0.5, 2**0.5), (0.25, 2.0)])
def test_bursts_have_the_variation_they_should(shape: float, cv: float) -> None:
    arrivals = run(agent(turns=1), tasks=20_000, every_s={"dist": "gamma", "mean": 60, "shape": shape}).tasks["t_arrive_s"].sort_values()
    gaps = np.diff(arrivals)
    assert gaps.mean() == pytest.approx(60, rel=0.05)
    assert gaps.std() / gaps.mean() == pytest.approx(cv, rel=0.05)


def test_only_so_many_workers_run_at_a_time() -> None:
    calls = run(team(2, loop(turns=3), fanout=7, max_parallel=2)).calls.query("role == 'worker'")
    spans = calls.groupby("agent").agg(begin=("t_request_s", "min"), end=("t_end_s", "max"))
    assert len(spans) == 7
    assert all(((spans["begin"] <= t) & (spans["end"] > t)).sum() <= 2 for t in spans["begin"])
    assert calls["t_end_s"].max() == pytest.approx(1 + 4 * 3)


def test_network_prefill_context_decoding_and_line_add_up() -> None:
    served = backend(network_rtt_s=0.2, ttft_s=0.5, prefill_tokens_per_s=1000, context_s_per_100k_tokens=10, decode_tokens_per_s=50)
    calls = run(agent(turns=2), served).calls
    first, second = calls["t_first_token_s"] - calls["t_start_s"]
    assert first == pytest.approx(0.2 + 0.5 + 2.0 + 0.2)
    assert second == pytest.approx(0.2 + 0.5 + 1.0 + 0.3)
    assert (calls["t_end_s"] - calls["t_first_token_s"]).tolist() == pytest.approx([6.0, 6.0])


def test_everything_adds_up_whatever_happens() -> None:
    """Tokens and dollars of calls, tasks, timeline and summary agree where calls fail, compact, wait, move and fan out."""
    world = scenario(
        team(
            12, loop(turns=6, output_tokens={"dist": "exponential", "mean": 400}), fanout=3, depth=2, max_parallel=2,
            compact_at_tokens=8000, tool_time_s={"dist": "exponential", "mean": 100}, reasoning_share=0.3, inherit_context=True,
        ),
        {"one": backend(error_rate=0.1, error_billed=Billed.input, slots=3), "two": backend(decode_slowdown=0.1, decode_tokens_per_s=50)},
        tasks=15, every_s=3.0, replications=2, router=RouterSettings(policy=Policy.weighted, per=ChoosePer.call),
    )  # fmt: skip
    result = sim.simulate(world)
    for kind in ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens"):
        assert result.calls[kind].sum() == result.tasks[kind].sum() == result.timeline[kind].sum() == 2 * result.mean(kind)
    parts = sum(result.mean(f"cost_{part}_usd") for part in ("fresh_input", "cache_read", "cache_write", "output", "fees"))
    assert parts == pytest.approx(result.mean("cost_usd"), rel=1e-12)
    assert result.calls["cost_usd"].sum() == pytest.approx(2 * parts, rel=1e-12)
    assert result.mean("calls_in_flight") == result.mean("tasks_in_flight") == 0
    times = result.calls[["t_request_s", "t_start_s", "t_first_token_s", "t_end_s"]].to_numpy()
    assert (np.diff(times, axis=1) >= -1e-9).all()
