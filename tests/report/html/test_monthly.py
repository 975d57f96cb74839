"""Months against their budgets as a table: each with its own, or all with one."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.report.html.monthly import months
from sim.results.sample import Sample


def test_who_has_a_budget_and_a_length_has_a_row() -> None:
    sample = Sample({"usd_per_month": 50.0, "warmup_s": 0.0}, {"usd_per_month": np.array([49.0, 50.0, 51.0])})
    week: dict[str, Any] = {"horizon_s": 604_800.0}
    endless = Sample({}, {}), {"budget_usd_per_month": 1.0}
    found = {"own": (sample, week | {"budget_usd_per_month": 20.0}), "none": (sample, week), "endless": endless}
    [table] = months(found)
    assert table.texts.to_dict("records") == [
        {"of": "own", "USD a month": "50.0", "95 % of months": "43.5 to 56.5", "budget, USD": "20", "chance to cost more": "over 99 %",
         "days of the run": "7"}
    ]  # fmt: skip
    assert list(months(found, 1000.0)[0].texts["of"]) == ["own", "none"]
    assert months({"endless": endless}, 1.0) == []
