"""What makes runs run again: a change of what can change their numbers, and no other. Tried on copies of the package."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sim.scenario.load import CONF
from sim.sweeps.key import MOVE_NO_NUMBER, PACKAGE, engine_files

SWEEP = """import json, sys
import sim
calls = []
scenario = sim.load("agent=chat", "workload.tasks=3", "replications=2", "processes=1", "log=none")
swept = sim.sweep(scenario, {"seed": [1, 2]}, progress=calls.append, folder=sys.argv[1])
print(json.dumps({"package": sim.__file__, "calls": sum(calls), "cost": [run.mean("cost_per_task_usd") for run in swept.runs]}))"""


class Copy(NamedTuple):
    """A copy of the package, and the folder of its sweep, which has been run."""

    package: Path
    folder: Path
    first: dict[str, Any]

    def sweep(self) -> dict[str, Any]:
        """Start the sweep: how many calls it simulates, and what tasks cost in each of its runs."""
        env = os.environ | {"PYTHONPATH": str(self.package.parent)}
        run = [sys.executable, "-c", SWEEP, str(self.folder)]
        ran = subprocess.run(run, capture_output=True, text=True, check=True, env=env, cwd=self.package.parent)
        found: dict[str, Any] = json.loads(ran.stdout)
        assert Path(found["package"]).parent == self.package
        return found

    def edit(self, place: str, old: str, new: str) -> None:
        """Change a file of the package."""
        file = self.package / place
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    package = tmp_path / "sim"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(CONF, package / "conf", dirs_exist_ok=True)
    made = Copy(package, tmp_path / "runs", {})
    return made._replace(first=made.sweep())


@pytest.mark.slow
def test_what_shows_and_what_starts_runs_nothing_again(copy: Copy) -> None:
    copy.edit("report/plots/spend.py", "task (USD)", "task, USD")
    copy.edit("shell/job.py", "unit_scale=True", "unit_scale=False")
    copy.edit("sweeps/comparison.py", "no difference seen", "the same, it seems")
    copy.edit("scenario/consistency.py", "names one twice", "names a backend twice")
    again = copy.sweep()
    assert copy.first["calls"] > 0
    assert again["calls"] == 0
    assert again["cost"] == copy.first["cost"]


@pytest.mark.slow
def test_another_price_formula_runs_everything_again(copy: Copy) -> None:
    copy.edit("backends/pricing.py", ".times(1e-6)", ".times(2e-6)")
    again = copy.sweep()
    assert again["calls"] == copy.first["calls"]
    assert again["cost"] == [2 * cost for cost in copy.first["cost"]]


@pytest.mark.slow
def test_another_formula_of_a_metric_makes_the_summaries_again(copy: Copy) -> None:
    copy.edit("results/metrics.py", "ratio(task_bill_usd(t), t.tasks), headline=1", "4 * ratio(task_bill_usd(t), t.tasks), headline=1")
    again = copy.sweep()
    assert again["cost"] == [4 * cost for cost in copy.first["cost"]]


def test_what_counts_leans_on_nothing_that_does_not() -> None:
    """But for words of errors, checks that refuse, and where settings lie."""
    counted = engine_files()
    aside = {name.removesuffix(".py").replace("/", ".") for name in MOVE_NO_NUMBER}
    found = set()
    for place in counted:
        for node in ast.walk(ast.parse((PACKAGE / place).read_text(encoding="utf-8"))):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            names = [module.removeprefix("sim.")] if module.startswith("sim.") else []
            found |= {left for name in names for left in aside if name == left or name.startswith(f"{left}.")}
    assert found <= {"errors", "results.provenance", "scenario.consistency", "scenario.load"}


def test_every_part_of_the_package_counts_unless_it_is_named() -> None:
    counted = set(engine_files())
    assert {"call.py", "engine/desk.py", "backends/pricing.py", "results/metrics.py", "theory/expected/forecast.py"} <= counted
    for name in MOVE_NO_NUMBER:
        assert not any(place == name or place.startswith(f"{name}/") for place in counted)
        assert (PACKAGE / name).exists() or name == "conf", f"{name}: is no part of the package any more"
