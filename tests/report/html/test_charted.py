"""What charts are given is what tables say: the sweep's rows, the run's minutes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sim
from sim.report.grid import study
from sim.report.html.charted import MOST_BYTES, MOST_STEPS, of_table, of_timeline
from sim.report.html.content import Chart, Page, Section
from sim.report.html.document import html
from sim.results.metrics import METRICS
from sim.settings.workload import WorkloadSettings
from tests.worlds import agent, backend, scenario

HOSTILE = "</script><script>alert(1)</script>"


def table(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"agent": ["solo", "solo", "team_8", "team_8"], "backends": ["[a]", "[b]"] * 2, **columns})


def chart(rows: pd.DataFrame) -> dict[str, Any]:
    [found] = of_table(study(rows, {"a": "Model A", "b": "Model B"}), {"a": "Model A", "b": "Model B"})
    data: dict[str, Any] = json.loads(found.json)
    return data


def test_every_scenario_is_there_with_its_interval() -> None:
    rows = table(
        cost_per_task_usd=[1.0, 2.0, 3.0, 4.00004],
        cost_per_task_usd_ci_low=[0.5, 2.0, 2.0, 3.0], cost_per_task_usd_ci_high=[1.5, 2.0, 4.0, 5.0],
        cache_hit_rate=[0.9, 0.8, 0.7, float("nan")], lost_share=[0.0, 0.0, 0.0, 0.5],
    )  # fmt: skip
    data = chart(rows)
    assert [(axis["name"], axis["values"]) for axis in data["axes"]] == [
        ("workflow", ["one agent", "team of 8?"]), ("backend", ["Model A", "Model B"])
    ]  # fmt: skip
    assert (data["along"], data["lines"], data["look"]) == (0, 1, 0)
    names = [metric["label"] for metric in data["metrics"]]
    cost, hit = names.index("cost per task"), names.index("cache hit rate")
    assert {tuple(row["at"]): row["v"][cost] for row in data["rows"]} == {
        (0, 0): [1.0, 0.5, 1.5], (0, 1): [2.0], (1, 0): [3.0, 2.0, 4.0], (1, 1): [4.0, 3.0, 5.0]
    }  # fmt: skip
    assert [row["v"][hit] for row in data["rows"]] == [[90.0], [80.0], [70.0], None]
    assert data["metrics"][hit]["unit"] == "%"
    assert [row["lost"] for row in data["rows"]] == [0.0, 0.0, 0.0, 0.5]
    assert data["metrics"][data["metric"]]["label"] == "cost per task"


def test_a_range_over_harnesses_has_no_mean() -> None:
    alone = table(cost_per_task_usd=[1.0, 2.0, 3.0, 4.0])
    rows = pd.concat([alone.assign(cost_per_task_usd=alone["cost_per_task_usd"] * times) for times in (1, 2)])
    rows.insert(0, "work.harness", ["mini_v2"] * 4 + ["openhands"] * 4)
    data = chart(rows.reset_index(drop=True))
    assert [row["v"][0] for row in data["rows"]] == [[None, 1.0, 2.0], [None, 2.0, 4.0], [None, 3.0, 6.0], [None, 4.0, 8.0]]


def test_overload_is_what_is_seen_first_and_numbers_are_in_their_order() -> None:
    limits = pd.DataFrame(
        {"market.models.a.input_tokens_per_min": [3e6, 1e5, 1e6], "cost_per_task_usd": [1.0, 0.2, 0.9], "lost_share": [0.0, 0.7, 0.1]}
    )
    data = chart(limits)
    assert data["axes"][0]["numbers"] == [1e5, 1e6, 3e6]
    assert data["axes"][0]["values"] == ["100k tokens/min", "1M tokens/min", "3M tokens/min"]
    assert data["metrics"][data["metric"]]["label"] == "lost share"


def test_what_has_no_axis_or_no_room_has_no_chart() -> None:
    assert of_table(study(pd.DataFrame({"backends": ["[a]"], "cost_per_task_usd": [1.0]})), {}) == []
    many = pd.DataFrame({"agent.fanout": range(3000), "cost_per_task_usd": 1.0})
    assert of_table(study(many), {}) == []
    some = pd.DataFrame({"agent.fanout": range(1, 801), **{metric.name: 1.23456 for metric in METRICS}})
    [found] = of_table(study(some), {})
    assert MOST_BYTES / 2 < len(found.json) < 1.5 * MOST_BYTES


@pytest.fixture(scope="module")
def run() -> sim.Result:
    world = {"one": backend(ttft_s=20.0, label=HOSTILE), "other": backend(input_usd_per_mtok=3.0)}
    return sim.simulate(scenario(agent(turns=20), world, workload=WorkloadSettings(tasks=60, interarrival_s=400.0), replications=2))


def test_a_timeline_adds_up_to_the_runs(run: sim.Result) -> None:
    [found] = of_timeline(run)
    data = json.loads(found.json)
    rows = run.timeline[run.timeline["replication"] == 0]
    sums = {each["label"]: sum(sum(part["values"]) for part in each["parts"]) for each in data["series"]}
    assert sums["Tokens"] == rows["input_tokens"].sum() + rows["output_tokens"].sum()
    assert sums["Calls"] == rows["calls"].sum()
    assert sums["Dollars"] == pytest.approx(rows["cost_usd"].sum(), rel=1e-4)
    assert sums["Arrivals"] == (run.tasks["replication"] == 0).sum()
    by_minute = (rows["input_tokens"] + rows["output_tokens"]).groupby(rows["t_s"]).sum()
    assert max(data["busiest"]) == by_minute.max()
    assert data["step_min"] == 2
    assert len(data["busiest"]) == len(data["series"][0]["parts"][0]["values"]) <= MOST_STEPS
    first = run.tasks.loc[run.tasks["replication"] == 0, "t_arrive_s"].min()
    assert data["begin_min"] == min(rows["t_s"].min(), first) // 60


def test_a_run_that_is_over_at_once_has_no_timeline() -> None:
    assert of_timeline(sim.simulate(scenario(agent(turns=1), tasks=1))) == []


def test_names_of_others_do_not_end_the_script_and_too_long_a_page_has_no_charts(run: sim.Result, tmp_path: Path) -> None:
    charts = of_timeline(run)
    assert "<" not in charts[0].json
    assert HOSTILE in [part["label"] for part in json.loads(charts[0].json)["series"][1]["parts"]]
    short = html(Page("t", "q", [], "One.", [Section("figures", "Figures", charts=charts)]))
    assert short.count('data-chart="timeline"') == 1
    assert "Copyright 2010-2026 Mike Bostock" in short
    long = html(Page("t", "q", [], "One.", [Section("figures", "Figures", ["x" * 600_000], charts=charts)]))
    assert "data-chart" not in long
    assert "Bostock" not in long
    assert html(Page("t", "q", [], "One.", [Section("figures", "Figures", charts=[Chart("table", "t", {})])])).count("<script") == 6
