"""Ahead of a run: what is told agrees with a long run of the same settings, and what is not known is said."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.results.outlook.outlook import Outlook
from sim.results.outlook.spread import SHARES, Span

LINE = ["agent=chat", "market.models.claude_opus_4_6.slots=2", "workload.interarrival_s={dist: exponential, mean: 40}"]
LOST = ["agent=swe_task", "retry.attempts=1", "market.models.claude_opus_4_6.error_rate=0.1"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "tasks", "runs"),
    [
        (["agent=swe_task", "workload.tasks=50"], 600, 30),
        (["agent=chat", "workload.tasks=3"], 1500, 100),
        (["agent=swe_team", "workload=users", "workload.users=20"], 20, 20),
        ([*LINE, "workload.tasks=200"], 200, 20),
        (["agent=swe_task", "workload.tasks=null", "horizon_s=3600"], None, 25),
    ],
)
def test_its_intervals_hold_what_a_long_run_comes_to(settings: list[str], tasks: int | None, runs: int) -> None:
    """Another seed, so that no task is in both. Intervals of 95 %: of the 20 one may miss by chance, and not all would hold what is a
    sixth more or less: they are narrow enough to say something."""
    found = sim.estimate(sim.load(*settings))
    size = [] if tasks is None or "workload=users" in settings else [f"workload.tasks={tasks}"]
    long = sim.simulate(sim.load(*settings, *size, f"replications={runs if not size else 4}", "seed=77", "processes=1", "log=sample"))
    rows = long.tasks
    busy = ((rows["t_end_s"] - rows["t_arrive_s"] - rows["thinking_s"]) / 60)[rows["finished"]]
    of_tasks = {"tokens": rows["input_tokens"] + rows["output_tokens"], "usd": rows["cost_usd"], "minutes": busy}
    short = sim.simulate(sim.load(*settings, f"replications={runs}", "seed=78", "processes=1", "log=sample"))
    whole = short.tasks.groupby("replication")
    of_runs = {"usd": whole["cost_usd"].sum(), "minutes": (whole["t_end_s"].max() - whole["t_arrive_s"].min()) / 60}
    missed = list(misses(found, of_tasks, of_runs))
    assert len(missed) <= 1, missed
    for factor in (5 / 6, 7 / 6):
        assert len(list(misses(found, of_tasks, of_runs, factor))) >= 3, factor


def misses(
    found: Outlook, of_tasks: dict[str, Any], of_runs: dict[str, Any], factor: float = 1.0
) -> Iterator[tuple[str, str, float, Span]]:
    """Figures whose interval does not hold what a long run came to (times a factor), with what the long run itself leaves open."""
    for figures, truth, slack in ((found.task, of_tasks, 0.05), (found.workload, of_runs, 0.1)):
        for name, values in truth.items():
            true = {key: float(np.quantile(values, share)) for key, share in SHARES.items()} | {"mean": float(np.mean(values))}
            for key, span in figures[name].items():
                value = factor * true[key]
                if value < span.low - slack * value or value > span.high + slack * value:
                    yield name, key, value, span


def test_a_mean_is_the_twins_where_it_is_known() -> None:
    scenario = sim.load("agent=swe_task", "workload.tasks=30")
    found, expected = sim.estimate(scenario), sim.theory.expect(scenario)
    assert "tokens" in found.by_theory
    tokens = expected.values["tokens_per_task"]
    assert found.task["tokens"]["mean"] == (tokens, tokens, tokens)
    assert found.workload["tokens"]["mean"].value == pytest.approx(30 * tokens, rel=1e-12)


def test_its_tasks_are_those_of_the_run() -> None:
    scenario = sim.load("agent=chat", "workload.tasks=600", "replications=2", "processes=1")
    found, run = sim.estimate(scenario), sim.simulate(scenario)
    assert found.simulated.tasks % 600 == 0
    first = run.tasks[run.tasks["replication"] == 0]["cost_usd"]
    assert first.min() <= found.task["usd"]["p50"].value <= first.max()
    assert sim.estimate(scenario).as_dict() == found.as_dict()


def test_what_is_too_large_is_cut_and_said_to_be() -> None:
    found = sim.estimate(sim.load("agent=chat", "workload.tasks=1000000"))
    assert not found.simulated.whole
    assert found.simulated.tasks < 10_000
    assert any("Extrapolated" in line and "1,000,000" in line for line in found.said)
    assert found.workload["usd"]["p50"].value == pytest.approx(1e6 * found.task["usd"]["mean"].value, rel=0.01)
    assert "minutes" not in found.workload


def test_a_single_task_is_known_by_many() -> None:
    found = sim.estimate(sim.load("agent=chat", "workload.tasks=1"))
    assert found.simulated.tasks > 1000
    assert found.workload["usd"]["p90"] == found.task["usd"]["p90"]


def test_work_that_is_lost_comes_first_and_no_budget_holds() -> None:
    found = sim.estimate(sim.load(*LOST, "workload.tasks=40"))
    assert found.said[0].startswith("Work was lost")
    assert found.lost_share > 0.5
    assert found.over(1e9)


def test_overload_is_said_with_the_slots_it_would_take() -> None:
    """A chat keeps a slot busy for half a minute: one every two seconds takes some 14 slots."""
    crowd = ["agent=chat", "market.models.claude_opus_4_6.slots=2", "workload.interarrival_s={dist: exponential, mean: 2}"]
    found = sim.estimate(sim.load(*crowd, "workload.tasks=300"))
    assert found.said[0].startswith("Overload: work for ")
    assert not any("Overload" in line for line in sim.estimate(sim.load(*LINE)).said)


def test_unknown_success_is_said_before_the_numbers() -> None:
    assert any("Success is unknown" in line for line in sim.estimate(sim.load("agent=chat")).said)


def test_users_traces_and_horizons_have_figures_too() -> None:
    for settings in (["workload=trace"], ["workload=users", "agent=chat"], ["agent=chat", "workload.tasks=null", "horizon_s=7200"]):
        found = sim.estimate(sim.load(*settings))
        assert set(found.workload) == {"tokens", "usd", "minutes"}, settings
        assert found.task["usd"]["p50"].value > 0
    assert sim.estimate(sim.load("agent=chat", "workload=users", "workload.users=100000")).workload_tasks == 500_000


def test_json_has_no_nan() -> None:
    found = sim.estimate(sim.load("agent=swe_team", "workload.tasks=100")).as_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert not math.isnan(found["task"]["usd"]["p99"]["high"])


def test_nothing_that_ends_gives_no_percentile() -> None:
    found = sim.estimate(sim.load("agent=swe_task", "workload.tasks=5", "horizon_s=61"))
    assert any("No task ended" in line for line in found.said)
    assert found.over(1e9)
    saturday = sim.estimate(sim.load("agent=chat", "workload=office", "horizon_s=86400", "start=2026-02-21T00:00:00"))
    assert "No task arrives before the horizon (start, horizon_s, workload.hours): there are no percentiles." in saturday.said


def test_whose_dollars_they_are_and_what_happens_is_said_before_the_numbers() -> None:
    busy = ("plan=max_20x", "workload=users", "workload.users=1", "workload.tasks_per_user=2", "agent=chat")
    said = sim.estimate(sim.load(*busy, "events=[{kind:free,backend:claude_opus_4_6,at:60,length_h:1}]")).said
    assert "Dollars are at list prices, and so is what seats of max_20x cover for $200 a seat and month: a run says who pays what." in said
    assert any("2026-02-16 00:01 UTC Claude Opus 4.6: free for 1 h" in line for line in said)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (["+server=minimax_m2_5", "backends=[minimax_m2_5_own]"], r"minimax_m2_5_own\.kind=self_hosted"),
        (["+reserved=gpt_5_2", "backends=[gpt_5_2]", "market.models.gpt_5_2.reserved.units=15"], r"gpt_5_2\.reserved\.units"),
    ],
)
def test_what_is_paid_by_the_hour_is_not_told_ahead(settings: list[str], key: str) -> None:
    """Or a task on servers of one's own would cost nothing."""
    with pytest.raises(sim.ConfigError, match=f"{key}: what is paid by the hour is not known ahead"):
        sim.estimate(sim.load("agent=chat", *settings))


LOG = "trace,agent,call_index,t_s,input_tokens,output_tokens,model\ns,main,0,0,10000,500,{}\ns,main,1,60,12000,500,{}\n"


def test_a_log_is_reckoned_at_the_backends_of_its_models(tmp_path: Path) -> None:
    """It was at the first backend of the scenario, whatever the log names: 22,000 tokens of Kimi K2.5 at the price of Claude Opus 4.6."""
    file = tmp_path / "log.csv"
    file.write_text(LOG.format("kimi_k2_5", "claude_opus_4_6"))
    words = ("workload=trace", f"workload.trace={file}")
    found = sim.estimate(sim.load(*words))
    assert found.scenario.backends == ["kimi_k2_5", "claude_opus_4_6"]
    ran = sim.simulate(sim.load(*words, "processes=1", "replications=2")).mean("cost_usd")
    assert found.task["usd"]["p50"].value == pytest.approx(ran, rel=1e-9)
    assert ran == pytest.approx(10_000 * 0.6e-6 + 500 * 3e-6 + 12_000 * 6.25e-6 + 500 * 25e-6, rel=1e-9)


@pytest.mark.parametrize("second", ["foo-9", "kimi_k2_5"])
def test_a_log_of_a_model_without_a_price_is_refused(tmp_path: Path, second: str) -> None:
    file = tmp_path / "log.csv"
    file.write_text(LOG.format("foo-9", second))
    words = ("workload=trace", f"workload.trace={file}")
    with pytest.raises(sim.ConfigError, match=r"none of market feb_2026 is known to serve foo-9 \(\d calls?\): say it by router\.models"):
        sim.estimate(sim.load(*words))
    assert sim.estimate(sim.load(*words, "router.models={foo-9: kimi_k2_5}")).scenario.backends == ["kimi_k2_5"]


def test_a_log_that_does_not_fit_is_refused_ahead_too(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text(LOG.format("kimi_k2_5", "kimi_k2_5").replace("12000", "900000"))
    with pytest.raises(sim.ConfigError, match="does not fit the context window of kimi_k2_5"):
        sim.estimate(sim.load("workload=trace", f"workload.trace={file}"))
