"""Shards: parts of a run that are simulated apart add up to the very bits of the whole, as far as tasks share nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import sim
from sim.engine.replicate import replicate
from sim.meter.sums import real
from sim.results.result import Result

COMMON = ["backends=[claude_opus_4_6,minimax_m2_5]", "router=weighted", "replications=1", "processes=1"]
WORLDS = {
    "solo, open arrivals": ["agent=solo", "workload.tasks=40", "market.models.claude_opus_4_6.error_rate=0.05"],
    "a team, a horizon": ["agent=team_2", "workload.tasks=null", "workload.interarrival_s=120", "horizon_s=4000"],
    "batches of chats": ["agent=chat", "workload.tasks=200", "workload.batch_size={dist: poisson, mean: 3, low: 1}"],
    "users": ["agent=chat", "workload=users", "workload.users=11", "workload.tasks_per_user=5"],
    "a trace": ["workload=trace", "workload.trace=excerpt", "router=fixed"],
    "budgets of single tasks": ["agent=solo", "workload.tasks=30", "budget.usd=2", "budget.per=task"],
}


def _tables(result: Result) -> list[np.ndarray]:
    calls = result.calls.sort_values(["task", "agent", "turn", "attempt", "role"]).reset_index(drop=True)
    return [calls.to_numpy(dtype=object), result.tasks.sort_values("task").to_numpy(dtype=object)]


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_shards_add_up_to_the_bits_of_the_whole(world: str) -> None:
    scenario = sim.load(*COMMON, *WORLDS[world])
    whole = sim.simulate(scenario)
    for shards in (2, 4):
        parts = sim.simulate(dataclasses.replace(scenario, shards=shards))
        assert parts.digest == whole.digest
        assert parts.summary.equals(whole.summary)
        assert parts.timeline.drop(columns="cost_usd").equals(whole.timeline.drop(columns="cost_usd"))
        np.testing.assert_allclose(parts.timeline["cost_usd"], whole.timeline["cost_usd"], rtol=1e-12)
        for mine, theirs in zip(_tables(parts), _tables(whole), strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_shards_in_other_processes_are_the_same_bits() -> None:
    scenario = sim.load(*COMMON, *WORLDS["solo, open arrivals"], "replications=2", "shards=3")
    assert sim.simulate(scenario).digest == sim.simulate(dataclasses.replace(scenario, processes=2)).digest


def test_a_log_of_shards_is_in_the_order_of_service() -> None:
    calls = sim.simulate(sim.load(*COMMON, *WORLDS["solo, open arrivals"], "shards=4")).calls
    assert calls["t_start_s"].is_monotonic_increasing
    assert calls["task"].nunique() == 40


@pytest.mark.slow
def test_a_backend_that_is_shared_is_dealt_out() -> None:
    """Eight slots at half load, as one line and as four lines of two: the same totals; who waits is another matter."""
    busy = ["market.models.claude_opus_4_6.slots=16", "market.models.claude_opus_4_6.decode_slowdown=0.02", "router=fixed"]
    scenario = sim.load(*COMMON, "agent=chat", "workload.tasks=6000", "workload.interarrival_s={dist: exponential, mean: 6}", *busy)
    whole, parts = (sim.simulate(dataclasses.replace(scenario, shards=n)) for n in (1, 4))
    for metric in ("total_tokens", "cost_usd", "calls", "tasks", "call_latency_p50_s", "task_latency_mean_s", "cache_hit_rate"):
        assert parts.mean(metric) == pytest.approx(whole.mean(metric), rel=0.02), metric


def test_some_shards_stand_for_all() -> None:
    """Extensive numbers are scaled; a quarter of 2,000 chats is within four standard errors of all of them."""
    scenario = sim.load(*COMMON, "agent=chat", "workload.tasks=2000", "router=fixed")
    whole, sample = sim.simulate(scenario), sim.simulate(dataclasses.replace(scenario, shards=4, shards_run=1))
    tally = replicate(dataclasses.replace(scenario, shards=4, shards_run=1), 0).tally
    assert sample.mean("tasks") == whole.mean("tasks") == 4 * tally.tasks
    assert sample.mean("cost_usd") == pytest.approx(4 * float(real(tally.cost_units)), rel=1e-12)
    assert sample.mean("cost_per_task_usd") == pytest.approx(tally.task_cost_usd / tally.tasks, rel=1e-12)
    costs = whole.tasks["cost_usd"]
    error = 2000 * costs.std() / np.sqrt(500)
    assert abs(sample.mean("cost_usd") - whole.mean("cost_usd")) < 4 * error
    assert sample.timeline["cost_usd"].sum() == pytest.approx(sample.mean("cost_usd"), rel=1e-9)
    assert "500 tasks" in sample.notes["sample"]
    assert "4 times" in sample.notes["sample"]
    assert "sample" not in whole.notes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["shards=2", "shards_run=3"], "shards_run=3: must be at most shards=2"),
        (["shards=4", "market.models.claude_opus_4_6.slots=3"], "claude_opus_4_6 has slots=3"),
        (["shards=4", "budget.usd=5"], "a budget of time or of the run is spent by all tasks together"),
        (["shards=4", "router=thompson"], "learns from all tasks"),
        (["shards=4", "workload=users", "workload.users=3"], "only 3 users"),
        (["shards=0"], "shards=0"),
    ],
)
def test_what_cannot_be_dealt_out_is_said(overrides: list[str], said: str) -> None:
    with pytest.raises(sim.ConfigError, match=said):
        sim.load("agent=chat", "backends=[claude_opus_4_6]", *overrides)
