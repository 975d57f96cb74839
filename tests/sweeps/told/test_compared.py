"""A comparison is a table, and shows its headlines."""

from __future__ import annotations

import pandas as pd
import pytest

import sim
from sim.results.metrics import HEADLINES
from sim.sweeps.comparison import best
from tests.worlds import agent, backend, scenario


def test_headlines_are_shown_and_what_is_cut_out_is_a_plain_table() -> None:
    world = scenario(agent(), {"one": backend(input_usd_per_mtok=3.0)}, tasks=4, replications=3)
    dear = sim.replaced(world, {"market.models.one.input_usd_per_mtok": 6.0})
    found = sim.compare(sim.simulate(world), sim.simulate(dear))
    said = repr(found).split("\n")
    shown = [name for name in HEADLINES if found.loc[name, ["a", "b"]].notna().all()]
    assert [line.split(":")[0] for line in said[1:-1]] == shown
    assert said[1].endswith(", more")
    assert said[-1].startswith(f"{len(found)} metrics")
    made = found._repr_html_()
    assert made.count("<tr>") == 1 + len(shown)
    assert type(found.loc[["cost_usd"]]) is pd.DataFrame
    assert type(found[found["verdict"] == "more"]) is pd.DataFrame
    assert isinstance(found, pd.DataFrame)


def test_runs_of_other_seeds_are_told_to_be_unpaired() -> None:
    """Their intervals are honest, and far wider than they need be: `no difference seen` would be taken for none."""
    one, other = (sim.simulate(scenario(agent(turns=1), {"one": backend()}, tasks=1, replications=2, seed=seed)) for seed in (1, 99))
    apart = "Seeds differ (1, 99): random numbers are not shared, so intervals are wider than need be."
    found = sim.compare(one, other)
    assert found.attrs["warning"] == repr(found).split("\n")[0] == apart
    assert apart in found._repr_html_()
    assert "Seeds" not in repr(sim.compare(one, one))


@pytest.mark.parametrize("confidence", [95, 1, 0, -0.5, float("nan"), "95 %"])
def test_a_confidence_is_a_share(confidence: float) -> None:
    """95 made every interval one of nothing, in which no difference is seen."""
    one = sim.simulate(scenario(agent(turns=1), {"one": backend()}, tasks=1, replications=2))
    for formula in (lambda: sim.compare(one, one, confidence), lambda: best([], "cost_usd", confidence)):
        with pytest.raises(sim.ConfigError, match=r"^confidence=.*: must be a share above 0 and below 1, such as 0.95$"):
            formula()
