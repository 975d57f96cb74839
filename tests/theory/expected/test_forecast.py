"""What a planner reckons ahead of fees: one for each call that the task will make."""

from __future__ import annotations

import pytest

from sim.backends.pricing import Price
from sim.settings.agent import AgentKind, AgentSettings
from sim.settings.market import PriceWindow
from sim.settings.router import Policy, RouterSettings
from sim.theory.expected.forecast import forecast
from tests.recipes.ways import assert_declared_truly, assert_theory_agrees
from tests.worlds import agent, backend, loop, run, scenario, stage, stages, team, with_

FEE_USD = 0.01
WORK: dict[str, tuple[AgentSettings, int]] = {
    "one agent": (agent(turns=7), 7),
    "messages": (agent(turns=3, requests=4), 12),
    "team": (team(5, loop(turns=3), fanout=4), 17),
    "debate": (agent(kind=AgentKind.debate, turns=2, fanout=3), 6),
    "pipeline": (stages({"plan": stage(turns=2), "build": stage(turns=3, width=2)}), 8),
}


@pytest.mark.parametrize("work", WORK)
def test_a_forecast_multiplies_the_fee_by_the_calls(work: str) -> None:
    doing, calls = WORK[work]
    free, dear = backend(), backend(request_usd=FEE_USD)
    more = forecast(doing, dear, Price(dear)).usd - forecast(doing, free, Price(free)).usd
    assert more == pytest.approx(calls * FEE_USD, rel=1e-9)
    assert run(doing, dear).mean("cost_fees_usd") == pytest.approx(calls * FEE_USD, rel=1e-12)


@pytest.mark.parametrize("work", WORK)
def test_theory_knows_fees_and_so_do_the_faster_ways(work: str) -> None:
    doing, calls = WORK[work]
    world = scenario(doing, backend(request_usd=FEE_USD), tasks=6, every_s=2.0)
    assert_declared_truly(world)
    result = run(doing, backend(request_usd=FEE_USD), tasks=6, every_s=2.0)
    assert_theory_agrees(world, result)
    assert result.theory.values["cost_fees_usd"] == pytest.approx(6 * calls * FEE_USD, rel=1e-12)


def test_a_policy_that_weighs_bills_counts_the_fee_of_the_hour() -> None:
    """A call of $0.0023 and a fee against one of $0.0027, early and at noon, when the first is three times as dear."""
    noon = [PriceWindow(from_h=12, until_h=13, multiplier=3.0)]
    worlds = {"fee": backend(windows=noon, quality=0.5), "none": backend(input_usd_per_mtok=1.2, quality=0.5)}
    for policy in (Policy.cheapest, Policy.meets_floor):
        for fee, taken in ((0.001, ["none", "none"]), (0.0003, ["fee", "none"])):
            served = worlds | {"fee": with_(worlds["fee"], request_usd=fee)}
            router = RouterSettings(policy=policy)
            calls = run(agent(turns=1), served, tasks=2, every_s=6 * 3600.0, router=router, start="2026-02-16T00:30:00").calls
            assert calls.sort_values("task")["backend"].tolist() == taken, policy
