"""Dollars a day, a month and a developer: by hand, and only of runs that have a length."""

from __future__ import annotations

import pytest

from sim.settings.run import Warmup
from sim.settings.workload import WorkloadKind, WorkloadSettings
from tests.worlds import agent, backend, run

USERS = WorkloadSettings(kind=WorkloadKind.users, users=4, tasks_per_user=None, session_gap_s=600.0)
MONTH = 365.2425 / 12


def test_a_month_is_the_bill_over_the_length_of_the_run() -> None:
    result = run(agent(), backend(), workload=USERS, horizon_s=21_600.0, replications=2)
    a_day = result.mean("cost_usd") * 4
    assert result.mean("usd_per_day") == pytest.approx(a_day, rel=1e-12)
    assert result.mean("usd_per_month") == pytest.approx(a_day * MONTH, rel=1e-12)
    assert result.mean("usd_per_developer_month") == pytest.approx(a_day * MONTH / 4, rel=1e-12)


def test_what_is_left_out_at_the_start_is_no_part_of_the_length() -> None:
    result = run(agent(), backend(), workload=USERS, horizon_s=21_600.0, warmup=Warmup.fixed, warmup_s=7_200.0)
    assert result.mean("usd_per_day") == pytest.approx(result.mean("cost_usd") * 6, rel=1e-12)


def test_a_run_without_a_length_has_none_and_one_without_users_no_developer() -> None:
    assert not {"usd_per_day", "usd_per_month"} & set(run(agent(), backend()).summary["mean"].dropna().index)
    known = run(agent(), backend(), tasks=2, horizon_s=3600.0).summary["mean"].dropna().index
    assert "usd_per_month" in known
    assert "usd_per_developer_month" not in known
