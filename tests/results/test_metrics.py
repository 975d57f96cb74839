"""Metrics are said once: names, units, order, headlines; and each formula is that of a run's own tables."""

from __future__ import annotations

import math

import pytest

import sim
from sim.report.tables import CROSSED, PRINTED
from sim.results.metrics import BY_BACKEND, BY_STAGE, HEADLINES, METRICS, MORE_IS_BETTER, metrics, unit_of
from sim.settings.run import GoalSettings
from sim.sweeps.goal import check_goal
from tests.worlds import agent, backend, scenario

TWO = {"one": backend(quality=0.6), "two": backend(input_usd_per_mtok=3.0, quality=0.9)}


def test_every_metric_has_a_name_of_its_own_and_says_what_it_is() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    for metric in METRICS:
        assert metric.meaning
        assert metric.meaning[-1] != "."
        assert (metric.unit != "") == metric.name.partition(".")[0].endswith(("_usd", "_s", "_tokens", "_min", "_mtok", "tokens_per_task"))


def test_a_summary_has_every_metric_in_its_order_with_its_unit() -> None:
    summary = sim.simulate(scenario(agent(), TWO, tasks=3, replications=2)).summary
    once = [metric for metric in METRICS if BY_BACKEND not in metric.name and BY_STAGE not in metric.name]
    each = [metric for metric in METRICS if BY_BACKEND in metric.name]
    assert list(summary.index) == [metric.name for metric in once] + [m.name.replace(BY_BACKEND, name) for m in each for name in TWO]
    assert list(summary["unit"]) == [unit_of(name) for name in summary.index]
    assert summary.loc["cost_usd", "unit"] == "USD"
    assert list(metrics(scenario(agent(), TWO))) == list(summary.index)


def test_headlines_are_ranked_and_a_table_can_print_them() -> None:
    assert HEADLINES == (
        "cost_per_task_usd", "tokens_per_task", "success_rate", "cost_per_success_usd", "cache_hit_rate", "task_latency_p50_s",
    )  # fmt: skip
    assert sorted(metric.headline for metric in METRICS if metric.headline) == list(range(1, len(HEADLINES) + 1))
    assert set(PRINTED) == {*HEADLINES, "token_multiplier"}
    assert set(CROSSED) < set(PRINTED)


def test_more_is_better_of_what_is_earned_and_solved() -> None:
    assert {"success_rate", "cache_hit_rate", "value_per_task_usd", "net_value_per_task_usd"} == MORE_IS_BETTER


def test_what_needs_a_quality_has_no_value_without() -> None:
    result = sim.simulate(scenario(agent(), backend(), tasks=3))
    for name in ("success_rate", "cost_per_success_usd", "wasted_tokens", "wasted_usd", "wasted_value_usd"):
        assert math.isnan(result.mean(name))
    assert result.mean("cost_per_task_usd") > 0


def test_shares_are_each_backends_own() -> None:
    for used in TWO:
        world = scenario(agent(), TWO, tasks=2)
        world.router.backend = used
        result = sim.simulate(world)
        assert {name: result.mean(f"token_share.{name}") for name in TWO} == {name: float(name == used) for name in TWO}
        assert result.mean(f"cost_share.{used}") == pytest.approx(1)


def test_factors_multiply_to_the_multiplier() -> None:
    result = sim.simulate(scenario(agent(), TWO, tasks=4))
    factors = [result.mean(metric.name) for metric in METRICS if metric.name.startswith("amplification_")]
    assert len(factors) == 6
    assert math.prod(factors) == pytest.approx(result.mean("token_multiplier"), rel=1e-12)


def test_a_goal_that_is_no_metric_is_refused_with_the_likely_one() -> None:
    check_goal(GoalSettings())
    with pytest.raises(sim.ConfigError, match=r"^goal.metric: 'cost_per_taks_usd' is not a metric; did you mean 'cost_per_task_usd'\?$"):
        check_goal(GoalSettings("cost_per_taks_usd"))
