"""Pages of unlike runs and sweeps: each is whole, small, alone, and says what it has to."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sim
from sim.report.html.content import Drawing, Page, Section, Table
from sim.report.html.document import html
from sim.report.numbers import number
from sim.report.page import show_run, show_sobol, show_sweep, show_tornado
from sim.settings.run import RetrySettings, SensitivitySettings
from tests.report.html.checked import SECTIONS, checked
from tests.worlds import agent, backend, loop, scenario, team

HOSTILE = "<script>alert(1)</script>\"'></title><img src=http://evil/x onerror=alert(2)> {{ 7 * 7 }} ![x](http://evil/x.png) &amp; `"
WORLD = {
    "dear": backend(input_usd_per_mtok=10.0, label="Dear One", quality=0.7, error_rate=0.1),
    "cheap": backend(label="</title><img src=//x>", quality=0.6, input_tokens_per_min=40_000, cache_read_usd_per_mtok=0.1),
}


def page(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def test_a_run_has_its_page(tmp_path: Path) -> None:
    workers = loop(output_tokens={"dist": "exponential", "mean": 300})
    result = sim.simulate(scenario(team(4, workers), {"dear": WORLD["dear"]}, tasks=5, replications=2, name="a run"))
    result.save(tmp_path)
    show_run(result, tmp_path)
    shown = checked(page(tmp_path))
    assert {"numbers", "money", "theory", "all"} <= {held.get("id") for _, held in shown.tags}
    assert f"costs ${number(result.mean('cost_per_task_usd'), 2)}" in shown.text
    low, high = (number(result.summary.loc["cost_per_task_usd", end]) for end in ("ci_low", "ci_high"))
    assert f"{low} to {high}" in shown.text
    assert result.digest in shown.text
    assert "workers (sub-agents)" in shown.text
    assert "sim again" in shown.text
    assert str(tmp_path) not in page(tmp_path)
    for name in ("money_by_kind", "tokens_over_time"):
        assert "<text" in (tmp_path / "figures" / f"{name}.svg").read_text()


def test_what_strangers_call_things_is_text(tmp_path: Path) -> None:
    world = scenario(agent(), WORLD, tasks=2, replications=2, name=HOSTILE, retry=RetrySettings(attempts=1))
    sim.sweep(world, {"name": [HOSTILE], "backends": [["cheap"], ["dear"]]}, folder=tmp_path)
    show_sweep(sim.gather(tmp_path), tmp_path)
    text = page(tmp_path)
    shown = checked(text)
    assert not [tag for tag, _ in shown.tags if tag == "img"]
    assert "<script>alert" not in text
    assert "49" not in shown.text.partition("Headline numbers")[0]
    assert HOSTILE in shown.text
    assert "</title><img src=//x>" in shown.text


def test_a_sweep_that_loses_work_says_so_first(tmp_path: Path) -> None:
    world = scenario(agent(), WORLD, tasks=8, replications=2, retry=RetrySettings(attempts=1))
    axes: dict[str, Any] = {"market.models.cheap.input_tokens_per_min": [20_000, 10_000_000], "backends": [["cheap"]]}
    sim.sweep(world, axes, folder=tmp_path)
    show_sweep(sim.gather(tmp_path), tmp_path)
    text = checked(page(tmp_path)).text
    assert text.index("Before any number") < text.index("Work was lost") < text.index("Answer") < text.index("Headline numbers")
    assert "1 scenario that lost more than 1 % of tasks left out" in text


@pytest.mark.slow
def test_what_looks_for_drivers_has_a_page(tmp_path: Path) -> None:
    world = scenario(agent(), WORLD, tasks=3, replications=2, sensitivity=SensitivitySettings(ranges={"agent.turns": [5, 20]}))
    show_tornado(sim.tornado(world, world.sensitivity.ranges, "cost_per_task_usd"), world, tmp_path / "tornado")
    show_sobol(sim.sobol(world, world.sensitivity.ranges, "cost_per_task_usd", samples=2), world, tmp_path / "sobol")
    assert "One setting at a time" in checked(page(tmp_path / "tornado")).text
    assert "shares of the variance" in checked(page(tmp_path / "sobol")).text


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    result = sim.simulate(scenario(agent(), WORLD["dear"], tasks=2, replications=2))
    for name in ("one", "two"):
        result.save(tmp_path / name)
        show_run(result, tmp_path / name)
    assert page(tmp_path / "one").replace("sim again one", "sim again two") == page(tmp_path / "two")


def test_a_long_table_is_cut_and_says_so() -> None:
    long = Table("Long", pd.DataFrame({"what": [f"row {n}" for n in range(10_000)], "USD": [number(math.pi * n) for n in range(10_000)]}))
    ids = [Section(name, name.capitalize(), [name]) for name in sorted(SECTIONS - {"answer", "made"})]
    text = html(Page("t", "q", ["careful"], "One. Two. Three.", [Section("table", "Table", tables=[long]), Section("none", "None"), *ids]))
    shown = checked(text)
    assert "row 199" in shown.text
    assert "row 200" not in shown.text
    assert "9800 more rows are in the files beside this page" in shown.text
    assert "None" not in shown.text
    assert shown.text.index("careful") < shown.text.index("One. Two.")


def test_a_drawing_without_room_is_named() -> None:
    from sim.report.html.sections import MOST_BYTES, figures

    small, large = Drawing("small", "Small", "<svg></svg>"), Drawing("large", "Large", f"<svg><text>{'x' * MOST_BYTES}</text></svg>")
    section = figures([large, small])
    assert list(section.drawings) == [small]
    assert section.paragraphs == ["Too large to stand here: figures/large.svg. Large."]


def test_a_page_is_called_by_its_name_or_by_whose_work_it_is_on_what() -> None:
    from sim.report.html.sections import titled

    unnamed = {"name": "scenario", "workload": {"kind": "open", "tasks": 60, "users": 5}, "backends": ["a"]}
    limit = "market.models.a.input_tokens_per_min"
    assert titled({**unnamed, "name": "my  study"}, {}) == "my study"
    assert titled(unnamed, {"a": "Model A"}) == "60 tasks on Model A"
    assert titled(unnamed, {"a": "Model A"}, [limit]) == "60 tasks on Model A, by input limit"
    assert titled(unnamed, {"a": "Model A"}, ["backends", limit]) == "60 tasks, by backends, input limit of Model A"
    assert titled({**unnamed, "workload": {"kind": "users", "users": 5}, "backends": list("abcd")}, {}) == "5 users on 4 backends"
    assert titled({"workload": {"kind": "trace", "tasks": None}}, {}) == "Work"
