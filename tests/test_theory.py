"""F1 to F6 against the simulator: equal to the token where nothing varies, within 2 % where something does."""

from __future__ import annotations

import math
from typing import Any

import pytest
from scipy import stats

import sim
from sim import theory
from sim.distributions import distribution
from sim.market import CacheKind
from sim.metrics import metrics
from sim.settings import AgentKind, Log, Split
from sim.theory import CacheSplit, Tokens
from tests.worlds import agent, backend, loop, run, scenario, team

B, G, O = 2000, 1000, 300  # noqa: E741
MARGIN = 0.02


def spent(result: sim.Result) -> Tokens:
    return Tokens(result.mean("input_tokens"), result.mean("output_tokens"), result.mean("calls"))


def split(result: sim.Result) -> CacheSplit:
    return CacheSplit(result.mean("cache_read_tokens"), result.mean("cache_write_tokens"))


def assert_equivalent(result: sim.Result, metric: str, expected: float, margin: float = MARGIN) -> None:
    """Two one-sided tests at 5 %: the 90 % interval of the mean over replications lies within the margin."""
    per_run = [float(tally) for tally in values(result, metric)]
    mean, error = stats.tmean(per_run), stats.sem(per_run)
    half = stats.t.ppf(0.95, len(per_run) - 1) * error
    assert expected * (1 - margin) < mean - half, (mean, half, expected)
    assert mean + half < expected * (1 + margin), (mean, half, expected)


def values(result: sim.Result, metric: str) -> list[float]:
    measure = metrics(result.scenario)[metric]
    return [measure(tally) for tally in result.tallies]


@pytest.mark.parametrize("exchanges", [1, 2, 7, 40])
@pytest.mark.parametrize("reasoning", [0.0, 0.5])
def test_f1_chat(exchanges: int, reasoning: float) -> None:
    chat = agent(kind=AgentKind.chat, turns=1, requests=exchanges, prompt_tokens=500, request_tokens=120, reasoning_share=reasoning)
    kept = O * (1 - reasoning)
    expected = theory.chat_tokens(exchanges=exchanges, system=1500, first=500, message=120, answer=O, kept=kept)
    assert spent(run(chat)) == expected


@pytest.mark.parametrize("turns", [1, 2, 10, 80])
def test_f2_loop(turns: int) -> None:
    assert spent(run(agent(turns=turns))) == theory.loop_tokens(base=B, growth=G, output=O, turns=turns)


def test_f2_reasoning_is_billed_and_dropped() -> None:
    result = run(agent(reasoning_share=0.4))
    assert spent(result) == theory.loop_tokens(base=B, growth=G - 120, output=O, turns=10)
    assert result.mean("reasoning_tokens") == 1200
    kept = run(agent(reasoning_share=0.4, keep_reasoning=1.0))
    assert spent(kept) == theory.loop_tokens(base=B, growth=G, output=O, turns=10)


RANDOM_TURNS: dict[str, tuple[dict[str, Any], tuple[float, float]]] = {
    "geometric": ({"dist": "geometric", "mean": 8}, (8, theory.pairs_geometric(8))),
    "truncated": ({"dist": "geometric", "mean": 8, "high": 20}, theory.turns_truncated(8, 20)),
    "poisson": ({"dist": "poisson", "mean": 7, "shift": 1}, (8, theory.pairs_poisson(7))),
    "lognormal": (
        {"dist": "lognormal", "median": 6, "sigma": 0.5},
        theory.pairs_of(distribution({"dist": "lognormal", "median": 6, "sigma": 0.5}).quantile()),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", RANDOM_TURNS)
def test_f3_loop_with_random_turns(name: str) -> None:
    law, (turns, pairs) = RANDOM_TURNS[name]
    result = run(agent(turns=law), tasks=8000, replications=20, processes=None, log=Log.none)
    expected = theory.loop_tokens(base=B, growth=G, output=O, turns=turns, pairs=pairs)
    assert_equivalent(result, "input_tokens", 8000 * expected.input)
    assert_equivalent(result, "output_tokens", 8000 * expected.output)


def test_f3_mean_turns_alone_would_halve_the_quadratic_part() -> None:
    by_mean = theory.loop_tokens(base=0, growth=G, output=O, turns=50)
    assert theory.loop_tokens(base=0, growth=G, output=O, turns=50, pairs=theory.pairs_geometric(50)).input == 2 * by_mean.input


@pytest.mark.parametrize("turns", [1, 2, 10, 80])
def test_f4_cache_without_misses(turns: int) -> None:
    result = run(agent(turns=turns))
    expected = theory.cache_split(base=B, growth=G, turns=turns)
    assert split(result) == expected
    assert result.mean("input_tokens") == expected.read + expected.write
    assert result.mean("cache_hit_rate") == pytest.approx(expected.hit_rate, rel=1e-12)


def test_f4_a_cache_that_nobody_pays_to_write_reads_the_same() -> None:
    result = run(agent(), backend(cache=CacheKind.automatic))
    assert split(result) == CacheSplit(theory.cache_split(base=B, growth=G, turns=10).read, 0)


def test_f4_no_cache_reads_nothing() -> None:
    assert split(run(agent(), backend(cache=CacheKind.none))) == CacheSplit(0, 0)


def test_f4b_misses_come_from_tool_times_past_the_ttl() -> None:
    ttl_s, gap_s = 300.0, 150.0
    worker = agent(turns=30, tool_time_s={"dist": "exponential", "mean": gap_s})
    result = run(worker, backend(cache_ttl_s=ttl_s, ttft_s=0.0), tasks=400, replications=20, log=Log.none)
    expected = theory.cache_split(base=B, growth=G, turns=30, miss=theory.miss_exponential(ttl_s, gap_s))
    assert_equivalent(result, "cache_read_tokens", 400 * expected.read)
    assert_equivalent(result, "cache_write_tokens", 400 * expected.write)


@pytest.mark.parametrize("turns", [8, 9, 10, 40, 41, 100])
@pytest.mark.parametrize("restored", [0, 333])
def test_f5_compaction(turns: int, restored: int) -> None:
    squeezed = agent(turns=turns, compact_at_tokens=10_000, summary_tokens=800, restore_tokens=restored)
    expected = theory.compacted_tokens(base=B, growth=G, output=O, turns=turns, window=10_000, summary=800, restored=restored)
    result = run(squeezed)
    assert spent(result) == expected
    assert result.mean("compactions") == expected.calls - turns


@pytest.mark.parametrize("fanout", [1, 3, 16])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_f6_trees(fanout: int, depth: int) -> None:
    if fanout**depth > 300:
        fanout = 4
    result = run(team(6, loop(turns=5), fanout=fanout, depth=depth, spawn_after_turn=2, report_tokens=150))
    lead = theory.loop_tokens(base=B, growth=G, output=O, turns=6)
    worker = theory.loop_tokens(base=B, growth=G, output=O, turns=5)
    expected = theory.tree_tokens(lead=lead, worker=worker, fanout=fanout, depth=depth, report=150, turns_after=4)
    assert spent(result) == expected
    assert result.mean("agents") == sum(fanout**level for level in range(depth + 1))


def test_f6b_inherited_contexts() -> None:
    inherited = B + 2 * G
    result = run(team(6, loop(turns=5), fanout=4, spawn_after_turn=2, report_tokens=150, inherit_context=True))
    lead = theory.loop_tokens(base=B, growth=G, output=O, turns=6)
    worker = theory.loop_tokens(base=B + inherited, growth=G, output=O, turns=5)
    expected = theory.tree_tokens(lead=lead, worker=worker, fanout=4, depth=1, report=150, turns_after=4)
    assert spent(result) == expected
    assert result.calls.query("role == 'worker' and turn == 0")["cache_read_tokens"].eq(inherited - G).all(), "what the lead had cached"


@pytest.mark.parametrize("workers", [2, 3, 7, 16])
@pytest.mark.parametrize("warmup", [0, 2])
def test_f6c_dividing_a_job(workers: int, warmup: int) -> None:
    job = team(3, loop(turns=80), fanout=workers, spawn_after_turn=2, report_tokens=150, split=Split.divide, warmup_turns=warmup)
    lead = theory.loop_tokens(base=B, growth=G, output=O, turns=3)
    divided = theory.divided_tokens(base=B, growth=G, output=O, turns=80, workers=workers, warmup=warmup, report=150, reads=1)
    assert spent(run(job)) == lead.plus(divided)


def test_f6c_the_best_division_lies_where_the_formula_says() -> None:
    """Uncached, 80 turns, h = 5,000 tokens a worker: the cheapest k of the exact sum is within one of k*."""
    overhead = 5000
    costs = {k: theory.loop_tokens(base=B, growth=G, output=O, turns=80 / k).input * k + k * overhead for k in range(1, 81)}
    best = min(costs, key=lambda k: costs[k])
    assert abs(best - theory.best_division(turns=80, growth=G, overhead=overhead)) <= 1


def test_matched_chat_is_one() -> None:
    world = scenario(agent(kind=AgentKind.chat, turns=1, requests=4, request_tokens=120))
    world.matched_chat = loop(turns=1, requests=4, request_tokens=120)
    assert sim.simulate(world).mean("token_multiplier") == 1


def test_pairs_of_agrees_with_the_closed_forms() -> None:
    turns, pairs = theory.pairs_of(distribution({"dist": "geometric", "mean": 8}).quantile())
    assert math.isclose(turns, 8, rel_tol=1e-3)
    assert math.isclose(pairs, theory.pairs_geometric(8), rel_tol=5e-3)
