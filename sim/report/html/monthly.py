"""Months against their budgets, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sim.report.html.content import Table
from sim.report.numbers import number
from sim.results.monthly.plan import chance_in_words, days_of, month
from sim.results.sample import Sample

NOTE = (
    "95 % of months: between these. A month is taken as so many independent stretches of the run's length; chances are of the random "
    "numbers alone, not of doubt about prices, profiles or how many come."
)


def months(found: Mapping[str, tuple[Sample, Mapping[str, Any]]], budget_usd: float | None = None) -> list[Table]:
    """By name: what a month comes to and how likely it costs more than its budget, its own where none is given. Settings are plain values.

    Nothing of what has no budget or no length.
    """
    rows = []
    for name, (sample, settings) in found.items():
        budget = settings.get("budget_usd_per_month") if budget_usd is None else budget_usd
        told = None if budget is None else month(sample, days_of(settings, sample), budget)
        if told is not None:
            span = f"{number(told.low_usd)} to {number(told.high_usd)}" if told.low_usd < told.high_usd else ""
            rows.append((name, number(told.usd), span, f"{budget:,.10g}", chance_in_words(told.chance), f"{days_of(settings, sample):.4g}"))
    columns = ["of", "USD a month", "95 % of months", "budget, USD", "chance to cost more", "days of the run"]
    return [Table("A month against its budget", pd.DataFrame(rows, columns=columns), NOTE)] if rows else []
