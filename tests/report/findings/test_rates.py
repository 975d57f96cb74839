"""What a bill is per day, month and developer: by hand from a run's bill, its length and its people."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from sim.report.findings.rates import Period, period_of, rate_clause
from sim.report.grid import study

WEEK: dict[str, Any] = {"horizon_s": 604_800.0, "workload": {"kind": "users", "users": 20}}


def bills(*usd: float) -> pd.DataFrame:
    """A row a run, without a doubt about its bill."""
    rows = [{"workload.users": 10 * (place + 1), "cost_usd": each, "cost_per_task_usd": 1.0} for place, each in enumerate(usd)]
    return pd.DataFrame(rows).assign(cost_usd_ci_low=usd, cost_usd_ci_high=usd)


@pytest.mark.parametrize(
    ("scenario", "axes", "known"),
    [
        (WEEK, (), Period(7.0, 20)),
        (WEEK, ("workload.users",), Period(7.0, 0, True)),
        (WEEK | {"workload": {"kind": "open"}}, (), Period(7.0, 0)),
        (WEEK | {"horizon_s": None}, (), None),
        (WEEK | {"horizon_s": 3600.0}, (), None),
        (WEEK | {"warmup": "fixed"}, (), None),
        (WEEK, ("horizon_s",), None),
    ],
)
def test_a_run_counts_for_its_length_if_that_is_a_day_and_the_same_for_all(
    scenario: dict[str, Any], axes: tuple[str, ...], known: Period | None
) -> None:
    assert period_of(scenario, axes) == known


def test_a_week_has_a_month_and_a_day_has_none() -> None:
    """$140 a week of 20 people: $20 a day, 30.4 of them a month."""
    one = study(bills(140.0))
    assert rate_clause(one, Period(7.0, 20)) == "the bill is $20 per day, $609 per month, $30 per developer and month"
    assert rate_clause(one, Period(2.0, 20)) == "the bill is $70 per day, $3.5 per developer and day"
    assert rate_clause(one, Period(7.0, 0)) == "the bill is $20 per day, $609 per month"
    assert rate_clause(one, None) == ""


def test_where_people_are_swept_each_bill_is_of_its_own_people() -> None:
    """$7 a week of 10 and $70 of 20: $0.1 and $0.5 a day each."""
    said = rate_clause(study(bills(7.0, 70.0)), Period(7.0, 0, True))
    assert said == "per developer and month the bill is $3.0 with 10 users, $15 with 20 users"
