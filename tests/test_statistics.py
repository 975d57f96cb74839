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
from sim.statistics import Estimate, may_be_least, next_look, tail_index, top_share
from tests.worlds import agent, backend, run, scenario

EXPERIMENTS = 400
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
    for seed in range(EXPERIMENTS):
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
