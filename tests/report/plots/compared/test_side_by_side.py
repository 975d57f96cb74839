"""Figures of folders side by side: each on the same axes, and tokens over time to the same height."""

from __future__ import annotations

from pathlib import Path

import sim
from sim.report.plots.compared.side_by_side import side_by_side
from sim.sweeps.sides import sides
from tests.worlds import agent, backend, scenario


def test_runs_are_rows_and_panels_of_one_height(tmp_path: Path) -> None:
    for name, price, turns in (("cheap", 1.0, 5), ("dear", 3.0, 10)):
        world = scenario(agent(turns=turns), backend(output_usd_per_mtok=price), tasks=4, every_s=60.0, replications=2)
        sim.simulate(world).save(tmp_path / name)
    figures = side_by_side({name: sides(tmp_path / name) for name in ("cheap", "dear")})
    assert set(figures) == {"spend", "money_by_kind", "latency", "tokens_over_time"}
    assert {label.get_text() for label in figures["money_by_kind"].axes[0].get_yticklabels()} == {"cheap", "dear"}
    assert len({axes.get_ylim() for axes in figures["tokens_over_time"].axes}) == 1
    assert len(figures["tokens_over_time"].axes) == 2


def test_sweeps_are_lines_and_what_is_swept_otherwise_has_none(tmp_path: Path) -> None:
    for name, key, values in (("a", "agent.turns", [3, 6]), ("b", "agent.turns", [3, 6]), ("c", "seed", [1, 2])):
        sim.sweep(scenario(agent(), backend(), tasks=2, replications=2), {key: values}, folder=tmp_path / name)
    found = {name: sides(tmp_path / name) for name in "abc"}
    figures = side_by_side({name: found[name] for name in "ab"})
    assert set(figures) == {"spend", "money_by_kind", "latency"}
    assert len(figures["money_by_kind"].axes) == 2
    assert side_by_side({name: found[name] for name in "ac"}) == {}
