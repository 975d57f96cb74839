"""Metrics of a run that has a length: its bill a day, a month, and a developer's."""

from __future__ import annotations

import math

from sim.meter.tally import Tally
from sim.results.basis import Basis
from sim.results.hourly.metrics import bill_usd
from sim.results.metric import Metric
from sim.settings.population.plan import DAY_S, DAYS_A_MONTH


def _a_day(t: Tally, b: Basis) -> float:
    """Dollars of a replication over the days that count; nan without a length."""
    seconds = b.horizon_s - t.cut_s
    return bill_usd(t) / t.replications / seconds * DAY_S if seconds > 0 else math.nan


OF_TIME = (
    Metric("usd_per_day", "USD", "the bill of a day at the run's pace; of runs with horizon_s, warm-up left out", _a_day),
    Metric("usd_per_month", "USD", "the same of a month of 30.44 days", lambda t, b: DAYS_A_MONTH * _a_day(t, b)),
    Metric("usd_per_developer_month", "USD", "the same per user of workload=users",
           lambda t, b: DAYS_A_MONTH * _a_day(t, b) / b.users if b.users else math.nan),
)  # fmt: skip
