"""Folders against one another: what differs is said, and what is not known is not."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.report.html.of_comparison import against, finding, listed, show_comparison, warned
from sim.report.plots.compared.waterfall import waterfall
from sim.report.terminal.screen import fitted
from sim.results.saved import SavedResult
from sim.statistics import Estimate
from sim.sweeps.sides import sides
from tests.report.html.checked import Page
from tests.worlds import agent, backend, scenario

NAME = "<script>alert(1)</script>"


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """The same agents at two prices, one of them at another length."""
    sizes = {"dist": "exponential", "mean": 300}
    for name, price, turns in (("cheap", 1.0, 10), ("dear", 3.0, 10), ("long", 1.0, 20)):
        world = scenario(agent(turns=turns, output_tokens=sizes), backend(output_usd_per_mtok=price), tasks=4, replications=3, name=NAME)
        sim.simulate(world).save(tmp_path / name)
    return [tmp_path / name for name in ("cheap", "dear", "long")]


def test_what_differs_is_said_with_its_interval(folders: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = show_comparison(folders[:2], tmp_path / "out")
    said = {each.metric: each for each in found}
    a, b = (SavedResult(folder, sim.load_run(folder), "") for folder in folders[:2])
    cost, tokens = said["cost_per_task_usd"], said["tokens_per_task"]
    assert (cost.verdict, tokens.verdict, tokens.difference) == ("more", "no difference seen", 0.0)
    assert cost.difference_ci_low < cost.difference < cost.difference_ci_high
    assert sim.compare(a, b).loc["cost_per_task_usd", "difference"] == cost.difference
    text = (tmp_path / "out" / "report.html").read_text()
    page = Page(text)
    assert "output: price" in page.text
    assert "tokens a task" not in page.text
    assert "output_usd_per_mtok" in page.text
    assert NAME not in text
    assert "//" not in text.replace("http://www.w3.org", "")
    out = capsys.readouterr().out
    assert "Cost per task: " in out
    assert "Set otherwise: market.models.one.output_usd_per_mtok is 1 in cheap, 3 in dear." in out
    assert "verdict" in fitted(out, 60), "the last that a narrow terminal leaves out"


def test_every_folder_stands_against_the_first(folders: list[Path], tmp_path: Path) -> None:
    found = against(dict(zip(["a", "b", "c"], map(sides, folders), strict=True)))
    assert {(each.a, each.b) for each in found} == {("a", "b"), ("a", "c")}
    assert finding(found).count("Cost per task: ") == 2
    assert {"against", "it has"} < set(listed(found))
    two = listed([each for each in found if each.b == "b"])
    assert list(two) == ["what", "a", "b", "verdict", "difference", "95 % interval", "times"]
    assert list(two["what"][:3]) == ["cost per task, USD", "tokens per task", "cache hit rate"]


def test_what_sweeps_are_set_to_otherwise_is_told_of_the_same_scenario_of_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Swept in another order, they differ by their number of tasks alone; a run differs by what a sweep's scenario is swept to."""
    for name, tasks, turns in (("ours", 2, [3, 5]), ("theirs", 3, [5, 3])):
        world = scenario(agent(), backend(), tasks=tasks, replications=2)
        sim.sweep(world, {"agent.turns": turns}, folder=tmp_path / name)
    run = sim.load_run(tmp_path / "ours" / "0")
    sim.simulate(run).save(tmp_path / "run")
    show_comparison([tmp_path / "ours", tmp_path / "theirs"], tmp_path / "out")
    assert "Set otherwise: workload.tasks is 2 in ours, 3 in theirs.\n" in capsys.readouterr().out
    show_comparison([tmp_path / "run", tmp_path / "theirs"], tmp_path / "out")
    told = "Set otherwise by agent.turns=5: workload.tasks is 2 in run, 3 in theirs; agent.turns is 3 in run, 5 in theirs."
    assert told in capsys.readouterr().out
    with pytest.raises(sim.DataError, match="ours is a sweep; name the run run first, against which each of its scenarios stands"):
        show_comparison([tmp_path / "ours", tmp_path / "run"], tmp_path / "out")


def test_lost_work_other_seeds_and_single_runs_are_told_first(tmp_path: Path) -> None:
    for seed, errors in ((1, 0.0), (2, 1.0)):
        world = scenario(agent(), backend(error_rate=errors), tasks=2, seed=seed)
        sim.simulate(world).save(tmp_path / str(seed + 10))
    told = " ".join(warned({"a": sides(tmp_path / "11"), "b": sides(tmp_path / "12")}))
    assert "b lost work: 100" in told
    assert "do not stand beside those of others" in told
    assert "Seeds differ (1, 2)" in told
    assert "a has one replication" in told


def test_bars_end_where_the_next_begins() -> None:
    steps = {"tasks": Estimate(2.0, 1.5, 2.5), "output: price": Estimate(-4.0, -4.5, -3.5)}
    axes = waterfall(10.0, steps, ("a", "b")).axes[0]
    ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bars in axes.containers for bar in getattr(bars, "patches", [])]
    assert sorted(ends) == sorted([(0, 10), (0, 8), (10, 12), (12, 8)])
    assert axes.figure.texts[0].get_text().replace("\n", " ") == "The bill goes from $10 (a) to $8.0 (b); most by output: price, −$4.0"
