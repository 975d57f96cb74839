"""A month against its budget: what it comes to, and how likely it is to cost more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from sim.results.sample import Sample
from sim.scenario.scenario import Scenario
from sim.settings.population.plan import DAY_S, DAYS_A_MONTH
from sim.statistics import digits, t_quantile

LEAST, MOST = 0.005, 0.995
"""Chances outside are told as bounds: a t law says nothing as precise of so few replications."""
WEEK_OFF = 1e-6


class Month(NamedTuple):
    """A month at a run's pace."""

    usd: float
    low_usd: float
    high_usd: float
    """Ends of what 95 % of months come to; nan where one replication cannot tell."""
    chance: float
    """That a month costs more than the budget; nan where nobody can tell."""


def month(sample: Sample, run_days: float, budget_usd: float) -> Month | None:
    """What a month comes to, of a run of so many days; None where it has no length.

    A month is taken as so many independent stretches of the run's length, which replications are a sample of, so it varies less than
    they do if it is longer; what its mean may be off is added: a prediction interval of Student's t.
    """
    mean, without = sample.whole.get("usd_per_month", math.nan), sample.without.get("usd_per_month", np.empty(0))
    if not math.isfinite(mean):
        return None
    n = len(without)
    if n < 2:
        return Month(mean, math.nan, math.nan, math.nan)
    own = n * mean - (n - 1) * without
    spread = float(own.std(ddof=1)) * math.sqrt(run_days / DAYS_A_MONTH + 1 / n)
    half = t_quantile(0.975, n - 1) * spread
    return Month(mean, max(0.0, mean - half), mean + half, _over(mean, spread, n - 1, budget_usd))


def _over(mean: float, spread: float, freedom: int, budget_usd: float) -> float:
    """The chance of more than the budget."""
    from scipy.special import stdtr

    if spread <= 1e-12 * mean:
        return float(mean > budget_usd)
    return float(stdtr(freedom, (mean - budget_usd) / spread))


def days_of(settings: Mapping[str, Any], sample: Sample) -> float:
    """Days of a run that count, by its settings as plain values; nan: it has no length."""
    return ((settings.get("horizon_s") or math.nan) - sample.whole.get("warmup_s", 0.0)) / DAY_S


def chance_in_words(chance: float) -> str:
    """`12 %`, `under 1 %`, `over 99 %`; `unknown`."""
    if math.isnan(chance):
        return "unknown"
    return "under 1 %" if chance < LEAST else "over 99 %" if chance > MOST else f"{100 * chance:.0f} %"


def told(scenario: Scenario, sample: Sample) -> str:
    """The month and its budget in a sentence or two; empty without a budget."""
    budget, days = scenario.budget_usd_per_month, (scenario.horizon_s or math.nan) / DAY_S
    if budget is None:
        return ""
    found = month(sample, days - sample.whole.get("warmup_s", 0.0) / DAY_S, budget)
    if found is None:
        return f"A month against budget_usd_per_month={budget:,.10g} needs a run that has a length: horizon_s."
    said = f"A month at this pace costs ${digits(found.usd, 3)}"
    if math.isnan(found.chance):
        return f"{said}, its budget is ${budget:,.10g}; how likely it is to cost more one replication cannot tell."
    span = f" (95 % of months: ${digits(found.low_usd, 3)} to ${digits(found.high_usd, 3)})" if found.low_usd < found.high_usd else ""
    known = f"{sample.replications} replications of {digits(days, 3)} days that are taken as independent"
    weeks = days / 7
    part = " The run is not of whole weeks, so weekends do not have their share." if abs(weeks - round(weeks)) > WEEK_OFF else ""
    part = part if scenario.workload.hours else ""
    return (
        f"{said}{span}; the chance that it costs more than its budget of ${budget:,.10g} is {chance_in_words(found.chance)}, by {known}: "
        f"the random numbers alone, not doubt about prices, profiles or how many come.{part}"
    )
