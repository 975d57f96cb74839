"""Warm-up and backlog: what is left out, how much of it, and that the rest is what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from sim.engine.replicate import PILOT, cut_of, replicate
from sim.settings.agent import AgentKind
from sim.settings.run import Log, RetrySettings, Warmup
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.statistics import mser5
from tests.worlds import agent, backend, loop, run, scenario, team, with_

RHO = 0.9


def single_server(tasks: int, **changes: Any) -> sim.Scenario:
    """M/M/1 with a load of 0.9 and services of 1 s, from an empty start: one call a task, its length in the tokens."""
    words = {"dist": "exponential", "mean": 1000.0}
    served = backend(slots=1, ttft_s=0.0, decode_tokens_per_s=1000.0)
    gaps = {"dist": "exponential", "mean": 1 / RHO}
    return scenario(agent(turns=1, output_tokens=words), served, tasks=tasks, every_s=gaps, **changes)


def brute(values: list[float]) -> int:
    """MSER-5 as White (1997) writes it, one cut after another."""
    means = [sum(values[i : i + 5]) / 5 for i in range(0, len(values) - 4, 5)]
    if len(means) < 2:
        return 0
    errors = []
    for cut in range(len(means) // 2 + 1):
        rest = means[cut:]
        mean = sum(rest) / len(rest)
        errors.append(sum((value - mean) ** 2 for value in rest) / len(rest) ** 2)
    return 5 * errors.index(min(errors))


@pytest.mark.parametrize("seed", range(40))
def test_mser5_is_what_it_says(seed: int) -> None:
    luck = np.random.default_rng(seed)
    length = int(luck.integers(0, 300))
    series = (
        luck.exponential(1.0, length) + luck.uniform(-9, 9) * np.exp(-np.arange(length) / luck.uniform(1, 60)) + luck.uniform(-1e4, 1e4)
    )
    assert mser5(series) == brute(series.tolist())


def test_mser5_finds_where_a_series_settles() -> None:
    assert mser5([9.0] * 40 + [1.0, 2.0] * 80) == 40
    assert mser5([1.0, 2.0] * 100) == 0
    assert mser5([5.0] * 9) == 0


@pytest.mark.parametrize("shards", [1, 2])
def test_the_summary_is_of_what_came_after_the_cut_and_the_rest_of_the_whole_run(shards: int) -> None:
    """Recomputed from the tables, whole as they are; nothing that happens is moved."""
    gaps = {"dist": "exponential", "mean": 20.0}
    work = team(3, loop(turns={"dist": "geometric", "mean": 3.0}, tool_time_s=gaps), fanout=2)
    served = backend(error_rate=0.1, noise_sigma=0.5, quality=0.6, **({"slots": 8} if shards == 1 else {}))
    whole = run(work, served, tasks=60, every_s=gaps, horizon_s=900.0, retry=RetrySettings(attempts=2), replications=3, shards=shards)
    cut = run(
        work, served, tasks=60, every_s=gaps, horizon_s=900.0, retry=RetrySettings(attempts=2), replications=3, shards=shards,
        warmup=Warmup.fixed, warmup_s=300.0,
    )  # fmt: skip
    assert cut.digest == whole.digest
    in_order = ["replication", "t_start_s", "task", "agent", "attempt"]  # at one moment any may come first
    pd.testing.assert_frame_equal(*(each.calls.sort_values(in_order, ignore_index=True) for each in (cut, whole)))
    pd.testing.assert_frame_equal(cut.timeline, whole.timeline)
    calls, tasks, timeline = cut.calls, cut.tasks, cut.timeline
    calls, tasks = calls[calls["t_request_s"] >= 300], tasks[tasks["t_arrive_s"] >= 300]
    busy = tasks["t_end_s"] - tasks["t_arrive_s"] - tasks["thinking_s"]
    late = timeline[timeline["t_s"] >= 300]
    by_minute = late.assign(tokens=late["input_tokens"] + late["output_tokens"]).groupby(["replication", "t_s"])["tokens"].sum()
    known = {
        "tasks": len(tasks) / 3,
        "calls": len(calls) / 3,
        "input_tokens": calls["input_tokens"].sum() / 3,
        "cost_usd": calls["cost_usd"].sum() / 3,
        "failed_attempts": (calls["status"] != "ok").sum() / 3,
        "cost_per_task_usd": tasks["cost_usd"].mean(),
        "success_rate": tasks["success"].mean(),
        "cost_per_busy_hour_usd": tasks["cost_usd"].sum() / busy.sum() * 3600,
        "cache_hit_rate": calls["cache_read_tokens"].sum() / calls["input_tokens"].sum(),
        "task_latency_mean_s": busy[tasks["finished"]].mean(),
        "tasks_lost": (~tasks["finished"]).sum() / 3,
        "mean_line_wait_s": (calls["t_start_s"] - calls["t_request_s"]).mean(),
        "peak_tokens_per_min": by_minute.groupby("replication").max().mean(),
        "calls_in_flight": whole.mean("calls_in_flight"),
        "warmup_s": 300.0,
    }
    for name, value in known.items():
        assert cut.mean(name) == pytest.approx(value, rel=1e-9), name
    arrived = 3 * (cut.mean("tasks") + cut.mean("tasks_in_flight"))
    left = 3 * (whole.mean("tasks") + whole.mean("tasks_in_flight")) - arrived
    assert arrived < left + arrived
    factors = [cut.mean(f"amplification_{name}") for name in ("tries", "fanout", "turns", "context", "coordination", "retries")]
    chat = cut.mean("tokens_per_task") / cut.mean("token_multiplier")
    assert np.prod(factors) == pytest.approx(cut.mean("total_tokens") / (arrived / 3 * chat), rel=1e-9)
    assert cut.notes["warmup"].startswith("Warm-up: the first 300 s are left out, and with them ")
    assert f"of {len(cut.tasks)} tasks" in cut.notes["warmup"]


@pytest.mark.slow
def test_a_cut_takes_away_bias_of_an_empty_start() -> None:
    """M/M/1 at 0.9: the mean wait is rho / (1 - rho) = 9 s; 300 tasks from an empty start see less, those after a cut more of it."""
    world, known = single_server(300, replications=150, log=Log.none), RHO / (1 - RHO)
    cut = with_(world, warmup=Warmup.fixed, warmup_s=150.0)
    found = sim.compare(sim.simulate(world), sim.simulate(cut)).loc["mean_wait_s"]
    print(f"of {known:.3g} s: {found['a']:.3g} s, with a cut {found['b']:.3g} s")
    assert found["difference_ci_low"] > 0.2
    assert found["b"] < known


@pytest.mark.slow
def test_mser5_takes_one_cut_from_a_pilot_for_all_replications() -> None:
    """Full at the start: the first tasks wait long."""
    world = with_(single_server(800, replications=3), warmup=Warmup.mser5)
    world = with_(world, workload=with_(world.workload, backlog=60, interarrival_s={"dist": "exponential", "mean": 2.0}))
    tasks = np.sort(replicate(with_(world, warmup=Warmup.none), PILOT).tasks, order=["t_arrive_s", "task"])
    first = brute((tasks["t_end_s"] - tasks["t_arrive_s"]).tolist())
    assert 60 <= first < 400
    cut_s = cut_of(world)
    assert cut_s == tasks["t_arrive_s"][first] > 0
    result = sim.simulate(world)
    assert [tally.cut_s for tally in result.tallies] == [cut_s] * 3
    assert result.digest == sim.simulate(with_(world, warmup=Warmup.none)).digest
    fixed = sim.simulate(with_(world, warmup=Warmup.fixed, warmup_s=cut_s))
    pd.testing.assert_frame_equal(result.summary, fixed.summary)
    pd.testing.assert_frame_equal(result.summary, sim.simulate(with_(world, processes=2)).summary)
    assert "MSER-5 on the task latencies of a pilot run" in result.notes["warmup"]
    assert "(MSER-5" not in fixed.notes["warmup"]
    assert sim.compare(sim.simulate(with_(world, warmup=Warmup.none)), result).loc["warmup_s", ["a", "b"]].tolist() == [0, cut_s]


def test_a_series_without_a_warm_up_loses_nothing() -> None:
    result = run(agent(), tasks=30, every_s=60.0, warmup=Warmup.mser5, replications=2)
    assert result.notes["warmup"].startswith("No warm-up had to be left out")
    assert result.mean("tasks") == 30


def test_a_backlog_is_there_at_once_and_moves_no_later_arrival() -> None:
    gaps = {"dist": "exponential", "mean": 20.0}
    empty = run(agent(turns=1), tasks=10, every_s=gaps).tasks["t_arrive_s"]
    full = run(agent(turns=1), workload=WorkloadSettings(tasks=15, interarrival_s=gaps, backlog=5)).tasks.sort_values("task")["t_arrive_s"]
    assert full.tolist() == [0.0] * 5 + empty.sort_values().tolist()
    only = run(agent(turns=1), workload=WorkloadSettings(tasks=5, interarrival_s=gaps, backlog=5, batch_size=3))
    assert only.tasks["t_arrive_s"].tolist() == [0.0] * 5


REFUSED: dict[str, dict[str, Any]] = {
    "warmup=fixed: needs warmup_s above 0": {"warmup": Warmup.fixed},
    "warmup_s=5: needs warmup=fixed, not none": {"warmup_s": 5.0},
    "warmup_s=9: must be less than horizon_s=9": {"warmup": Warmup.fixed, "warmup_s": 9.0, "horizon_s": 9.0},
    "the pilot run of warmup=mser5 is not dealt out": {"warmup": Warmup.mser5, "shards": 2},
    "warmup_s=1000: no task comes after it": {"warmup": Warmup.fixed, "warmup_s": 1000.0, "tasks": 3},
    "workload.backlog=3: must be at most workload.tasks=2": {"workload": WorkloadSettings(tasks=2, backlog=3)},
    "workload.backlog=3: needs workload.kind=open": {"workload": WorkloadSettings(kind=WorkloadKind.users, backlog=3)},
}


@pytest.mark.parametrize("told", REFUSED)
def test_what_cannot_be_is_refused(told: str) -> None:
    with pytest.raises(sim.ConfigError, match=told):
        run(**REFUSED[told])


def test_theory_is_silent_about_part_of_a_run() -> None:
    for changes in ({"warmup": Warmup.fixed, "warmup_s": 5.0}, {"workload": WorkloadSettings(tasks=5, backlog=2)}):
        found = sim.theory.expect(scenario(agent(kind=AgentKind.react), **changes))
        assert not found.values
        assert len(found.unsolved) == 1
