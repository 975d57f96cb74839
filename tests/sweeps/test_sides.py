"""The bill's way is the whole difference; scenarios stand against those that are swept to the same values."""

from __future__ import annotations

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
