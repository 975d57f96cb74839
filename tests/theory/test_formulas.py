"""The table of formulas F1 to F18, in its order, each against the simulator: how tokens, dollars, success and time come about.

Equal to the token where nothing varies; elsewhere `assert_equivalent`: two one-sided tests at 5 %, the 90 % interval of the mean over
replications within 2 % unless another margin is said. Notation: a prompt starts with B = S + T tokens (system prompt, task); a turn has o
billed tokens of output and makes the context g longer (what of its output is kept, and a tool's result r); n turns; prices p_i, p_w, p_r,
p_o of fresh input, cache writes, cache reads and output. The formulas live in `sim.theory`, with conditions and sources.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

import sim
from sim import theory
from sim.sampling.distributions import distribution
from sim.settings.agent import AgentKind, Split
from sim.settings.budget import At, BudgetSettings, Per
from sim.settings.capacity.servers import BackendKind, ServerSettings
from sim.settings.market import CacheKind
from sim.settings.outcome import OutcomeSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import Log, RetrySettings
from sim.settings.tries import Pick, TriesSettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.theory import CacheSplit, Tokens
from tests.theory.test_queues import STAY, Case, assert_means
from tests.worlds import MANY, MARGIN, agent, assert_equivalent, backend, loop, run, team, values

B, G, O = 2000, 1000, 300  # noqa: E741
P = 0.6
DAY_S = 86_400.0


def spent(result: sim.Result) -> Tokens:
    return Tokens(result.mean("input_tokens"), result.mean("output_tokens"), result.mean("calls"))


def split(result: sim.Result) -> CacheSplit:
    return CacheSplit(result.mean("cache_read_tokens"), result.mean("cache_write_tokens"))


def tried(tries: TriesSettings, quality: float = P, outcome: OutcomeSettings | None = None, **loop: Any) -> sim.Result:
    return run(agent(**{"turns": 1, "tries": tries} | loop), backend(quality=quality), outcome=outcome or OutcomeSettings(), **MANY)


@pytest.mark.parametrize("exchanges", [1, 2, 7, 40])
@pytest.mark.parametrize("reasoning", [0.0, 0.5])
def test_f1_chat(exchanges: int, reasoning: float) -> None:
    """Chat of m exchanges: In = m S + u m(m+1)/2 + y m(m-1)/2, Out = m y; reasoning is billed and leaves the context."""
    chat = agent(kind=AgentKind.chat, turns=1, requests=exchanges, prompt_tokens=500, request_tokens=120, reasoning_share=reasoning)
    kept = O * (1 - reasoning)
    expected = theory.chat_tokens(exchanges=exchanges, system=1500, first=500, message=120, answer=O, kept=kept)
    assert spent(run(chat)) == expected


@pytest.mark.parametrize(("exchanges", "total"), [(3, 3300), (4, 5200)])
def test_f1_a_chat_takes_a_few_thousand_tokens(exchanges: int, total: int) -> None:
    """S = 300, u = 100, y = 300."""
    sizes = {"system_tokens": 300, "prompt_tokens": 100, "request_tokens": 100}
    assert spent(run(agent(kind=AgentKind.chat, turns=1, requests=exchanges, **sizes))).total == total


@pytest.mark.parametrize("turns", [1, 2, 10, 80])
def test_f2_loop(turns: int) -> None:
    """ReAct loop of n turns that re-sends its context: In = n B + g n(n-1)/2, Out = n o."""
    assert spent(run(agent(turns=turns))) == theory.loop_tokens(base=B, growth=G, output=O, turns=turns)


def test_f2_reasoning_is_billed_and_dropped() -> None:
    """The context grows by g = y + rho z + r: what is visible, what reasoning is kept, and the tool's result."""
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
    """Random n: E In = E[n] B + g E[n(n-1)]/2, whatever n's law, if growth does not depend on n."""
    law, (turns, pairs) = RANDOM_TURNS[name]
    result = run(agent(turns=law), tasks=2000, replications=16, processes=None, log=Log.none)
    expected = theory.loop_tokens(base=B, growth=G, output=O, turns=turns, pairs=pairs)
    assert_equivalent(result, "calls_per_task", expected.calls)
    turned = np.array(values(result, "calls_per_task")) / turns
    assert_means(np.array(values(result, "input_tokens")), [turned], 2000 * expected.input, MARGIN)


def test_f3_mean_turns_alone_would_halve_the_quadratic_part() -> None:
    """Jensen: E[n(n-1)] = 2 E n (E n - 1) for geometric turns."""
    by_mean = theory.loop_tokens(base=0, growth=G, output=O, turns=50)
    assert theory.loop_tokens(base=0, growth=G, output=O, turns=50, pairs=theory.pairs_geometric(50)).input == 2 * by_mean.input


def test_f3_turns_of_any_law() -> None:
    """Of any other n by its quantile function."""
    turns, pairs = theory.pairs_of(distribution({"dist": "geometric", "mean": 8}).quantile())
    assert math.isclose(turns, 8, rel_tol=1e-3)
    assert math.isclose(pairs, theory.pairs_geometric(8), rel_tol=5e-3)


@pytest.mark.parametrize("turns", [1, 2, 10, 80])
def test_f4_cache_without_misses(turns: int) -> None:
    """Prefix cache, a breakpoint at the end of each prompt: R = (n-1) B + g (n-1)(n-2)/2, W = B + g (n-1), R + W = In."""
    result = run(agent(turns=turns))
    expected = theory.cache_split(base=B, growth=G, turns=turns)
    assert split(result) == expected
    assert result.mean("input_tokens") == expected.read + expected.write
    assert result.mean("cache_hit_rate") == pytest.approx(expected.hit_rate, rel=1e-12)


def test_f4_a_cache_that_nobody_pays_to_write_reads_the_same() -> None:
    """An automatic cache: the same R, and W is plain input."""
    result = run(agent(), backend(cache=CacheKind.automatic))
    assert split(result) == CacheSplit(theory.cache_split(base=B, growth=G, turns=10).read, 0)


def test_f4_no_cache_reads_nothing() -> None:
    """No cache: R = W = 0."""
    assert split(run(agent(), backend(cache=CacheKind.none))) == CacheSplit(0, 0)


@pytest.mark.slow
def test_f4b_misses_come_from_tool_times_past_the_ttl() -> None:
    """Misses, m = P(gap > TTL) = exp(-TTL / tau) for exponential gaps: E R = (1-m) R, E W = W + m R; a use renews the TTL."""
    ttl_s, gap_s = 300.0, 150.0
    worker = agent(turns=30, tool_time_s={"dist": "exponential", "mean": gap_s})
    result = run(worker, backend(cache_ttl_s=ttl_s, ttft_s=0.0), tasks=400, replications=20, log=Log.none)
    expected = theory.cache_split(base=B, growth=G, turns=30, miss=theory.miss_exponential(ttl_s, gap_s))
    assert_equivalent(result, "cache_read_tokens", 400 * expected.read)
    assert_equivalent(result, "cache_write_tokens", 400 * expected.write)


@pytest.mark.slow
def test_f4c_hit_rate_of_recorded_sessions() -> None:
    """h = (1-m) R / (R+W): n = 84, B = 20,000, g = 1,750 and 2.1 % misses give TraceLab's 0.958."""
    expected = theory.cache_split(base=20_000, growth=1750, turns=84, miss=0.021)
    assert expected.hit_rate == pytest.approx(0.958, abs=0.0005)
    coding = agent(turns=84, system_tokens=19_000, prompt_tokens=1000, output_tokens=523, tool_result_tokens=1227, rewrite_rate=0.021)
    result = run(coding, tasks=200, replications=12, processes=None, log=Log.none)
    assert_equivalent(result, "cache_hit_rate", expected.hit_rate, margin=0.005)


@pytest.mark.parametrize("turns", [26, 27, 28])
def test_f4c_reads_overtake_writes(turns: int) -> None:
    """Caching puts the quadratic off: at prices of 0.1 and 1.25, B = 0, reads cost more than writes after n = 2 p_w/p_r + 2 = 27 turns."""
    dear = backend(cache_read_usd_per_mtok=0.1, cache_write_usd_per_mtok=1.25)
    result = run(agent(turns=turns, system_tokens=0, prompt_tokens=0), dear)
    read, written = result.mean("cost_cache_read_usd"), result.mean("cost_cache_write_usd")
    assert np.sign(round(read - written, 12)) == np.sign(turns - theory.reads_overtake_writes(read=0.1, write=1.25))


@pytest.mark.parametrize("turns", [1, 10, 100, 3000])
def test_f4d_the_ratio_of_two_bills_goes_to_that_of_cache_reads(turns: int) -> None:
    """C_A/C_B goes from the list's towards p_r,A/p_r,B as n grows; it is the list's always where cache discounts are equal."""
    prices = {"a": (5.0, 0.5, 6.25, 25.0), "b": (0.3, 0.15, 0.3, 1.1), "c": (0.5, 0.05, 0.625, 2.5)}
    bills = {}
    for name, (fresh, read, write, produced) in prices.items():
        served = backend(
            input_usd_per_mtok=fresh, cache_read_usd_per_mtok=read, cache_write_usd_per_mtok=write, output_usd_per_mtok=produced
        )
        bills[name] = run(agent(turns=turns), served).mean("cost_usd")
        expected = theory.loop_usd(base=B, growth=G, output=O, turns=turns, read=read / 1e6, write=write / 1e6, produced=produced / 1e6)
        assert bills[name] == pytest.approx(expected, rel=1e-9)
    assert bills["a"] / bills["c"] == pytest.approx(10)
    if turns == 3000:
        assert bills["a"] / bills["b"] == pytest.approx(0.5 / 0.15, rel=0.03)
    elif turns == 1:
        assert bills["a"] / bills["b"] > 20


@pytest.mark.parametrize("turns", [8, 9, 10, 40, 41, 100])
@pytest.mark.parametrize("restored", [0, 333])
def test_f5_compaction(turns: int, restored: int) -> None:
    """Compaction when the next prompt would pass the window Wd: segments of n1 = floor((Wd-B)/g) + 1 and n2 = floor((Wd-B2)/g) + 1
    turns.
    """
    squeezed = agent(turns=turns, compact_at_tokens=10_000, summary_tokens=800, restore_tokens=restored)
    expected = theory.compacted_tokens(base=B, growth=G, output=O, turns=turns, window=10_000, summary=800, restored=restored)
    result = run(squeezed)
    assert spent(result) == expected
    assert result.mean("compactions") == expected.calls - turns


CACHED = {"cache_read_usd_per_mtok": 0.5, "cache_write_usd_per_mtok": 6.25}


@pytest.mark.parametrize(
    ("cached", "extra", "best"),
    [({"cache": CacheKind.none}, 5000 * 25 / 5, 38_229), (CACHED | {"share_system": True}, 5000 * (25 + 6.25) / 0.5, 59_369)],
    ids=["no cache", "head stays cached"],
)
def test_f5b_the_best_window(cached: dict[str, Any], extra: float, best: float) -> None:
    """W* = B2 + sqrt(2 g (B2 + F/p)): F = s p_o, p = p_i uncached; F = s (p_o + p_w), p = p_r where the head of the prompt stays cached.

    Prices of Claude Opus 4.6. No window around it, 4,000 tokens apart, costs less than 1 % below what W* does; both ends cost 5 % more.
    """
    window = theory.best_window(again=25_000, growth=1750, extra=extra)
    assert window == pytest.approx(best, abs=1)
    opus = backend(input_usd_per_mtok=5.0, output_usd_per_mtok=25.0, **cached)

    def bill(at: float) -> float:
        squeezed = agent(
            turns=1500, system_tokens=20_000, prompt_tokens=0, output_tokens=523, reasoning_share=0.5, tool_result_tokens=1489,
            compact_at_tokens=at, summary_tokens=5000,
        )  # fmt: skip
        return run(squeezed, opus, log=Log.none).mean("cost_usd")

    around = {at: bill(at) for at in range(28_000, 96_001, 4000)}
    assert bill(window) < 1.01 * min(around.values())
    assert abs(min(around, key=lambda at: around[at]) - window) < 8000
    assert min(around[28_000], around[96_000]) > 1.05 * bill(window)


@pytest.mark.parametrize("fanout", [1, 3, 16])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_f6_trees(fanout: int, depth: int) -> None:
    """Tree of depth d with k children: In = (k^d-1)/(k-1) {lead + (n_o - a) k s} + k^d worker; isolated contexts."""
    if fanout**depth > 300:
        fanout = 4
    result = run(team(6, loop(turns=5), fanout=fanout, depth=depth, spawn_after_turn=2, report_tokens=150))
    lead = theory.loop_tokens(base=B, growth=G, output=O, turns=6)
    worker = theory.loop_tokens(base=B, growth=G, output=O, turns=5)
    expected = theory.tree_tokens(lead=lead, worker=worker, fanout=fanout, depth=depth, report=150, turns_after=4)
    assert spent(result) == expected
    assert result.mean("agents") == sum(fanout**level for level in range(depth + 1))


def test_f6b_inherited_contexts() -> None:
    """Inherited contexts: B_w grows by the parent's context, which is read from its cache."""
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
    """A job of N turns divided over k workers with e turns of warm-up each and reports of s tokens read c times."""
    job = team(3, loop(turns=80), fanout=workers, spawn_after_turn=2, report_tokens=150, split=Split.divide, warmup_turns=warmup)
    lead = theory.loop_tokens(base=B, growth=G, output=O, turns=3)
    divided = theory.divided_tokens(base=B, growth=G, output=O, turns=80, workers=workers, warmup=warmup, report=150, reads=1)
    assert spent(run(job)) == lead.plus(divided)


def test_f6c_the_best_division() -> None:
    """k* = N sqrt(g / (2 h)), h what a worker adds whatever its share: here its report of 5,000 tokens, read once. The bill is U-shaped."""
    bills = {}
    for workers in range(2, 61):
        job = team(3, loop(turns=80), fanout=workers, spawn_after_turn=2, report_tokens=5000, split=Split.divide)
        bills[workers] = run(job, log=Log.none).mean("input_tokens")
    best = min(bills, key=lambda workers: bills[workers])
    assert abs(best - theory.best_division(turns=80, growth=G, overhead=5000)) <= 2
    assert bills[2] > bills[5] > bills[10] > bills[best] < bills[40] < bills[60]


@pytest.mark.slow
@pytest.mark.parametrize("tries", [1, 2, 5])
def test_f7_retries(tries: int) -> None:
    """Retries, R tries at most, independent: E M = (1 - (1-p)^R)/p, P = 1 - (1-p)^R."""
    result = tried(TriesSettings(most=tries))
    expected, success = theory.retries(success=P, tries=tries)
    assert expected == pytest.approx((1 - (1 - P) ** tries) / P)
    assert_equivalent(result, "calls_per_task", expected)
    assert_equivalent(result, "success_rate", success)


@pytest.mark.slow
def test_f7_the_bill_by_success_does_not_depend_on_the_limit() -> None:
    """Identity: $ by success = c_s + c_f (1-p)/p for every R, tries being independent."""
    unit = tried(TriesSettings()).mean("cost_per_task_usd")
    expected = theory.cost_per_success(success=P, cost_right=unit, cost_wrong=unit)
    for tries in (1, 2, 4, 8):
        result = run(agent(turns=1, tries=TriesSettings(most=tries)), backend(quality=P), **MANY | {"tasks": 2000})
        assert_equivalent(result, "cost_per_success_usd", expected)


@pytest.mark.slow
def test_f7_where_wrong_tries_cost_less_than_right_ones() -> None:
    """Tries that stop when lost: c_f from F12, the identity holds for every limit."""
    n = 10
    step = P ** (1 / n)
    flat = {"turns": n, "output_tokens": 1, "tool_result_tokens": 0, "reasoning_share": 1.0}
    outcome = OutcomeSettings(length_exponent=1.0, reference_turns=n)
    turn_usd = 2001e-6
    mean_turns = theory.turns_until_lost(step=step, turns=n)
    lost_turns = (mean_turns - P * n) / (1 - P)
    expected = theory.cost_per_success(success=P, cost_right=n * turn_usd, cost_wrong=lost_turns * turn_usd)
    for tries in (1, 3):
        result = run(
            agent(tries=TriesSettings(most=tries, stop_when_lost=True), **flat),
            backend(quality=P, cache_read_usd_per_mtok=1.0, cache_write_usd_per_mtok=1.0), outcome=outcome, **MANY | {"tasks": 1600},
        )  # fmt: skip
        assert_equivalent(result, "cost_per_success_usd", expected)


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.3, 0.87])
def test_f7_with_shared_difficulty_retries_on_hard_tasks_are_wasted(correlation: float) -> None:
    """Tries that share a difficulty (correlated latent scores): both sums averaged over it."""
    result = tried(TriesSettings(most=5), outcome=OutcomeSettings(correlation=correlation))
    expected, success = theory.retries(success=P, tries=5, correlation=correlation)
    assert_equivalent(result, "calls_per_task", expected)
    assert_equivalent(result, "success_rate", success)
    assert success < theory.retries(success=P, tries=5)[1] - 0.04


@pytest.mark.slow
def test_f7b_tasks_whose_chance_is_beta_are_near_to_a_shared_normal_difficulty() -> None:
    """28 good models on 500 tasks: Beta(0.57, 0.18), so a mean of 0.76 and a correlation of two successes of 1/1.75."""
    a, b = 0.57, 0.18
    mean = a / (a + b)
    correlation = 0.805
    assert theory.phi_of(mean, mean, correlation) == pytest.approx(1 / (a + b + 1), abs=0.005)
    for tries in (2, 5):
        expected, success = theory.retries_beta(a=a, b=b, tries=tries)
        result = tried(TriesSettings(most=tries), quality=mean, outcome=OutcomeSettings(correlation=correlation))
        assert_equivalent(result, "calls_per_task", expected)
        assert_equivalent(result, "success_rate", success)


@pytest.mark.slow
def test_f7c_reflexion() -> None:
    """Reflexion, each failed try leaves rho tokens: sum over j of (1-p)^j In(n, B + j rho)."""
    result = tried(TriesSettings(most=4, keep_tokens=1500), turns=6)
    expected = theory.reflexion_tokens(base=2000, growth=1000, output=300, turns=6, success=P, tries=4, kept=1500)
    assert_equivalent(result, "input_tokens", MANY["tasks"] * expected.input)


@pytest.mark.slow
def test_f8_backoff() -> None:
    """Failures f by attempt, full jitter: E wait = sum over j <= R-2 of f^(j+1) min(cap, b 2^j)/2."""
    failing, retry = backend(error_rate=0.4, ttft_s=0.0), RetrySettings(attempts=5, backoff_base_s=2, backoff_cap_s=6)
    result = run(agent(turns=1), failing, retry=retry, **MANY)
    expected = theory.backoff_wait(failure=0.4, attempts=5, base_s=2, cap_s=6)
    assert_equivalent(result, "mean_wait_s", expected, margin=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("tries", [2, 5])
def test_f9_f10_answers_that_a_verifier_accepts(parallel: bool, tries: int) -> None:
    """Best of N and verify loops, A = p al + (1-p) be: P = (1-(1-A)^N) p al/A + (1-A)^N p (1-al)/(1-A) for both, E M = (1-(1-A)^R)/A for
    the loop.
    """
    judged: dict[str, Any] = {"success": P, "tries": tries, "true_positive": 0.8, "false_positive": 0.3}
    result = tried(TriesSettings(most=tries, parallel=parallel, true_positive=0.8, false_positive=0.3))
    assert_equivalent(result, "success_rate", theory.best_of(**judged))
    assert_equivalent(result, "calls_per_task", tries if parallel else theory.verify_tries(**judged), margin=0.02 if not parallel else 1e-9)


@pytest.mark.slow
def test_f9_majority() -> None:
    """Majority of N independent answers: a binomial tail."""
    assert_equivalent(tried(TriesSettings(most=5, parallel=True, pick=Pick.majority)), "success_rate", theory.majority(success=P, tries=5))


@pytest.mark.parametrize(("debaters", "rounds"), [(1, 1), (3, 3), (5, 4)])
def test_f9_debates(debaters: int, rounds: int) -> None:
    """In = m t B + m^2 y t (t-1) / 2."""
    result = run(agent(kind=AgentKind.debate, fanout=debaters, turns=rounds))
    expected = theory.debate_tokens(base=2000, answer=300, debaters=debaters, rounds=rounds)
    assert (result.mean("input_tokens"), result.mean("output_tokens"), result.mean("calls")) == expected
    assert result.mean("agents") == debaters


WEAK, STRONG = 0.726, 0.768
"""MiniMax M2.5 and Claude Opus 4.6 on the same 500 tasks."""
CASCADE = TriesSettings(most=2, backends=["weak", "strong"])
PAIR = {"weak": backend(quality=WEAK, input_usd_per_mtok=0.3), "strong": backend(quality=STRONG, input_usd_per_mtok=5.0)}


@pytest.mark.slow
@pytest.mark.parametrize("judge", [{}, {"true_positive": 0.72, "false_positive": 0.28}], ids=["tests", "verifier"])
@pytest.mark.parametrize("correlation", [0.0, 0.87])
def test_f11_cascade(correlation: float, judge: dict[str, Any]) -> None:
    """Cascade: p11 from the correlation, P = p1 al + e1 p2|1 + e0 p2|0, the second is asked in e1 + e0."""
    tries = TriesSettings(most=2, backends=["weak", "strong"], **judge)
    result = run(agent(turns=1, tries=tries), PAIR, outcome=OutcomeSettings(correlation=correlation), **MANY)
    success, asked = theory.cascade(first=WEAK, second=STRONG, correlation=correlation, **judge)
    assert_equivalent(result, "success_rate", success)
    assert_equivalent(result, "calls_per_task", 1 + asked)


@pytest.mark.slow
def test_f11_the_measured_cascade_and_how_far_off_independence_is() -> None:
    """OpenHands: success 0.814; independence says 0.936. Dollars are less sure: with M2.5's bill as first published (0.0993) and Opus at
    0.772 a task, which costs 1.6 times that on what M2.5 does not solve, the cascade costs 0.434 a task."""
    assert theory.phi_of(WEAK, STRONG, 0.87) == pytest.approx(0.65, abs=0.01)
    outcome = OutcomeSettings(correlation=0.87, effort=0.43)
    turns = {"turns": 20, "output_tokens": 1, "tool_result_tokens": 0, "reasoning_share": 1.0}

    def bill(tries: TriesSettings, **models: Any) -> sim.Result:
        return run(agent(tries=tries, **turns), models, outcome=outcome, **MANY | {"tasks": 1200})

    def priced(quality: float, usd: float) -> Any:
        """Each turn costs the same, so that 20 turns cost what a task was measured to cost."""
        each = usd / 20 / 2001 * 1e6
        return backend(quality=quality, input_usd_per_mtok=each, output_usd_per_mtok=each, cache=CacheKind.none)

    weak, strong = priced(WEAK, 0.0993), priced(STRONG, 0.772)
    assert bill(TriesSettings(), weak=weak).mean("cost_per_task_usd") == pytest.approx(0.0993, rel=0.02)
    both = bill(CASCADE, weak=weak, strong=strong)
    assert both.mean("success_rate") == pytest.approx(0.814, rel=0.03)
    assert both.mean("cost_per_task_usd") == pytest.approx(0.434, rel=0.06)
    assert theory.cascade(first=WEAK, second=STRONG)[0] == pytest.approx(0.936, abs=0.001)


def test_f11_a_cascade_lies_between_its_two_and_pays_if_the_first_is_better_value() -> None:
    """Independent, and checked by tests: $ by success is strictly between c1/p1 and c2/p2, so below the second's iff c1/p1 < c2/p2."""
    rng = np.random.default_rng(7)
    for first, second, c1, c2 in zip(*rng.uniform(0.05, 0.95, (2, 100)), *rng.lognormal(0, 1.5, (2, 100)), strict=True):
        success, asked = theory.cascade(first=first, second=second)
        value = (c1 + asked * c2) / success
        assert min(c1 / first, c2 / second) < value < max(c1 / first, c2 / second)


@pytest.mark.slow
@pytest.mark.parametrize("turns", [1, 10, 20])
@pytest.mark.parametrize("exponent", [0.6, 1.0])
def test_f12_long_work_fails_more(turns: int, exponent: float) -> None:
    """Hazard of length: p^((n/n0)^e), so p^n for steps that must all be right."""
    outcome = OutcomeSettings(length_exponent=exponent, reference_turns=10, correlation=0.5)
    result = run(agent(turns=turns), backend(quality=0.8), outcome=outcome, **MANY | {"tasks": 2000})
    assert_equivalent(result, "success_rate", 0.8 ** ((turns / 10) ** exponent))


@pytest.mark.slow
@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_f12_steps_that_are_asked_for_again(attempts: int) -> None:
    """Steps asked for R times at most: P = p_s^n with p_s = 1 - (1-p)^R, calls = p_s/p (1-P)/(1-p_s)."""
    retry = RetrySettings(attempts=attempts, backoff_base_s=0)
    result = run(agent(turns=10), backend(error_rate=0.2, quality=1.0), retry=retry, **MANY | {"tasks": 12_000 if attempts == 1 else 3000})
    success, calls = theory.step_retries(step=0.8, turns=10, tries=attempts)
    assert_equivalent(result, "calls_per_task", calls)
    assert_equivalent(result, "success_rate", success, margin=0.05 if attempts == 1 else MARGIN)


@pytest.mark.slow
def test_f12_work_that_stops_at_its_first_wrong_step() -> None:
    """Early abort, each step right with probability p: E turns = (1 - p^n)/(1 - p)."""
    result = tried(TriesSettings(stop_when_lost=True), turns=10, outcome=OutcomeSettings(length_exponent=1.0, reference_turns=10))
    assert_equivalent(result, "calls_per_task", theory.turns_until_lost(step=P ** (1 / 10), turns=10))


@pytest.mark.slow
def test_f13_tasks_that_are_begun_until_a_budget_is_crossed() -> None:
    """B/c + (s^2 + c^2)/(2 c^2) for independent costs of mean c and standard deviation s."""
    varied = agent(turns=1, system_tokens=0, prompt_tokens=0, output_tokens={"dist": "exponential", "mean": 1000})
    c = s = 1000e-6
    budget = BudgetSettings(usd=0.05, per=Per.run, at=At.task)
    result = run(varied, backend(quality=1.0), tasks=300, every_s=60.0, budget=budget, replications=400, log=Log.none, processes=None)
    begun = np.array([tally.tasks - tally.blocked for tally in result.tallies])
    assert_means(begun, [], theory.tasks_until_spent(budget=0.05, mean=c, sd=s), 0.03)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("alpha", "beta", "most", "rate", "own", "tasks"), [(3e-4, 1e-4, 4, 0.375, False, 14_000), (1e-4, 1e-5, 16, 4.5, True, 8000)]
)
def test_f14_continuous_batching(alpha: float, beta: float, most: int, rate: float, own: bool, tasks: int) -> None:
    """Each of b calls decodes at 1/(al + be b) tokens a second, b <= bmax, the rest wait: birth-death, E T = E N / rate; within 2 %.

    Poisson calls with exponential output of 10,000 tokens, on slots or on a server of one's own. The other queues of F14 are held to the
    same in `tests.theory.test_queues`.
    """
    alone_s, slowdown = 10_000 * (alpha + beta), beta / (alpha + beta)
    expected = theory.stations.shared(rate=rate, service_s=alone_s, slowdown=slowdown, slots=most)
    hosted = {"kind": BackendKind.self_hosted, "servers": ServerSettings(batch=most), "slots": None}
    server = {"decode_tokens_per_s": 1 / (alpha + beta), "decode_slowdown": slowdown} | (hosted if own else {"slots": most})
    case = Case({}, MARGIN, tasks, rate, backend=server)
    result = case.run()
    assert_means(np.array(values(result, STAY)), case.controls(result), expected.stay_s, case.margin)


@pytest.mark.parametrize(
    ("limit", "amount"),
    [
        ({"requests_per_min": 30}, 1),
        ({"input_tokens_per_min": 60_000}, 2000),
        ({"output_tokens_per_min": 9000}, 300),
        ({"tokens_per_min": 69_000}, 2300),
    ],
)
@pytest.mark.parametrize("burst_s", [10.0, 60.0])
def test_f14_no_window_lets_through_more_than_the_bucket_and_its_inflow(limit: dict[str, float], amount: int, burst_s: float) -> None:
    """Token bucket: in any window of D seconds at most C + r D; and, with work waiting, no less either."""
    served = backend(limit_burst_s=burst_s, cache="none", **limit)
    patient = RetrySettings(attempts=50, backoff_base_s=0.1, backoff_cap_s=0.1)
    calls = run(agent(turns=1), served, tasks=300, every_s={"dist": "exponential", "mean": 1.0}, retry=patient).calls
    good = np.sort(calls.query("status == 'ok'")["t_start_s"])
    rate = next(iter(limit.values())) / 60
    passed, burst = amount * np.arange(1, len(good) + 1), rate * burst_s
    inside = passed[None, :] - (passed[:, None] - amount)
    most = burst + rate * (good[None, :] - good[:, None])
    upper = np.triu(np.ones_like(inside, bool))
    assert (inside <= most + 1e-6 * rate)[upper].all()
    assert inside[0, 150] > most[0, 150] - 2 * amount
    assert set(calls["status"]) == {"ok", "rate_limited"}


@pytest.mark.slow
def test_f15_the_last_of_many_workers() -> None:
    """Makespan of k exponential workers: H_k times their mean."""
    slow = loop(turns=2, tool_time_s={"dist": "exponential", "mean": 100})
    result = run(team(1, slow, fanout=8, spawn_after_turn=1), backend(ttft_s=0.0), **MANY | {"tasks": 1000})
    assert_equivalent(result, "task_latency_mean_s", theory.longest_of(workers=8, mean=100))


@pytest.mark.slow
def test_f15_a_split_in_eight_is_three_times_as_fast_not_eight() -> None:
    """The spread of M2.5's bills, lognormal 0.77: the last of eight takes 2.5 times the mean."""
    assert theory.longest_lognormal(workers=8, mean=1, sigma=0.77) == pytest.approx(2.50, abs=0.01)
    slow = loop(turns=2, tool_time_s={"dist": "lognormal", "median": 100, "sigma": 0.77})
    result = run(team(1, slow, fanout=8, spawn_after_turn=1), backend(ttft_s=0.0), **MANY | {"tasks": 1000})
    mean = 100 * math.exp(0.77**2 / 2)
    assert_equivalent(result, "task_latency_mean_s", theory.longest_lognormal(workers=8, mean=mean, sigma=0.77))


@pytest.mark.parametrize("turns", [1, 2, 20])
def test_f16_dollars_of_a_busy_hour(turns: int) -> None:
    """(Steps an hour) x ($ a step): exact where nothing varies, as for a loop with tools of 9 s between calls of 1 s."""
    result = run(agent(turns=turns, tool_time_s=9.0), tasks=3, every_s=1.0)
    bill = theory.loop_tokens(base=B, growth=G, output=O, turns=turns).total / 1e6
    expected = theory.cost_per_hour(usd=bill, seconds=turns + 9 * (turns - 1))
    assert result.mean("cost_per_busy_hour_usd") == pytest.approx(expected, rel=1e-12)
    steps_an_hour = 3600 / (turns + 9 * (turns - 1)) * turns
    assert expected == pytest.approx(steps_an_hour * bill / turns)


@pytest.mark.slow
def test_f16_where_tools_take_their_time() -> None:
    """A ratio of means: E $ over E seconds of a task, random turns and tool times."""
    busy = agent(turns={"dist": "geometric", "mean": 8}, tool_time_s={"dist": "exponential", "mean": 27})
    result = run(busy, tasks=2500, replications=16, processes=None, log=Log.none)
    bill = theory.loop_tokens(base=B, growth=G, output=O, turns=8, pairs=theory.pairs_geometric(8)).total / 1e6
    assert_equivalent(result, "cost_per_busy_hour_usd", theory.cost_per_hour(usd=bill, seconds=8 + 27 * 7))


def choosing(dear_usd: float) -> sim.Result:
    """Users with tastes in dollars choose between two models for one call of 2,000 and 300 tokens; the dear one's bill is given."""
    dear = backend(quality=0.9, input_usd_per_mtok=(dear_usd - 300e-6) / 2000e-6, cache=CacheKind.none)
    pair = {"dear": dear, "cheap": backend(quality=0.7, cache=CacheKind.none)}
    router = RouterSettings(policy=Policy.logit, per=ChoosePer.task, scale_usd=2.0)
    return run(agent(turns=1), pair, router=router, outcome=OutcomeSettings(value_usd=25.0), **MANY | {"tasks": 4000})


@pytest.mark.slow
def test_f17_shares_are_what_dollars_make_them() -> None:
    """Logit, s = 1/(1 + exp(-(V dP - dC)/mu)); a dearer bill moves it by its elasticity -(1-s) C_A/mu (margin 6 %)."""
    bill, step = 6.5, 0.05
    share = theory.logit_share(gain=25 * 0.2, extra_cost=bill - 2300e-6, scale=2.0)
    assert_equivalent(choosing(bill), "token_share.dear", share, margin=0.03)
    low, high = (np.array(values(choosing(bill * factor), "token_share.dear")) for factor in (1 + step, 1 - step))
    slope = np.log(low / high) / np.log((1 + step) / (1 - step))
    half = stats.t.ppf(0.95, len(slope) - 1) * stats.sem(slope)
    expected = theory.logit_elasticity(share=share, cost=bill, scale=2.0)
    assert abs(slope.mean() - expected) + half < 0.06 * abs(expected)


@pytest.mark.slow
def test_f18_adoption() -> None:
    """Bass: F(t) = (1 - e^-(p+q)t) / (1 + (q/p) e^-(p+q)t). Users whose one session begins when they take it up (`dist: bass`).

    All along the curve within 2 points: the largest gap, and a 95 % band of Dvoretzky, Kiefer and Wolfowitz around it.
    """
    p, q = 0.03 / DAY_S, 0.38 / DAY_S
    people = WorkloadSettings(kind=WorkloadKind.users, users=5000, tasks_per_user=1, session_gap_s={"dist": "bass", "p": p, "q": q})
    begun = np.sort(run(agent(turns=1), workload=people, replications=4, processes=None).tasks["t_arrive_s"])
    share = np.array([theory.bass_share(t, p=p, q=q) for t in begun])
    n = len(begun)
    gap = np.abs(share - (np.arange(n) + 0.5) / n).max()
    assert gap + np.sqrt(np.log(2 / 0.05) / (2 * n)) < 0.02
    assert begun.mean() == pytest.approx(np.log(1 + q / p) / q, rel=0.02)
