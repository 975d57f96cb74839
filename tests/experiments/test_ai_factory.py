"""The factory by hand: machines, megawatts and dollars of the article's second week."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments import ai_factory
from experiments.ai_factory import BASE, ENDS, GPUS, WEEK_H, WITH_HITS
from tests.report.test_page import overlapping


def test_the_week_by_hand() -> None:
    """4.902T in at 73,700 a second are 110 machines, 0.258T out at 14,800 are 28.8; 1.2 x 10.2 kW each; $0.30, 0.03 and 1.20."""
    machines = 4.902e12 / 604_800 / 73_700 + 0.258e12 / 604_800 / 14_800
    side = BASE.side
    assert side.gpu_hours.low / GPUS / WEEK_H == pytest.approx(machines, rel=1e-9)
    assert side.kwh.low / WEEK_H == pytest.approx(machines * 12.24, rel=1e-9)
    assert side.electricity_usd.low == pytest.approx(machines * 12.24 * WEEK_H * 0.06, rel=1e-9)
    assert side.cost_usd.low == pytest.approx(machines * 16 * WEEK_H, rel=1e-9)
    fresh = 4.902e12 * 266 / 608
    assert side.revenue_usd == pytest.approx((fresh * 0.3 + (4.902e12 - fresh) * 0.03 + 0.258e12 * 1.2) / 1e6, rel=1e-9)


def test_as_others_reckon_it() -> None:
    """Fresh tokens over a rate that counts hits: 77 machines, 0.94 MW, $9.5k of electricity, $0.21M of rent, $1.0M of revenue."""
    side = replace(BASE, prefill_wh=WITH_HITS).side
    found = (side.gpu_hours.low / GPUS / WEEK_H, side.kwh.low / WEEK_H / 1e3, side.electricity_usd.low, side.cost_usd.low, side.revenue_usd)
    assert found == pytest.approx((77, 0.94, 9_500, 207_000, 1.04e6), rel=0.015)


def test_ends_lie_on_either_side_of_the_base() -> None:
    for name, ((_, low), (_, high)) in ENDS.items():
        changed = [sum(getattr(one, each) != getattr(BASE, each) for each in vars(BASE)) for one in (low, high)]
        assert max(changed) == 1, name
        shares, margins = ([getattr(one.side, what).low for one in (low, BASE, high)] for what in ("electricity_share", "margin"))
        assert shares in (sorted(shares), sorted(shares)[::-1]), name
        assert margins in (sorted(margins), sorted(margins)[::-1]), name
        assert len({*shares, *margins}) > 2, name


def test_a_figure_that_can_be_read() -> None:
    found = ai_factory.table(replace(BASE, hits=0.97, output=0.01))
    assert overlapping(ai_factory.tornado(found)) == []
    assert "0.94 to 1.7 MW" in ai_factory.finding(found)
