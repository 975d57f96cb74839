"""Intervals that cover, replications decided by the interval, luck that cancels: on systems with a known answer."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

import sim
from sim.results.metrics import HEADLINES
from sim.results.simulate import simulate_each
from sim.settings.market import Billed
from sim.settings.run import Log, RetrySettings
from sim.statistics import (
    Estimate,
    digits,
    jackknife,
    jackknife_error,
    leave_one_out,
    may_be_least,
    mser5,
    next_look,
    quantile_interval,
    share_error,
    t_quantile,
    tail_index,
    top_share,
)
from tests.worlds import agent, backend, run, scenario

EXPERIMENTS = 300
NOISY = {"ttft_s": 10.0, "noise_sigma": 1.0, "quality": 0.6}
"""A call's time is lognormal with median 10 s; six tasks of ten succeed."""


def tiny(seed: int, **changes: Any) -> sim.Scenario:
    """Tasks of 1, 2, 3 ... turns (geometric, 4 in the mean), all at once."""
    turns = {"dist": "geometric", "mean": 4}
    return scenario(agent(turns=turns), backend(**NOISY), log=Log.none, seed=seed, **({"tasks": 15, "replications": 8} | changes))


def known() -> dict[str, float]:
    """What `tiny` comes to, in closed form: N turns, B = 2,000 in the first prompt, g = 1,000 more in each, o = 300."""
    turns, pairs = 4.0, 4.0 * 3.0  # E[N] = m, E[N (N - 1) / 2] = m (m - 1)
    prompts = 2000 * turns + 1000 * pairs
    read = 2000 * (turns - 1) + 1000 * (pairs - (turns - 1))  # each prompt reads the one before it
    cost = (prompts + 300 * turns) / 1e6
    return {
        "cost_per_task_usd": cost,
        "cost_per_success_usd": cost / 0.6,
        "cache_hit_rate": read / prompts,
        "call_latency_p50_s": 10.0,
    }


@functools.cache
def experiments() -> list[dict[str, Estimate]]:
    worlds = [tiny(seed) for seed in range(EXPERIMENTS)]
    return [result.estimates.intervals for result in simulate_each(worlds)]


@pytest.mark.slow
@pytest.mark.parametrize("metric", known())
def test_intervals_cover_the_truth_nineteen_times_in_twenty(metric: str) -> None:
    """A mean, two ratios of sums and a median."""
    truth = known()[metric]
    covered = np.mean([each[metric].ci_low <= truth <= each[metric].ci_high for each in experiments()])
    print(f"{metric}: {covered:.3f}")
    assert 0.92 <= covered <= 0.98


@pytest.mark.slow
def test_a_run_that_stops_when_it_is_precise_is_precise_and_still_covers() -> None:
    truth, covered, sizes = known(), [], []
    for seed in range(EXPERIMENTS // 2):
        result = sim.simulate(tiny(seed, precision=0.25, tasks=20))
        found = result.estimates.intervals
        assert max(result.estimates.widths.values()) <= 0.25
        covered.append([found[name].ci_low <= truth[name] <= found[name].ci_high for name in ("cost_per_task_usd", "cost_per_success_usd")])
        sizes.append(len(result.replications))
    print(f"cover {np.mean(covered, axis=0)}, replications {np.mean(sizes):.1f} ({min(sizes)} to {max(sizes)})")
    assert (np.abs(np.mean(covered, axis=0) - 0.945) <= 0.035).all()
    assert len(set(sizes)) > 3


def test_replications_are_the_same_ones_on_any_number_of_processes() -> None:
    alone, shared = (sim.simulate(tiny(1, precision=0.4, processes=processes)) for processes in (1, 2))
    assert len(alone.replications) == len(shared.replications) >= 10
    assert alone.digest == shared.digest == sim.simulate(tiny(1, replications=len(alone.replications))).digest


def test_a_cap_that_comes_first_is_told_in_words() -> None:
    result = sim.simulate(tiny(1, precision=0.001, replications_most=12))
    widths = result.estimates.widths
    assert len(result.replications) == 12
    assert result.notes["precision"].startswith("Stopped at 12 replications, the most allowed, before all headlines were within ±0.1 %:")
    assert all(f"{name} ±{100 * width:.2g} %" in result.notes["precision"] for name, width in widths.items())
    assert "24 replications" in sim.simulate(tiny(1, precision=0.5, replications=24)).notes["precision"]


def test_one_replication_has_no_intervals_and_says_so() -> None:
    result = sim.simulate(tiny(1, replications=1))
    assert result.summary["ci_low"].isna().all()
    assert "One replication gives no intervals" in result.notes["replications"]


def test_headlines_without_a_value_stop_nobody() -> None:
    """No cache, no quality: hit rate 0, success unknown."""
    result = run(agent(turns=1), backend(cache_read_usd_per_mtok=None), tasks=5, precision=0.01)
    assert len(result.replications) == 10
    assert set(result.estimates.widths) < set(HEADLINES)


@pytest.mark.parametrize(
    ("n", "widest", "then"),
    [(10, 0.02, 10), (10, 0.021, 13), (10, 0.025, 16), (10, 0.5, 20), (90, 0.5, 100), (100, 0.5, 100)],
)
def test_looks_are_few_and_never_beyond_the_cap(n: int, widest: float, then: int) -> None:
    assert next_look(n, widest, 0.02, 100) == then


def test_a_percentile_left_out_to_first_order_has_the_error_of_its_interval() -> None:
    result = sim.simulate(tiny(1, tasks=400, replications=12))
    found = result.estimates
    half = (found.intervals["task_latency_p50_s"].ci_high - found.intervals["task_latency_p50_s"].ci_low) / 2
    left_out = found.sample.without["task_latency_p50_s"]
    assert left_out.std() * math.sqrt(11) * stats.t.ppf(0.975, 11) == pytest.approx(half, rel=0.1)


def test_a_tail_is_measured_and_told() -> None:
    """Pareto outputs of index 1.2: the dearest tasks carry most of the bill, and there is no variance."""
    sizes = (1 - (np.arange(20_000) + 0.5) / 20_000) ** (-1 / 1.2)
    assert tail_index(sizes, np.ones(len(sizes)), 1000) == pytest.approx(1.2, rel=0.02)
    top = sizes[-200:].sum() / sizes.sum()
    assert top_share(sizes, np.ones(len(sizes)), 0.01) == pytest.approx(top)
    outputs = {"dist": "empirical", "values": [round(300 * size) for size in sizes[::20]]}
    heavy = run(agent(turns=1, output_tokens=outputs), tasks=2000, replications=2, log=Log.none)
    costs = np.sort(run(agent(turns=1, output_tokens=outputs), tasks=2000, replications=2).tasks["cost_usd"])
    assert heavy.mean("dearest_1pct_cost_share") == pytest.approx(costs[-40:].sum() / costs.sum(), rel=0.01)
    assert "of the bill (tail index" in heavy.notes["tail"]
    assert "tail" not in sim.simulate(tiny(1, tasks=200)).notes


@pytest.mark.slow
def test_common_luck_cuts_the_variance_of_a_difference_a_hundredfold() -> None:
    """Spend at failure rates of 1 and 2 %: with one seed for both, and with two."""

    def spend(seed: int, error_rate: float) -> np.ndarray:
        served = backend(error_rate=error_rate, error_billed=Billed.input)
        result = run(
            agent(turns={"dist": "geometric", "mean": 8}),
            served,
            tasks=100,
            replications=60,
            seed=seed,
            retry=RetrySettings(attempts=9),
            log=Log.none,
        )
        return np.array([tally.dollars.sum() for tally in result.tallies])

    often, seldom, other = spend(1, 0.02), spend(1, 0.01), spend(2, 0.01)
    factor = (often - other).var(ddof=1) / (often - seldom).var(ddof=1)
    print(f"common luck cuts the variance {factor:,.0f}-fold")
    assert factor >= 100


def test_the_best_of_many_is_told_from_the_rest_only_when_it_is() -> None:
    left_out = np.array([[0.0, 0.1, 0.0], [0.0, -0.1, 0.0], [0.0, 0.0, 0.0]])
    assert may_be_least([1.0, 1.1, 2.0], left_out).tolist() == [True, True, False]
    assert may_be_least([1.0, 3.1, 2.0], left_out).tolist() == [True, False, False]


def test_the_best_of_two_is_tested_once_and_of_three_twice() -> None:
    """Bonferroni: one sided at 5 % among two (t of 9: 1.833), at 2.5 % among three (2.262). With an error of 1 in between it is told."""
    spread = np.linspace(-1, 1, 10)
    apart = spread[:, None] * np.array([0.0, 1.0]) / jackknife_error(spread)  # an error of 1
    for gap, kept in ((1.82, True), (1.84, False)):
        assert may_be_least([0.0, gap], apart).tolist() == [True, kept]
    three = np.c_[apart, apart[:, 1]]
    for gap, kept in ((2.25, True), (2.27, False)):
        assert may_be_least([0.0, gap, gap], three).tolist() == [True, kept, kept]
    assert may_be_least([0.0, 1.5], apart, confidence=0.9).tolist() == [True, False], "t of 9 at 10 %: 1.383"


def test_one_scenario_or_one_replication_rules_nothing_out() -> None:
    assert may_be_least([5.0], np.zeros((10, 1))).tolist() == [True]
    assert may_be_least([5.0, 9.0], np.zeros((1, 2))).tolist() == [True, True]
    assert may_be_least([5.0, 9.0, 5.0], np.zeros((2, 3))).tolist() == [True, False, True]


def test_quantiles_of_student_are_those_of_tables() -> None:
    for share, freedom, value in ((0.975, 1, 12.706), (0.975, 9, 2.262), (0.95, 9, 1.833), (0.5, 3, 0.0)):
        assert t_quantile(share, freedom) == pytest.approx(value, abs=5e-4)


def test_the_half_width_of_an_estimate_is_a_share_of_its_value() -> None:
    assert Estimate(-4.0, -5.0, -3.0).relative_half_width == 0.25
    assert Estimate(4.0, 3.0, 5.0).relative_half_width == 0.25
    assert math.isnan(Estimate(0.0, -1.0, 1.0).relative_half_width)


def test_the_jackknife_of_a_mean_is_the_t_interval() -> None:
    """Of 1, 2, 3, 6: mean 3, standard error sqrt(14/3/4), t of 3 degrees 3.182446; at 90 % 2.353363."""
    values = np.array([1.0, 2.0, 3.0, 6.0])
    left_out = (values.sum() - values) / 3
    error = math.sqrt(14 / 3 / 4)
    assert jackknife_error(left_out) == pytest.approx(error)
    assert jackknife(3.0, left_out) == pytest.approx((3.0, 3 - 3.182446 * error, 3 + 3.182446 * error), rel=1e-4)
    assert jackknife(3.0, left_out, 0.9) == pytest.approx((3.0, 3 - 2.353363 * error, 3 + 2.353363 * error), rel=1e-4)
    assert jackknife(3.0, left_out[:2]).ci_low < 3.0, "two are enough"
    for few in ([], [2.0]):
        assert jackknife(3.0, few) == pytest.approx((3.0, math.nan, math.nan), nan_ok=True)


def test_the_jackknife_of_several_statistics_is_that_of_each() -> None:
    both = np.array([[1.0, 10.0], [2.0, 30.0], [6.0, 20.0]])
    assert jackknife_error(both) == pytest.approx([jackknife_error(both[:, 0]), jackknife_error(both[:, 1])])


def test_the_error_of_a_share_is_that_of_a_ratio_of_sums() -> None:
    """1, 2 and 6 of ten each below the median of what is pooled: excesses over 3 of -2, -1 and 3, whose squares add up to 14."""
    assert share_error(0.3, [1, 2, 6], [10, 10, 10]) == pytest.approx(math.sqrt(3 / 2 * 14) / 30)
    assert share_error(0.5, [5, 10], [10, 20]) == 0.0, "each has its half below"
    assert share_error(0.5, [8, 7], [10, 20]) == pytest.approx(math.sqrt(2 / 1 * 18) / 30), "excesses 3 and -3"
    assert share_error(0.5, [9, 10], [10, 20]) == pytest.approx(math.sqrt(2 / 1 * 8) / 30), "4 and 0: around their mean"
    assert math.isnan(share_error(0.3, [1], [10]))
    assert math.isnan(share_error(0.3, [0, 0], [0, 0]))


def test_the_interval_of_a_quantile_is_read_at_the_shares_around_it() -> None:
    """A share of 0.5 with an error of 0.01 and 9 degrees of freedom: 0.5 plus and minus 0.022622; `read` gives 100 times the share."""
    half = 2.262157 * 0.01
    found = quantile_interval(lambda share: 100 * share, 0.5, 0.01, 9)
    assert found == pytest.approx((50.0, 50 - 100 * half, 50 + 100 * half), rel=1e-6)
    assert quantile_interval(lambda share: 100 * share, 0.5, 0.01, 9, 0.9).ci_high == pytest.approx(50 + 1.833113, rel=1e-6)
    assert quantile_interval(lambda share: 100 * share, 0.5, 0.01, 1).ci_high == pytest.approx(50 + 12.706205, rel=1e-6)


def test_an_end_beyond_all_values_is_not_known() -> None:
    def read(share: float) -> float:
        assert 0 < share < 1
        return share

    assert [math.isnan(end) for end in quantile_interval(read, 0.99, 0.01, 9)] == [False, False, True]
    assert [math.isnan(end) for end in quantile_interval(read, 0.01, 0.01, 9)] == [False, True, False]
    assert [math.isnan(end) for end in quantile_interval(read, 0.5, 0.01, 0)] == [False, True, True], "one replication"
    exactly = 0.5 / t_quantile(0.975, 9)
    assert [math.isnan(end) for end in quantile_interval(read, 0.5, exactly, 9)] == [False, True, True], "0 and 1 are no shares of values"


@pytest.mark.parametrize("n", [2, 3, 4, 7])
def test_each_is_left_out_once_and_in_its_order(n: int) -> None:
    letters = "abcdefg"[:n]
    assert leave_one_out(letters, lambda one, other: one + other) == [letters.replace(each, "") for each in letters]


def test_of_one_nothing_is_left() -> None:
    for items in ([], ["a"]):
        assert leave_one_out(items, lambda one, other: one + other) == []


def mser_by_definition(values: np.ndarray) -> int:
    """Of all cuts in the first half of the batches of five, the first with the least sum of squares over the square of what is left."""
    batches = [values[at : at + 5].mean() for at in range(0, len(values) // 5 * 5, 5)]
    errors = [
        ((rest := np.array(batches[cut:])) - rest.mean()) @ (rest - rest.mean()) / len(rest) ** 2 for cut in range(len(batches) // 2 + 1)
    ]
    return 5 * int(np.argmin(errors))


@pytest.mark.parametrize("n", [10, 11, 50, 53, 99, 200])
def test_a_warm_up_is_cut_where_white_says(n: int) -> None:
    for seed in range(8):
        random = np.random.default_rng([n, seed])
        values = random.normal(size=n) + 5 * np.exp(-np.arange(n) / random.uniform(1, n / 3)) + 100
        assert mser5(values) == mser_by_definition(values)


def test_a_start_that_is_off_is_cut_off_and_no_more_than_half() -> None:
    """Twelve values of 9, then 1 and 3 in turn: three batches of five hold the nines."""
    settled = [1.0, 3.0] * 44
    assert mser5([9.0] * 12 + settled) == 15
    assert mser5([9.0] * 50 + settled[:50]) == 50
    assert mser5([9.0] * 55 + settled[:45]) == 50, "of twenty batches ten at the most"
    assert mser5([9.0] * 5 + [1.0] * 4) == mser5([]) == 0, "fewer than two batches"
    assert mser5([9.0] * 5 + [1.0] * 5) == 5


def test_the_largest_share_of_values_that_are_counted_in_bins() -> None:
    """2 of 1, 6 of 2, 2 of 10: the largest tenth (one value) has 10 of 34; the largest 0.35 has both of 10 and 1.5 of 2."""
    for share, part in ((0.1, 10 / 34), (0.2, 20 / 34), (0.35, 23 / 34), (1.0, 1.0), (0.05, 5 / 34)):
        assert top_share([1, 2, 10], [2, 6, 2], share) == pytest.approx(part)
    assert math.isnan(top_share([1, 2], [0, 0], 0.1))


def test_the_index_of_a_tail_that_is_counted_in_bins() -> None:
    """The top three of 1 (five times), 2, 4, 4 (so 4, 4, 2) over the value below, 1: 3 / log(32). Of the top one the next is as large."""
    assert tail_index([1, 2, 4], [5, 1, 2], 3) == pytest.approx(3 / math.log(32))
    assert tail_index([1, 2, 4], [5, 1, 2], 2) == pytest.approx(2 / math.log(4))
    assert tail_index([1, 2, 4], [5, 2, 2], 3) == pytest.approx(3 / math.log(4)), "one of the two of 2 is the floor"
    assert tail_index([1, 2, 4], [5, 1, 2], 7) == pytest.approx(7 / math.log(32))
    for sizes, counts, top in (([1, 2, 4], [5, 1, 2], 1), ([1, 2, 4], [5, 1, 2], 8), ([1, 2, 4], [5, 1, 2], 9), ([3], [9], 2)):
        assert math.isnan(tail_index(sizes, counts, top)), "all alike, or none below"


def test_what_two_scenarios_have_in_common_tells_them_no_worse_apart() -> None:
    """Both move by the same from one replication to the next, so a gap of a thousandth is a gap."""
    common = np.linspace(-1, 1, 10)
    found = may_be_least([5.0, 5.001], np.c_[common, common + 0.001])
    assert found.tolist() == [True, False]
    assert found.dtype == may_be_least([5.0], common[:, None]).dtype == bool


@pytest.mark.parametrize(
    ("value", "many", "written"),
    [
        (12_345.678, 3, "12,300"),
        (201_000, 3, "201,000"), (110, 2, "110"), (0.5, 3, "0.5"), (0.0123456, 3, "0.0123"), (1e-7, 2, "0.0000001"),
        (999.9, 3, "1,000"), (0, 3, "0"), (math.nan, 3, "-"), (-12_345, 2, "-12,000"),
    ],
)  # fmt: skip
def test_no_number_in_a_sentence_is_a_power_of_ten(value: float, many: int, written: str) -> None:
    assert digits(value, many) == written


def test_a_difference_has_its_sign() -> None:
    assert (digits(0.5, 2, "+"), digits(1234, 2, "+"), digits(-1e-7, 2, "+")) == ("+0.5", "+1,200", "-0.0000001")
