"""The provider's side by hand, and against what one fleet published of a day."""

from __future__ import annotations

import math

import pytest

import sim
from sim.theory.provider import NOTHING, Between, Fleet, Side, fleet_of, together

MACHINE_KW, GPUS, PUE = 10.2, 8, 1.2
PREFILLED_PER_S, DECODED_PER_S = 73_700, 14_800


def sure(value: float) -> Between:
    return Between(value, value)


def wh_per_mtok(per_s: float) -> float:
    """Of a machine that takes in, or puts out, so many tokens a second."""
    return MACHINE_KW * 1e3 / 3600 * 1e6 / per_s


PUBLISHED = Fleet(
    prefill_wh_per_mtok=sure(wh_per_mtok(PREFILLED_PER_S)),
    cached_wh_per_mtok=sure(0.0),
    decode_wh_per_mtok=sure(wh_per_mtok(DECODED_PER_S)),
    pue=sure(PUE),
    gpu_kw=sure(MACHINE_KW / GPUS),
    gpu_usd_per_h=sure(2.0),
    usd_per_kwh=sure(0.06),
)


def test_a_published_day_in_watt_hours_and_dollars() -> None:
    """46 and 230 Wh, $0.060 and $0.300 a million tokens prefilled and decoded; electricity is 4.6 % of the rent."""
    prefilled, decoded = PUBLISHED.serves(1e6, 0, 0, 1.0), PUBLISHED.serves(0, 0, 1e6, 1.0)
    assert [1e3 * side.kwh.low for side in (prefilled, decoded)] == pytest.approx([46, 230], rel=0.005)
    assert [side.cost_usd.low for side in (prefilled, decoded)] == pytest.approx([0.060, 0.300], rel=0.006)
    assert prefilled.electricity_usd.low / prefilled.cost_usd.low == pytest.approx(0.046, rel=0.01)


def test_machines_of_that_day_are_those_that_were_counted() -> None:
    """608B tokens in and 168B out kept 226.75 machines busy for a day: all tokens in, those that a cache had too, at that rate."""
    day = PUBLISHED.serves(608e9, 0, 168e9, 0.0)
    assert day.gpu_hours.low / GPUS / 24 == pytest.approx(226.75, rel=0.002)
    fresh = PUBLISHED.serves(608e9 - 342e9, 0, 168e9, 0.0)
    assert fresh.gpu_hours.low / GPUS / 24 == pytest.approx(173, rel=0.002), "as if the rate were of fresh tokens: a quarter less"


@pytest.mark.parametrize(
    ("end", "prompt", "answer", "wh"), [("low", 8192, 1024, 0.6), ("high", 8192, 1024, 3.74), ("high", 1024, 8192, 16.3)]
)
def test_what_ships_spans_what_was_published_of_a_query(end: str, prompt: int, answer: int, wh: float) -> None:
    """0.6 to 16 Wh of DeepSeek R1 on a benchmark: site and all (1.2 here), lengths 0.9 of those named."""
    fleet = fleet_of(sim.load("provider=disclosed").provider, "deepseek_v3_2", "cn")._replace(pue=sure(1.2))
    query = fleet.serves(0.9 * prompt, 0, 0.9 * answer, 0.0)
    assert 1e3 * getattr(query.kwh, end) == pytest.approx(wh, rel=0.15)


def test_what_ships_is_what_was_disclosed() -> None:
    """At a PUE of 1.2: 46 and 230 Wh a million tokens prefilled and decoded."""
    fleet = fleet_of(sim.load("provider=disclosed").provider, "minimax_m2_5", "cn")._replace(pue=sure(1.2))
    assert 1e3 * fleet.serves(1e6, 0, 0, 0.0).kwh.low == pytest.approx(46, rel=0.01)
    assert 1e3 * fleet.serves(0, 0, 1e6, 0.0).kwh.low == pytest.approx(230, rel=0.01)


FLEET = Fleet(
    Between(10, 20), Between(1, 2), Between(100, 400), Between(1.1, 1.5), Between(0.5, 2.0), Between(1.0, 3.0), Between(0.05, 0.10)
)
SIDE = FLEET.serves(2e6, 10e6, 1e6, 10.0)


def test_both_ends_by_hand() -> None:
    """Low: 20 + 10 + 100 = 130 Wh of machines; high: 40 + 20 + 400 = 460."""
    assert SIDE.tokens == 13e6
    assert pytest.approx((0.143, 0.69)) == SIDE.kwh
    assert pytest.approx((0.13 / 2, 0.46 / 0.5)) == SIDE.gpu_hours
    assert pytest.approx((0.143 * 0.05, 0.069)) == SIDE.electricity_usd
    assert pytest.approx((0.065, 2.76)) == SIDE.cost_usd
    assert pytest.approx((1 - 0.276, 1 - 0.0065)) == SIDE.margin
    assert pytest.approx((0.0065, 0.276)) == SIDE.compute_tax
    assert pytest.approx((10 / 0.69, 10 / 0.143)) == SIDE.usd_per_kwh
    assert pytest.approx((0.143 * 0.05 / 10, 0.0069)) == SIDE.electricity_share


def test_sides_add_up() -> None:
    parts = [FLEET.serves(2e6, 0, 0, 1.0), FLEET.serves(0, 10e6, 0, 2.0), FLEET.serves(0, 0, 1e6, 7.0)]
    whole = together(parts)
    assert (whole.tokens, whole.revenue_usd) == (SIDE.tokens, SIDE.revenue_usd)
    for mine, its in zip(whole[2:], SIDE[2:], strict=True):
        assert pytest.approx(its, rel=1e-12) == mine


def test_what_brings_nothing_has_no_margin() -> None:
    given_away = FLEET.serves(1e6, 0, 0, 0.0)
    assert given_away.margin == (-math.inf, -math.inf)
    assert given_away.usd_per_kwh == (0.0, 0.0)
    assert math.isnan(Side(0.0, 0.0, *[NOTHING] * 4).margin.low)
