"""A search for the cheapest scenario that succeeds often enough: what counts, what Optuna finds, what is said."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

import sim
from sim.report.findings.goal import goal_sentences
from sim.report.grid import study
from sim.report.plots.frontier import efficient
from sim.settings.run import GoalSettings
from sim.sweeps.goal import BELOW, WORST, objective, ranked

WORLD = ["agent=chat", "agent.success_measured=true", "log=none", "workload.tasks=40", "replications=2", "goal.success_floor=0.8"]
AXES = {
    "agent.tries.most": "1,2,3",
    "backends": "[claude_opus_4_6],[gpt_5_2],[kimi_k2_5],[minimax_m2_5],[deepseek_v3_2]",
}
WITHOUT = (
    "import sys, types; empty = types.ModuleType('hydra_plugins'); empty.__path__ = []; sys.modules['hydra_plugins'] = empty\n"
    "from sim.shell.cli import main; main()"
)


def _count(cost: float, success: float, floor: float | None = 0.8, metric: str = "cost_per_task_usd") -> float:
    return objective(GoalSettings(metric, floor), {"success_rate": success, metric: cost}.__getitem__)


def test_below_the_floor_no_price_wins_and_the_nearest_is_least_bad() -> None:
    drawn = np.random.default_rng(1)
    costs, successes = 10 ** drawn.uniform(-6, 15, 300), drawn.uniform(0, 1, 300).round(3)
    order = sorted(zip(costs, successes, strict=True), key=lambda each: _count(*each))
    met = [each for each in order if each[1] >= 0.8]
    assert order[: len(met)] == sorted(met)
    assert [success for _, success in order[len(met) :]] == sorted((s for s in successes if s < 0.8), reverse=True)
    assert _count(0.0, 0.0, floor=1.0) == WORST == 2 * BELOW
    assert _count(1.0, math.nan) == _count(math.nan, 0.9) == WORST
    assert _count(5.0, 0.1, floor=None) == 5.0
    assert _count(5.0, 0.9, metric="net_value_per_task_usd") == -5.0


def _table(costs: list[float], successes: list[float]) -> pd.DataFrame:
    table = pd.DataFrame({"agent.fanout": range(1, len(costs) + 1), "cost_per_task_usd": costs})
    table["success_rate"] = successes
    for name, half in (("cost_per_task_usd", 0.5), ("success_rate", 0.03)):
        table[f"{name}_ci_low"], table[f"{name}_ci_high"] = table[name] - half, table[name] + half
    return table.assign(cost_per_success_usd=table["cost_per_task_usd"] / table["success_rate"])


def test_the_finding_names_the_cheapest_and_the_one_that_chance_does_not_explain() -> None:
    table = _table([1.0, 2.0, 3.0, 4.0], [0.7, 0.81, 0.9, 0.95])
    said = [each.replace("\u00a0", " ") for each in goal_sentences(study(table), GoalSettings(success_floor=0.8), 1)]
    assert said == [
        "Cheapest of the 3 of 4 scenarios that solve at least 80 %: 2 sub-agents",
        "It costs $2.0 per task ($1.5 to $2.5), $2.5 per solved task, and solves 81 % (78 % to 84 %)",
        "Cheapest whose interval of success lies above the floor: 3 sub-agents",
        "It costs $3.0 per task ($2.5 to $3.5), $3.3 per solved task, and solves 90 % (87 % to 93 %)",
        "1 other that reaches it may be as good (95 %)",
    ]
    none = " ".join(goal_sentences(study(table), GoalSettings(success_floor=0.99), 0)).replace("\u00a0", " ")
    assert none.startswith("None of 4 scenarios solves 99 % of its tasks; nearest comes 4 sub-agents It costs $4.0 per task ($3.5 to $4.5)")
    valueless = table.assign(net_value_per_task_usd=math.nan)
    unknown = goal_sentences(study(valueless), GoalSettings("net_value_per_task_usd", 0.8), 0)
    assert unknown == ["No scenario has a value of net value per task, so none is best"]


def test_the_steps_are_those_that_nothing_cheaper_matches() -> None:
    drawn = np.random.default_rng(2)
    table = _table(list(drawn.integers(1, 30, 60).astype(float)), list(drawn.uniform(0, 1, 60).round(2)))
    points = list(zip(table["cost_per_task_usd"], table["success_rate"], strict=True))
    kept = {one for one in points if not any(o[0] <= one[0] and o[1] >= one[1] and o != one for o in points)}
    steps = efficient(table)
    assert set(zip(steps["cost_per_task_usd"], steps["success_rate"], strict=True)) == kept


@pytest.mark.slow
def test_a_goal_that_cannot_be_is_refused() -> None:
    with pytest.raises(sim.ConfigError, match=r"^goal.metric: 'cost_per_taks_usd' is not a metric; did you mean 'cost_per_task_usd'\?$"):
        sim.sweep(sim.load("goal.metric=cost_per_taks_usd"), {"seed": [1]}, progress=lambda _: pytest.fail("it ran"))
    with pytest.raises(sim.ConfigError, match=r"^goal.success_floor: needs market.models.grok_code_fast_1.quality, or nobody knows"):
        sim.load("goal.success_floor=0.5", "backends=[grok_code_fast_1]")


def _shell(folder: Path, *typed: str) -> subprocess.CompletedProcess[str]:
    run = [sys.executable, *(typed if typed[0] == "-c" else ("-m", "sim", *typed))]
    return subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_without_the_plugin_one_line_says_what_to_install(tmp_path: Path) -> None:
    ran = _shell(tmp_path, "-c", WITHOUT, "-m", "experiment=cheapest")
    assert ran.stderr.endswith("hydra/sweeper=optuna: is not installed; pip install hydra-optuna-sweeper\n")
    assert (ran.returncode, ran.stderr.count("\n"), list(tmp_path.iterdir())) == (1, 1, [])


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    """A search of 14 trials in a grid of 15."""
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper")
    file = tmp_path / "mine" / "experiment" / "small.yaml"
    file.parent.mkdir(parents=True)
    sweeper = {"n_trials": 14, "n_jobs": 2, "sampler": {"seed": 1}, "params": AXES}
    text = OmegaConf.to_yaml({"defaults": [{"override /hydra/sweeper": "optuna"}], "hydra": {"sweeper": sweeper}})
    file.write_text(f"# @package _global_\n{text}")
    return tmp_path


@pytest.mark.slow
def test_a_search_finds_what_enumeration_finds(experiment: Path) -> None:
    backends = [[name.strip("[]")] for name in AXES["backends"].split(",")]
    swept = sim.sweep(sim.load(*WORLD), {"agent.tries.most": [1, 2, 3], "backends": backends})
    table = swept.results.set_index(list(AXES))
    goal = GoalSettings(success_floor=0.8)
    best = ranked(goal, table).iloc[0]
    assert table["cost_per_task_usd"].idxmin() != best.name  # the floor matters

    typed = ["--config-dir=mine", "-m", "experiment=small", *WORLD, "hydra.sweep.dir=some"]
    search = _shell(experiment, *typed)
    assert search.returncode == 0
    assert all("still at work" in line for line in search.stderr.splitlines())
    found = pd.read_csv(experiment / "some" / "results.csv").set_index(list(AXES))
    assert found.index.is_unique
    assert len(found) < 14
    for name in ("cost_per_task_usd", "success_rate", "cost_per_success_usd"):
        pd.testing.assert_series_equal(found[name], table.loc[found.index, name])
    first = ranked(goal, found).iloc[0]
    assert first.name == best.name
    optuna: Any = OmegaConf.load(experiment / "some" / "optimization_results.yaml")
    assert optuna["best_value"] == best["cost_per_task_usd"]
    assert f"{14 - len(found)} trials came back to a scenario that was there already" in search.stdout
    assert re.search(
        rf"Cheapest of the \d+ of {len(found)} scenarios that solve at least 80\s%: {first.name[0]} tr(y|ies), ", search.stdout
    )

    longer = _shell(experiment, *typed, "hydra.sweeper.n_trials=16")
    assert f"{len(found)} of " in longer.stdout
    assert "runs were kept from an earlier start" in longer.stdout


@pytest.mark.slow
def test_a_scenario_that_is_refused_does_not_end_the_search(experiment: Path) -> None:
    few = ["hydra.sweeper.n_trials=4", "agent.tries.most=0,1", "backends=[gpt_5_2]", "hydra.sweep.dir=some"]
    ran = _shell(experiment, "--config-dir=mine", "-m", "experiment=small", *WORLD, *few)
    assert ran.returncode == 1
    said = [line for line in ran.stderr.splitlines() if "still at work" not in line]  # on a busy machine
    assert {line.rpartition(": agent")[2] for line in said} == {".tries.most=0: must be at least 1"}
    status = pd.read_csv(experiment / "some" / "results.csv").set_index("agent.tries.most")["status"]
    assert status[1] == "ok"
