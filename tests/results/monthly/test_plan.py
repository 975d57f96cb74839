"""A month against its budget: the chance by simulation, by Student's t, and what is said of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.results.monthly.plan import chance_in_words, month, told
from sim.results.sample import Sample
from sim.settings.population.plan import DAYS_A_MONTH
from tests.worlds import agent, backend, run


def sample(months: np.ndarray) -> Sample:
    n = len(months)
    return Sample({"usd_per_month": float(months.mean())}, {"usd_per_month": (months.sum() - months) / (n - 1)})


def test_a_month_of_one_stretch_is_the_textbooks_prediction_interval() -> None:
    """Five months of 90 to 110: mean 100, standard deviation sqrt(50), t(0.975, 4) = 2.7764."""
    found = month(sample(np.array([90.0, 95.0, 105.0, 110.0, 100.0])), DAYS_A_MONTH, 100.0)
    assert found is not None
    half = 2.7764451 * math.sqrt(62.5) * math.sqrt(1 + 1 / 5)
    assert (found.usd, found.low_usd, found.high_usd) == pytest.approx((100.0, 100 - half, 100 + half))
    assert found.chance == pytest.approx(0.5)


@pytest.mark.parametrize("weeks", [4, 1])
def test_the_chance_is_that_of_months_put_together_from_stretches(weeks: int) -> None:
    """Gamma weeks of mean 25; a run of so many of them, a month of four. Many replications, so that only the month varies."""
    random = np.random.default_rng(1)
    own = random.gamma(25.0, 1.0, (4000, weeks)).mean(axis=1) * 4
    months = random.gamma(25.0, 1.0, (100_000, 4)).sum(axis=1)
    found = month(sample(own), weeks * DAYS_A_MONTH / 4, 108.0)
    assert found is not None
    assert found.chance == pytest.approx((months > 108.0).mean(), abs=0.02)


def test_what_does_not_vary_is_over_or_not_and_what_has_no_length_is_not_known() -> None:
    same = sample(np.full(3, 50.0))
    assert [found.chance for budget in (49.0, 51.0) if (found := month(same, 7.0, budget))] == [1.0, 0.0]
    assert month(Sample({"usd_per_month": math.nan}, {}), math.nan, 1.0) is None
    alone = month(Sample({"usd_per_month": 50.0}, {}), 7.0, 1.0)
    assert alone is not None
    assert math.isnan(alone.chance)


def test_chances_are_told_no_more_precisely_than_they_are_known() -> None:
    assert [chance_in_words(chance) for chance in (0.0001, 0.12, 0.9999, math.nan)] == ["under 1 %", "12 %", "over 99 %", "unknown"]


def test_a_run_says_how_likely_its_month_is_over_the_budget() -> None:
    sizes = {"dist": "exponential", "mean": 300}
    many = run(agent(output_tokens=sizes), backend(), tasks=5, every_s=60.0, horizon_s=86_400.0, replications=3, budget_usd_per_month=1e6)
    said = many.notes["month"]
    assert said.startswith(f"A month at this pace costs ${many.mean('usd_per_month'):.3g} (95 % of months: $")
    assert "more than its budget of $1,000,000 is under 1 %, by 3 replications of 1 days" in said
    assert "weekends" not in said
    assert "month" not in run(agent(), backend(), horizon_s=86_400.0).notes
    assert "needs a run that has a length" in run(agent(), backend(), budget_usd_per_month=5.0).notes["month"]
    one = run(agent(), backend(), horizon_s=86_400.0, budget_usd_per_month=5.0)
    assert "one replication cannot tell" in told(one.scenario, one.estimates.sample)
