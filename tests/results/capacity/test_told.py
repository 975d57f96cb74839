"""A capacity sheet in a prompt and in a notebook."""

from __future__ import annotations

import sim
from sim.scenario.told.numbers import compact
from tests.worlds import agent, backend, scenario


def test_a_capacity_sheet_says_dollars_a_day_and_quotas() -> None:
    sheet = sim.capacity(scenario(agent(), {"one": backend(input_usd_per_mtok=3.0)}, tasks=5, replications=2))
    loads = sheet.loads["one"]
    quota = compact(loads[min(loads)].quotas["output"][0.01])
    assert f"{quota} output tokens" in repr(sheet)
    assert "nothing is turned away" in repr(sheet)
    made = sheet._repr_html_()
    assert f">{quota}<" in made
    assert "2x people" in made
