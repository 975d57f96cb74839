"""Prices against bills: ratios by hand on two made-up backends, and the sentence that names where the list misleads in sign."""

from __future__ import annotations

import math

import pytest

from sim.report.bills import LIST, OWN, SAME, alone, bills, order_finding, shown
from sim.settings.market import BackendSettings, WorkSettings
from sim.settings.work import Work, WorkChoice
from tests.worlds import agent, backend, scenario

NAMES = {"dear": "Dear", "cheap": "Cheap", "odd": "Odd"}


def models() -> dict[str, BackendSettings]:
    """One call costs $0.0023 a dollar of list price: 2,000 tokens in and 300 out at the same price, nothing cached."""
    plain = {"cache_read_usd_per_mtok": None, "ttft_s": 1.0}
    return {
        "dear": backend(input_usd_per_mtok=10.0, output_usd_per_mtok=10.0, works={"h": WorkSettings(bill=1.0)}, **plain),
        "cheap": backend(works={"h": WorkSettings(turn_multiplier=3.0, bill=2.0)}, **plain),
        "odd": backend(input_usd_per_mtok=5.0, output_usd_per_mtok=5.0, **plain),
    }


def test_ratios_by_list_same_work_own_turns_and_bills() -> None:
    """Ten turns of growth g = 1,000 over B = 2,000: In = nB + g n (n - 1) / 2, so three times the turns take 495 against 65 thousand."""
    world = scenario(agent(), models(), work=WorkChoice(Work.measured, "h"))
    found = bills(world, ["dear", "cheap", "odd"], NAMES)
    assert found.index.name == "Dear costs x times"
    assert found.loc["Cheap", LIST] == 10
    assert found.loc["Cheap", SAME] == pytest.approx(10)
    assert found.loc["Cheap", OWN] == pytest.approx(10 * (65_000 + 3_000) / (495_000 + 9_000), rel=1e-3)
    assert found.loc["Cheap", "measured, h"] == 0.5
    assert math.isnan(found.loc["Odd", "measured, h"])
    assert shown(found).loc[2, "measured, h"] == "-"


def test_who_is_cheaper_by_the_list_and_costs_more_is_named() -> None:
    world = scenario(agent(), models(), work=WorkChoice(harness="h"))
    found = bills(world, ["dear", "cheap", "odd"], NAMES)
    assert order_finding(found) == "The list misleads in sign: cheaper than Dear by it, by measured bills Cheap costs more"
    right = found.assign(**{"measured, h": [1.0, 3.0, math.nan]})
    assert order_finding(right) == ""
    unsure = found.assign(**{"measured, other": [1.0, 3.0, math.nan]})
    assert order_finding(unsure).endswith("by measured bills Cheap may cost more")


def test_a_bill_is_of_one_agent() -> None:
    assert alone({"agent": {"kind": "react"}})
    assert not alone({"agent": {"kind": "orchestrator"}})
    assert not alone({})
