"""Units to reserve: by hand, and held to slosizer, whose figures for the same calls are written down here."""

from __future__ import annotations

import numpy as np
import pytest

import sim
from sim.results.capacity.reserve import Reserve, reserve
from sim.settings.capacity.reserved import ReservedSettings
from tests.worlds import agent, backend, run

PTU = ReservedSettings(units=0, usd_per_h=2.0, tokens_per_min=600.0, output_weight=8.0, least=4, step=2)


def of(*windows: float, usd: float = 1.0) -> Reserve:
    """So many units are taken in each of as many windows of a second, whose calls cost $1 each."""
    needed = {window: np.array(windows) for window in (1.0, 5.0, 30.0)}
    return Reserve(PTU, needed, np.full(len(windows), usd), len(windows) / 3600)


def test_a_quantile_of_windows_is_rounded_to_what_can_be_had() -> None:
    assert [of(*range(1, 101)).units(share) for share in (0.5, 0.9, 1.0)] == [52, 92, 100]
    assert of(0.0, 1.0).units() == 4


def test_what_is_beyond_units_spills_in_proportion() -> None:
    """Of 16 units in one of four seconds, 6 are reserved: 10/16 of a dollar spills, in 4 s; so 562.5 dollars an hour."""
    blend = of(0.0, 6.0, 16.0, 0.0).blend(6)
    assert (blend.units_usd_per_h, blend.spilled_windows) == (12.0, 0.25)
    assert blend.spilled_usd_per_h == pytest.approx(562.5)
    assert of(0.0, 6.0, 16.0, 0.0).cheapest().units == 16
    assert of(0.0, 6.0, 16.0, 0.0, usd=1e-6).cheapest().units == 0


def test_it_counts_the_billed_calls_of_a_run_with_weights_and_by_the_list() -> None:
    """Calls of 2,000 tokens and 300 more at 0 s, 5 and 10: (2,000 + 2,400) / 10 units each; $0.0023."""
    result = run(agent(turns=1), backend(reserved=PTU), tasks=3, every_s=5.0)
    found = reserve(result, "one")
    assert found.needed[1.0].tolist() == [440, 0, 0, 0, 0, 440, 0, 0, 0, 0, 440]
    assert found.needed[5.0].tolist() == [88, 88, 88]
    assert found.listed_usd.sum() == pytest.approx(3 * 0.0023)
    assert found.hours == pytest.approx(10 / 3600)
    assert found.units(1.0) == 440
    taken = run(agent(turns=1), backend(reserved=ReservedSettings(units=4, tokens_per_min=600.0, output_weight=8.0)), tasks=3, every_s=5.0)
    assert taken.calls["cost_usd"].sum() < 3 * 0.0023
    assert reserve(taken, "one").listed_usd.sum() == pytest.approx(3 * 0.0023), "by the list, whoever takes them"


LOG = ("workload=trace", "workload.trace=excerpt")
CHATS = ("agent=chat", "agent.requests=1", "workload.tasks=300", "workload.interarrival_s={dist: exponential, mean: 0.1}")
SLOSIZER = [
    (LOG, "gpt_5_2", 0.001, 70, 69.69543529411759, 260, 0.7355103928191374, 0.0024298652529268832),
    (LOG, "gemini_3_flash", 0.01, 5, 4.144367245657545, 10, 0.21680693437016826, 0.0024679388303732756),
    (CHATS, "gemini_3_flash", 1.0, 28, 27.360496277915633, 21, 23.559963870790966, 0.2962962962962963),
]
"""What slosizer 0.3.1 (PyPI, MIT) says: p99 units as they can be had and before, the cheapest blend, its dollars an hour and the share of
seconds in which it spills. Made by handing it each run's billed calls, with its own profile `gemini-3-flash-preview`, or its README's for
gpt-5.2, at list prices; a unit at the price in the third column. It needs Python 3.13, so it is no dependency of these tests."""


@pytest.mark.parametrize(("work", "model", "usd_per_h", "units", "exact", "blended", "usd", "spilled"), SLOSIZER)
def test_units_and_the_blend_are_those_of_slosizer(
    work: tuple[str, ...], model: str, usd_per_h: float, units: int, exact: float, blended: int, usd: float, spilled: float
) -> None:
    price = f"market.models.{model}.reserved.usd_per_h={usd_per_h}"
    result = sim.simulate(sim.load(*work, "work=same", f"backends=[{model}]", f"+reserved={model}", price, "replications=1", "log=full"))
    found = reserve(result, model)
    assert max(np.quantile(needed, 0.99) for needed in found.needed.values()) == pytest.approx(exact, rel=1e-9)
    best = found.cheapest()
    assert (found.units(), best.units) == (units, blended)
    assert [best.usd_per_h, best.spilled_windows] == pytest.approx([usd, spilled], rel=1e-9)


def test_what_cannot_be_said_is_refused() -> None:
    with pytest.raises(sim.ConfigError, match=r"reserved\.tokens_per_min=null"):
        reserve(run(agent(turns=1), tasks=3), "one")
    with pytest.raises(sim.ConfigError, match="two: not among backends"):
        reserve(run(agent(turns=1), backend(reserved=PTU), tasks=3), "two")
    with pytest.raises(sim.ConfigError, match="1 billed calls"):
        reserve(run(agent(turns=1), backend(reserved=PTU)), "one")
