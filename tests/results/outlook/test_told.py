"""An outlook in a prompt and in a notebook."""

from __future__ import annotations

import pytest

import sim
from sim.scenario.told.numbers import dollars
from tests.worlds import agent, backend, scenario

WORLD = scenario(agent(), {"one": backend(input_usd_per_mtok=3.0)}, tasks=5, replications=2)


@pytest.fixture(scope="module")
def outlook() -> sim.Outlook:
    return sim.estimate(WORLD)


def test_an_outlook_says_what_to_know_and_three_percentiles(outlook: sim.Outlook) -> None:
    *said, told, more = repr(outlook).split("\n")
    assert tuple(said) == outlook.said
    assert f"a task {dollars(outlook.task['usd']['p50'].value)} (P50)" in told
    assert f"the whole workload (5 tasks) {dollars(outlook.workload['usd']['p50'].value)} (P50)" in told
    assert ".workload" in more
    made = outlook._repr_html_()
    assert made.count("<tr>") == 1 + len(outlook.task) + len(outlook.workload)
    assert "nan" not in made
    assert len(made) < 6_000
