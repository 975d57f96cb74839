"""Reserved units in a run, by hand: who is taken, who spills, and that dollars add up."""

from __future__ import annotations

from typing import Any

import pytest

from sim.settings.budget import BudgetSettings, Per
from sim.settings.capacity.reserved import ReservedSettings
from sim.settings.market import Billed
from sim.settings.run import Warmup
from tests.worlds import agent, backend, run

ONCE: dict[str, Any] = {"turns": 1, "system_tokens": 0, "prompt_tokens": 1000, "output_tokens": 100}
CALL_USD = 0.0011


def reserved(**changes: Any) -> ReservedSettings:
    """Two units for $1.80 an hour each, which take 60 weighted tokens a second together, and those of the last 30 s."""
    plain: dict[str, Any] = {"units": 2, "name": "PTU", "usd_per_h": 1.8, "tokens_per_min": 1800.0, "output_weight": 8.0, "window_s": 30.0}
    return ReservedSettings(**plain | changes)


def test_who_finds_units_free_is_taken_and_the_rest_is_paid_by_the_list() -> None:
    """A call is 1,800 weighted tokens, as many as are there. At 0.5 s the first is taken, at 1 the second, since 30 are there again; then
    1,740 are owed, and the others spill."""
    result = run(agent(**ONCE), backend(reserved=reserved()), tasks=4, every_s=0.5, horizon_s=60.0)
    calls = result.calls.sort_values("t_start_s")
    assert calls["t_start_s"].tolist() == [0.5, 1.0, 1.5, 2.0]
    assert calls["cost_usd"].tolist() == pytest.approx([0.0, 0.0, CALL_USD, CALL_USD])
    assert result.mean("cost_units_usd") == pytest.approx(2 * 1.8 / 60)
    assert result.mean("cost_usd") == pytest.approx(2 * CALL_USD + 0.06)
    assert result.mean("cost_per_task_usd") == pytest.approx((2 * CALL_USD + 0.06) / 4)
    assert result.mean("units_spilled_share.one") == 0.5
    assert result.mean("units_listed_usd.one") == pytest.approx(2 * CALL_USD)
    assert result.mean("units_used_share.one") == pytest.approx(2 * 1800 / 3600)
    assert result.notes["servers"].startswith("2 PTUs of one are $0.06 a run, 100 % of them used. They took 50 % of attempts, $0.0022 by")


def test_what_units_take_is_free_for_budgets_and_of_each_kind_of_token() -> None:
    """A budget of one call lets all of them through where units take them."""
    budget = BudgetSettings(usd=1.5 * CALL_USD, per=Per.run)
    poor, rich = (
        run(agent(**ONCE), backend(reserved=each), tasks=4, every_s=100.0, budget=budget) for each in (ReservedSettings(), reserved())
    )
    assert (poor.mean("calls_unpaid"), rich.mean("calls_unpaid")) == (2, 0)
    assert rich.mean("cost_output_usd") == rich.mean("cost_fresh_input_usd") == rich.mean("cost_cache_write_usd") == 0


def test_failed_attempts_that_are_billed_take_units_too_and_others_do_not() -> None:
    for billed, taken in ((Billed.everything, 1.0), (Billed.nothing, 0.0)):
        result = run(agent(**ONCE), backend(reserved=reserved(), error_rate=1.0, error_billed=billed))
        assert (result.mean("units_listed_usd.one") > 0) is bool(taken)


def test_what_comes_before_the_warm_up_has_ended_does_not_count() -> None:
    """Four calls 100 s apart, from 100 on; those of 300 and 400 count, and hours from 250 to 500."""
    result = run(agent(**ONCE), backend(reserved=reserved()), tasks=4, every_s=100.0, warmup=Warmup.fixed, warmup_s=250.0, horizon_s=500.0)
    assert result.mean("units_listed_usd.one") == pytest.approx(2 * CALL_USD)
    assert result.mean("cost_units_usd") == pytest.approx(2 * 1.8 * 250 / 3600)
