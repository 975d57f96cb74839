"""The bill's way is the whole difference; scenarios stand against those that are swept to the same values."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import sim
from sim.sweeps.sides import pairs, sides, way
from tests.worlds import agent, backend, scenario, with_

BACKEND = backend(output_usd_per_mtok=3.0, cache_read_usd_per_mtok=0.1, error_rate=0.05)
WORLD = scenario(agent(output_tokens={"dist": "exponential", "mean": 300}), BACKEND, tasks=5, replications=3)
OTHERS = {
    "more tasks": with_(WORLD, workload=with_(WORLD.workload, tasks=7)),
    "longer": with_(WORLD, agent=with_(WORLD.agent, turns=14)),
    "dearer": with_(WORLD, market=with_(WORLD.market, models={"one": with_(BACKEND, output_usd_per_mtok=4.0)})),
    "all of it": with_(
        WORLD,
        agent=with_(WORLD.agent, turns=14),
        workload=with_(WORLD.workload, tasks=7),
        market=with_(WORLD.market, models={"one": with_(BACKEND, output_usd_per_mtok=4.0, cache="none", request_usd=0.01)}),
    ),
}


@pytest.mark.parametrize("what", OTHERS)
def test_steps_add_up_to_the_difference(what: str) -> None:
    a, b = sim.simulate(WORLD), sim.simulate(OTHERS[what].check())
    steps = way(a.sample, b.sample)
    assert sum(each.mean for each in steps.values()) == pytest.approx(b.mean("cost_usd") - a.mean("cost_usd"), rel=1e-9)
    only = {"more tasks": "tasks", "longer": "tokens a task", "dearer": "output: price"}.get(what, "")
    largest = max(steps, key=lambda name: abs(steps[name].mean))
    assert only in largest
    if what == "dearer":
        assert steps["output: price"].mean == pytest.approx(a.mean("cost_output_usd") / 3, rel=1e-9)
        assert all(abs(each.mean) < 1e-12 for name, each in steps.items() if name != "output: price")
        assert steps["output: price"].ci_low < steps["output: price"].mean < steps["output: price"].ci_high


def test_no_difference_is_no_way() -> None:
    a = sim.simulate(WORLD)
    assert way(a.sample, a.sample) == {}


def test_scenarios_of_sweeps_meet_where_their_axes_do(tmp_path: Path) -> None:
    for name, turns in (("a", [2, 3]), ("b", [3, 4])):
        sim.sweep(WORLD, {"agent.turns": turns, "seed": [1, 2]}, folder=tmp_path / name)
    sim.simulate(WORLD).save(tmp_path / "run")
    ours, theirs, alone = (sides(tmp_path / name) for name in ("a", "b", "run"))
    assert [(a.axes, b.axes) for a, b in pairs(ours, theirs)] == [({"agent.turns": "3", "seed": seed},) * 2 for seed in ("1", "2")]
    assert len(pairs(alone, theirs)) == 4
    assert pairs(ours, alone) == []


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(sim.DataError, match="holds no run that has ended"):
        sides(tmp_path)


def change(file: Path, old: bytes, new: bytes) -> None:
    held = file.read_bytes()
    assert old in held
    file.write_bytes(held.replace(old, new, 1))


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a number": (lambda run: change(run / "summary.csv", b",USD,", b",USD,9"), "summary.csv: not as saved; run it again"),
    "a half": (lambda run: (run / "replications.csv").write_text("replication,metric"), "replications.csv: not as saved"),
    "nothing": (lambda run: (run / "summary.csv").write_text(""), "summary.csv: not as saved"),
    "a setting": (lambda run: change(run / "scenario.yaml", b"tasks: 5", b"tasks: 6"), "scenario.yaml: not as saved"),
    "what is said": (lambda run: (run / "notes.json").write_text("[]"), "notes.json: not as saved"),
    "no list": (lambda run: (run / "run.json").unlink(), "does not say that it has ended"),
    "half a list": (lambda run: (run / "run.json").write_text("{"), "does not say that it has ended"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_run_that_is_not_as_it_was_saved_is_not_compared(tmp_path: Path, what: str) -> None:
    sim.simulate(WORLD).save(tmp_path)
    assert len(sides(tmp_path)) == 1
    (tmp_path / "calls.parquet").unlink()
    assert len(sides(tmp_path)) == 1, "what is not read need not be there"
    alter, told = CHANGES[what]
    alter(tmp_path)
    with pytest.raises(sim.DataError, match=re.escape(told)):
        sides(tmp_path)


def test_a_run_of_a_sweep_that_is_there_twice_or_says_nothing_is_refused(tmp_path: Path) -> None:
    swept = sim.sweep(WORLD, {"seed": [1, 2]}, folder=tmp_path)
    shutil.copytree(tmp_path / "0", tmp_path / "2")
    for read in (sides, sim.gather):
        with pytest.raises(sim.DataError, match=r"0 and .*2: are one scenario twice; remove one of them"):
            read(tmp_path)
    shutil.rmtree(tmp_path / "2")
    change(tmp_path / "0" / "summary.csv", b",USD,", b",USD,9")
    with pytest.raises(sim.DataError, match=r"summary.csv: not as saved; start the same sweep again"):
        swept.runs[0].mean("cost_usd")
    (tmp_path / "0" / "run.json").write_text("{")
    for read in (sides, sim.gather):
        with pytest.raises(sim.DataError, match=r"run.json: cannot be read; start the same sweep again"):
            read(tmp_path)


def test_a_run_that_another_has_taken_the_place_of_is_not_read_for_it(tmp_path: Path) -> None:
    first = sim.sweep(WORLD, {"seed": [1]}, folder=tmp_path)
    sim.sweep(WORLD, {"seed": [2]}, folder=tmp_path)
    with pytest.raises(sim.DataError, match="holds another run by now"):
        first.runs[0].mean("cost_usd")
