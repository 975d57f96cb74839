"""The studies: their tables meet what was worked out by hand, their figures can be read, their commands run."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from experiments import compaction, divide_or_replicate, effective_price, metastable, team_of_50
from experiments.effective_price import RIVALS
from experiments.market.people import FREE
from tests.report.test_page import overlapping

ROOT = Path(__file__).resolve().parents[2]
STUDIES = sorted(path.stem for path in (ROOT / "experiments").glob("[a-z]*.py") if path.stem != "replay")
BY_HAND = {
    1: (0.138, 17.0, 21.0, 20.8, 10.2, 6.4, 23.7),
    5: (0.290, 17.5, 11.7, 7.6, 8.5, 5.3, 24.9),
    20: (1.016, 17.6, 7.7, 4.4, 7.3, 4.3, 24.2),
    84: (6.858, 17.2, 5.4, 2.9, 6.4, 3.5, 21.6),
}
"""Dollars on Opus 4.6 and how many times those of each rival, from F4 and F4b with a miss in 2.1 % of gaps."""
FEWER: dict[str, dict[str, Any]] = {
    "article_weeks": {"FREE": {name: FREE[name] for name in ("weight of tastes",)}, "SAMPLE": 40},
    "compaction": {"WINDOWS": compaction.WINDOWS[::7]},
    "self_host_or_api": {"TEAMS": (2, 5), "WEEK_S": 172_800.0, "CHATS_S": 60.0, "CHATS_A_S": (0.5, 1.0), "UNITS": (1.0,)},
    "team_of_50": {"MIX": {kind: (1, sessions) for kind, (_, sessions) in team_of_50.MIX.items()}},
}
"""What studies that take long do less of, beside the sizes that they name."""


@pytest.mark.slow
def test_effective_prices_are_those_of_the_closed_form() -> None:
    found = effective_price.table().set_index("turns")
    for turns, expected in BY_HAND.items():
        got = found.loc[turns, ["Opus 4.6, USD", *RIVALS]].to_numpy(float)
        np.testing.assert_allclose(got, expected, rtol=0.02)
    assert overlapping(effective_price.ratio_by_turns(found.reset_index())) == []


@pytest.mark.slow
def test_a_divided_job_has_a_best_number_of_workers() -> None:
    """10 without a cache, 4 with one; 12 cost as much as one with a cache."""
    found = divide_or_replicate.tables()[0].set_index("workers")
    assert found["divide, no cache"].idxmin() == 10
    assert found["divide, cached"].idxmin() == 4
    assert found.loc[10, "divide, cached"] < found.loc[1, "divide, cached"] < found.loc[12, "divide, cached"]


@pytest.mark.parametrize("file", sorted((ROOT / "experiments").glob("*.py")), ids=lambda file: file.stem)
def test_a_study_uses_public_names_alone(file: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
    ours = {name for name in imported if name.split(".")[0] == "sim" and not name.startswith("sim.settings.")}
    assert ours <= {"sim", "sim.population", "sim.theory", "sim.report.study"}


@pytest.mark.slow
@pytest.mark.parametrize("study", STUDIES)
def test_every_study_runs_to_its_finding(
    study: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At a twentieth of its size, where it says what its size is."""
    module = importlib.import_module(f"experiments.{study}")
    for size, least in (("TASKS", 1), ("DRAWS", 1), ("REPLICATIONS", 2)):
        if hasattr(module, size):
            monkeypatch.setattr(module, size, max(least, getattr(module, size) // 20))
    for name, fewer in FEWER.get(study, {}).items():
        monkeypatch.setattr(module, name, fewer)
    monkeypatch.setattr(sys, "argv", [study, "--out", str(tmp_path)])
    module.main()
    assert (tmp_path / f"{study}.csv").stat().st_size > 100
    assert list((tmp_path / "figures").glob("*.png"))
    told = capsys.readouterr().out.strip().split("\n\n")[-2]
    assert any(character.isdigit() for character in told)


@pytest.mark.slow
def test_an_outage_slows_down_for_good_from_quota_times_lifetime_over_prompt_on() -> None:
    """Either side of N* = 17.6: 15 agents come back to 0.86 of their steps (prompts grow), 20 are left with what the quota holds cold."""
    few, many = (metastable.row(sim.simulate(metastable.world(agents)), agents) for agents in (15, 20))
    assert few["agents"] < few["N*"] < many["agents"]
    assert few["after"] > 0.8 * few["steps/min before"]
    assert many["after"] < 0.1 * many["steps/min before"]
    assert many["cold after"] > 0.99


@pytest.mark.slow
def test_a_study_has_a_command(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "experiments.divide_or_replicate", "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "divide_or_replicate.csv").is_file()
