"""A sweep and a tornado in a prompt and in a notebook."""

from __future__ import annotations

import pytest

import sim
from sim.scenario.told.numbers import dollars, number
from sim.sweeps.sweep import Sweep
from tests.worlds import agent, backend, scenario

WORLD = scenario(agent(), {"dear": backend(input_usd_per_mtok=30.0), "cheap": backend(label="<cheap>")}, tasks=4, replications=2)


@pytest.fixture(scope="module")
def swept() -> Sweep:
    return sim.sweep(WORLD, {"backends": [["dear"], ["cheap"]]})


def test_a_sweep_says_its_axes_its_span_and_who_is_best(swept: Sweep) -> None:
    first, second = repr(swept).split("\n")
    low, high = sorted(run.mean("cost_per_task_usd") for run in swept.runs)
    assert first.startswith(f"Sweep of 2 scenarios over backends: {dollars(low)} to {dollars(high)} a task; least cost_per_")
    assert first.endswith("(95 %): backends=cheap")
    assert ".results" in second


def test_a_notebook_shows_a_row_a_scenario(swept: Sweep) -> None:
    made = swept._repr_html_()
    assert made.count("<tr>") == 1 + 2
    assert number(swept.runs[0].mean("cost_per_task_usd")) in made
    assert "lost" not in made
    assert len(made) < 6_000
    many = Sweep([{"<seed>": place} for place in range(40)], swept.runs * 20)._repr_html_()
    assert "28 more rows" in many
    assert "<seed>" not in many


def test_what_was_lost_is_said_before_dollars() -> None:
    fails = {"market.models.dear.error_rate": 0.2, "retry.attempts": 1}
    lossy = sim.sweep(sim.replaced(WORLD, fails), {"seed": [1, 2]})
    assert lossy.results["lost_share"].gt(0).any()
    said = repr(lossy).split("\n")[0]
    assert said.index("of tasks lost") < said.index("a task;")
    assert ">lost<" in lossy._repr_html_()


def test_a_tornado_says_what_moves_most() -> None:
    found = sim.tornado(WORLD, {"agent.turns": [1, 4], "market.models.dear.ttft_s": [0.1, 0.2]}, "cost_usd")
    first = repr(found).split("\n")[0]
    assert first.startswith(f"Tornado of 2 settings: cost_usd is {number(found.base)} USD; most by agent.turns, from ")
    assert found._repr_html_().index("agent.turns") < found._repr_html_().index("ttft_s")
