"""F7 to F12, F15 and F17 against the simulator: within 2 %, by two one-sided tests, where luck is in it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import sim
from sim import theory
from sim.choice import ChoosePer, Policy, RouterSettings
from sim.market import Billed, CacheKind
from sim.metrics import matched_chat_tokens, metrics
from sim.outcome import Outcome, OutcomeSettings
from sim.settings import AgentKind, Log, Pick, RetrySettings, TriesSettings
from tests.test_theory import MARGIN, assert_equivalent
from tests.worlds import agent, backend, loop, run, scenario, team, with_

P = 0.6
WEAK, STRONG = 0.726, 0.768
"""MiniMax M2.5 and Claude Opus 4.6 on the same 500 tasks."""
MANY: dict[str, Any] = {"tasks": 4000, "replications": 10, "processes": None, "log": Log.none}


def tried(tries: TriesSettings, quality: float = P, outcome: OutcomeSettings | None = None, **loop: Any) -> sim.Result:
    return run(agent(**{"turns": 1, "tries": tries} | loop), backend(quality=quality), outcome=outcome or OutcomeSettings(), **MANY)


@pytest.mark.parametrize("tries", [1, 2, 5])
def test_f7_retries(tries: int) -> None:
    result = tried(TriesSettings(most=tries))
    expected, success = theory.retries(success=P, tries=tries)
    assert expected == pytest.approx((1 - (1 - P) ** tries) / P)
    assert_equivalent(result, "calls_per_task", expected)
    assert_equivalent(result, "success_rate", success)


def test_f7_the_bill_by_success_does_not_depend_on_the_limit() -> None:
    unit = tried(TriesSettings()).mean("cost_per_task_usd")
    expected = theory.cost_per_success(success=P, cost_right=unit, cost_wrong=unit)
    for tries in range(1, 9):
        result = run(agent(turns=1, tries=TriesSettings(most=tries)), backend(quality=P), **MANY | {"tasks": 3000})
        assert_equivalent(result, "cost_per_success_usd", expected)


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
            backend(quality=P, cache_read_usd_per_mtok=1.0, cache_write_usd_per_mtok=1.0), outcome=outcome, **MANY,
        )  # fmt: skip
        assert_equivalent(result, "cost_per_success_usd", expected)
    assert_equivalent(tried(TriesSettings(stop_when_lost=True), outcome=outcome, **flat), "calls_per_task", mean_turns)


@pytest.mark.parametrize("correlation", [0.3, 0.87])
def test_f7_with_shared_difficulty_retries_on_hard_tasks_are_wasted(correlation: float) -> None:
    result = tried(TriesSettings(most=5), outcome=OutcomeSettings(correlation=correlation))
    expected, success = theory.retries(success=P, tries=5, correlation=correlation)
    assert_equivalent(result, "calls_per_task", expected)
    assert_equivalent(result, "success_rate", success)
    assert success < theory.retries(success=P, tries=5)[1] - 0.04


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


def test_f7c_reflexion() -> None:
    result = tried(TriesSettings(most=4, keep_tokens=1500), turns=6)
    expected = theory.reflexion_tokens(base=2000, growth=1000, output=300, turns=6, success=P, tries=4, kept=1500)
    assert_equivalent(result, "input_tokens", MANY["tasks"] * expected.input)


def test_f8_backoff() -> None:
    failing, retry = backend(error_rate=0.4, ttft_s=0.0), RetrySettings(attempts=5, backoff_base_s=2, backoff_cap_s=6)
    result = run(agent(turns=1), failing, retry=retry, **MANY)
    expected = theory.backoff_wait(failure=0.4, attempts=5, base_s=2, cap_s=6)
    waits = [tally.task_busy_s / tally.tasks for tally in result.tallies]
    assert np.mean(waits) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("tries", [2, 5])
def test_f9_f10_answers_that_a_verifier_accepts(parallel: bool, tries: int) -> None:
    judged: dict[str, Any] = {"success": P, "tries": tries, "true_positive": 0.8, "false_positive": 0.3}
    result = tried(TriesSettings(most=tries, parallel=parallel, true_positive=0.8, false_positive=0.3))
    assert_equivalent(result, "success_rate", theory.best_of(**judged))
    assert_equivalent(result, "calls_per_task", tries if parallel else theory.verify_tries(**judged), margin=0.02 if not parallel else 1e-9)


def test_f9_majority() -> None:
    assert_equivalent(tried(TriesSettings(most=5, parallel=True, pick=Pick.majority)), "success_rate", theory.majority(success=P, tries=5))


def test_a_verifier_is_an_agent_and_paid_for() -> None:
    checked = TriesSettings(most=3, true_positive=0.5, verifier=loop(turns=2))
    result = run(agent(turns=4, tries=checked), backend(quality=1.0), tasks=200)
    calls = result.calls
    assert (calls["role"] == "verifier").sum() == result.tasks["tries"].sum() * 2
    assert set(calls[calls["role"] == "verifier"]["agent"]) <= {"0.v", "1.v", "2.v"}
    assert set(calls[calls["role"] == "agent"]["agent"]) == {"0", "1", "2"}


CASCADE = TriesSettings(most=2, backends=["weak", "strong"])
PAIR = {"weak": backend(quality=WEAK, input_usd_per_mtok=0.3), "strong": backend(quality=STRONG, input_usd_per_mtok=5.0)}


@pytest.mark.parametrize("judge", [{}, {"true_positive": 0.72, "false_positive": 0.28}], ids=["tests", "verifier"])
@pytest.mark.parametrize("correlation", [0.0, 0.87])
def test_f11_cascade(correlation: float, judge: dict[str, Any]) -> None:
    tries = TriesSettings(most=2, backends=["weak", "strong"], **judge)
    result = run(agent(turns=1, tries=tries), PAIR, outcome=OutcomeSettings(correlation=correlation), **MANY)
    success, asked = theory.cascade(first=WEAK, second=STRONG, correlation=correlation, **judge)
    assert_equivalent(result, "success_rate", success)
    assert_equivalent(result, "calls_per_task", 1 + asked)


def test_f11_the_measured_cascade_and_how_far_off_independence_is() -> None:
    """OpenHands: success 0.814, 0.642 USD a task; independence says 0.936. Bills: M2.5 0.307, Opus 0.772 a task, hard tasks cost more."""
    assert theory.phi_of(WEAK, STRONG, 0.87) == pytest.approx(0.65, abs=0.01)
    outcome = OutcomeSettings(correlation=0.87, effort=0.43)
    turns = {"turns": 40, "output_tokens": 1, "tool_result_tokens": 0, "reasoning_share": 1.0}

    def bill(tries: TriesSettings, **models: Any) -> sim.Result:
        return run(agent(tries=tries, **turns), models, outcome=outcome, **MANY | {"tasks": 1200})

    def priced(quality: float, usd: float) -> Any:
        """Each turn costs the same, so that 40 turns cost what a task was measured to cost."""
        each = usd / 40 / 2001 * 1e6
        return backend(quality=quality, input_usd_per_mtok=each, output_usd_per_mtok=each, cache=CacheKind.none)

    weak, strong = priced(WEAK, 0.307), priced(STRONG, 0.772)
    assert bill(TriesSettings(), weak=weak).mean("cost_per_task_usd") == pytest.approx(0.307, rel=0.02)
    both = bill(CASCADE, weak=weak, strong=strong)
    assert both.mean("success_rate") == pytest.approx(0.814, rel=0.03)
    assert both.mean("cost_per_task_usd") == pytest.approx(0.642, rel=0.03)
    assert both.mean("cost_per_success_usd") == pytest.approx(0.789, rel=0.03)
    assert theory.cascade(first=WEAK, second=STRONG)[0] == pytest.approx(0.936, abs=0.001)


@pytest.mark.parametrize("turns", [1, 10, 20])
@pytest.mark.parametrize("exponent", [0.6, 1.0])
def test_f12_long_work_fails_more(turns: int, exponent: float) -> None:
    outcome = OutcomeSettings(length_exponent=exponent, reference_turns=10, correlation=0.5)
    result = run(agent(turns=turns), backend(quality=0.8), outcome=outcome, **MANY | {"tasks": 2000})
    assert_equivalent(result, "success_rate", 0.8 ** ((turns / 10) ** exponent))


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_f12_steps_that_are_asked_for_again(attempts: int) -> None:
    retry = RetrySettings(attempts=attempts, backoff_base_s=0)
    result = run(agent(turns=10), backend(error_rate=0.2, quality=1.0), retry=retry, **MANY | {"tasks": 12_000 if attempts == 1 else 3000})
    success, calls = theory.step_retries(step=0.8, turns=10, tries=attempts)
    assert_equivalent(result, "calls_per_task", calls)
    assert_equivalent(result, "success_rate", success, margin=0.05 if attempts == 1 else MARGIN)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_a_team_solves_more_with_diminishing_returns(exponent: float) -> None:
    """Workers on a weaker backend than their lead, one in ten of whom never reports."""
    worlds = {"strong": backend(quality=P), "weak": backend(quality=0.3)}
    router = RouterSettings(policy=Policy.by_role, roles={"lead": "strong", "worker": "weak"})
    outcome = OutcomeSettings(success_exponent=exponent, correlation=0.5)
    crew = team(2, loop(turns=1), fanout=4, report_tokens=10)
    success = theory.team_success(lead=P, worker=0.3, workers=4, exponent=exponent)
    assert_equivalent(run(crew, worlds, router=router, outcome=outcome, **MANY | {"tasks": 2000}), "success_rate", success)
    shaky = worlds | {"weak": backend(quality=0.3, error_rate=0.5)}
    short = run(crew, shaky, router=router, outcome=outcome, retry=RetrySettings(attempts=1), **MANY | {"tasks": 2000})
    reported = [(m, math.comb(4, m) / 16) for m in range(5)]
    mean = sum(w * theory.team_success(lead=P, worker=0.3, workers=m, exponent=exponent) if m else w * P for m, w in reported)
    assert_equivalent(short, "success_rate", mean)


def test_the_more_debaters_the_better_if_that_is_set() -> None:
    room = agent(kind=AgentKind.debate, fanout=3, turns=2)
    result = run(room, backend(quality=P), outcome=OutcomeSettings(success_exponent=1.0), **MANY | {"tasks": 1000})
    assert_equivalent(result, "success_rate", 1 - (1 - P) ** 3)


def test_a_lost_try_is_a_wrong_one() -> None:
    """The turn in which a try goes wrong, and the chance of its length, are one and the same law."""
    outcome = Outcome(OutcomeSettings(length_exponent=0.7, reference_turns=20))
    for score in np.linspace(0.01, 0.99, 33):
        lost = outcome.lost_at(float(score), P)
        assert score >= outcome.chance(P, lost)
        assert lost == 1 or score < outcome.chance(P, lost - 1)


def test_f15_the_last_of_many_workers() -> None:
    slow = loop(turns=2, tool_time_s={"dist": "exponential", "mean": 100})
    result = run(team(1, slow, fanout=8, spawn_after_turn=1), backend(ttft_s=0.0), **MANY | {"tasks": 1000})
    means = [tally.task_busy_s / tally.tasks for tally in result.tallies]
    assert np.mean(means) == pytest.approx(theory.longest_of(workers=8, mean=100), rel=0.02)


def test_f15_a_split_in_eight_is_three_times_as_fast_not_eight() -> None:
    """The spread of M2.5's bills, lognormal 0.77: the last of eight takes 2.5 times the mean."""
    assert theory.longest_lognormal(workers=8, mean=1, sigma=0.77) == pytest.approx(2.50, abs=0.01)
    slow = loop(turns=2, tool_time_s={"dist": "lognormal", "median": 100, "sigma": 0.77})
    result = run(team(1, slow, fanout=8, spawn_after_turn=1), backend(ttft_s=0.0), **MANY | {"tasks": 1000})
    means = [tally.task_busy_s / tally.tasks for tally in result.tallies]
    mean = 100 * math.exp(0.77**2 / 2)
    assert np.mean(means) == pytest.approx(theory.longest_lognormal(workers=8, mean=mean, sigma=0.77), rel=0.02)


def choosing(**router: Any) -> sim.Scenario:
    dear = backend(quality=0.9, input_usd_per_mtok=100.0, cache=CacheKind.none)
    worlds = {"dear": dear, "cheap": backend(quality=0.7, cache=CacheKind.none)}
    worth = OutcomeSettings(value_usd=25.0, wage_usd_per_h=3.0)
    return scenario(agent(), worlds, router=RouterSettings(per=ChoosePer.task, **router), outcome=worth, **MANY)


def test_f17_logit_shares_are_what_dollars_make_them() -> None:
    world = choosing(policy=Policy.logit, scale_usd=2.0)
    extra = 65_000 * 99e-6
    share = theory.logit_share(gain=25 * 0.2, extra_cost=extra, scale=2.0)
    result = sim.simulate(world)
    chosen = [measure(t) for t in result.tallies for measure in [metrics(world)["token_share.dear"]]]
    assert np.mean(chosen) == pytest.approx(share, rel=0.02)
    step = 1e-4
    moved = theory.logit_share(gain=5, extra_cost=extra + 6.5 * step, scale=2.0)
    assert (moved / share - 1) / step == pytest.approx(theory.logit_elasticity(share=share, cost=6.5, scale=2.0), rel=1e-3)


@pytest.mark.parametrize(
    ("router", "taken"),
    [
        ({"policy": Policy.meets_floor, "quality_floor": 0.8}, "dear"),
        ({"policy": Policy.meets_floor, "quality_floor": 0.6}, "cheap"),
        ({"policy": Policy.meets_floor, "quality_floor": 0.99}, "dear"),
        ({"policy": Policy.cost_per_success}, "cheap"),
        ({"policy": Policy.most_value}, "cheap"),
    ],
    ids=str,
)
def test_policies_that_weigh_quality(router: dict[str, Any], taken: str) -> None:
    world = choosing(**router)
    world.workload.tasks, world.replications = 5, 1
    assert sim.simulate(world).mean(f"token_share.{taken}") == 1


def test_value_decides_when_it_is_high_enough() -> None:
    world = choosing(policy=Policy.most_value)
    world.workload.tasks, world.replications = 5, 1
    world.outcome.value_usd = 33.0
    assert sim.simulate(world).mean("token_share.dear") == 1, "0.2 x 33 > 6.435"


def test_logit_on_ratios_ignores_the_size_of_the_bill() -> None:
    for turns in (3, 30):
        world = choosing(policy=Policy.logit_log, elasticity=0.5)
        world.agent.turns, world.outcome.value_usd, world.workload.tasks = turns, 0.0, 400
        dear = [tally.attempts[0].sum() / tally.calls for tally in sim.simulate(world).tallies]
        bills = (100 * (2000 * turns + 500 * turns * (turns - 1)) + 300 * turns) / (2000 * turns + 500 * turns * (turns - 1) + 300 * turns)
        assert np.mean(dear) == pytest.approx(1 / (1 + bills**0.5), rel=0.1)


def test_price_weighted_goes_by_the_inverse_square() -> None:
    worlds = {"one": backend(), "two": backend(input_usd_per_mtok=2.0, output_usd_per_mtok=2.0)}
    result = run(agent(turns=1), worlds, router=RouterSettings(policy=Policy.price_weighted), **MANY)
    assert result.mean("token_share.one") == pytest.approx(0.8, rel=0.02)


def test_one_backend_has_the_whole_task_where_the_choice_is_the_tasks() -> None:
    worlds = {"one": backend(), "two": backend()}
    router = RouterSettings(policy=Policy.weighted, per=ChoosePer.task)
    calls = run(team(2, loop(turns=2), fanout=5), worlds, tasks=40, router=router).calls
    assert (calls.groupby("task")["backend"].nunique() == 1).all()
    assert calls["backend"].nunique() == 2


def test_a_model_that_takes_more_turns_or_words_does() -> None:
    plain, wordy = backend(), backend(turn_multiplier=2.0, verbosity=1.5)
    expected = theory.loop_tokens(base=2000, growth=1150, output=450, turns=20)
    result = run(agent(), wordy)
    assert (result.mean("input_tokens"), result.mean("output_tokens")) == expected[:2]
    assert run(agent(), plain).mean("calls") == 10


def test_a_late_answer_is_none() -> None:
    late = OutcomeSettings(deadline_s=9.5)
    assert run(agent(), backend(quality=1.0), outcome=late).mean("success_rate") == 0
    assert run(agent(turns=9), backend(quality=1.0), outcome=late).mean("success_rate") == 1


def test_value_is_what_was_solved_less_bill_and_waiting() -> None:
    worth = OutcomeSettings(value_usd=10.0, value_exponent=0.5, wage_usd_per_h=36.0)
    result = run(team(4, loop(turns=1), fanout=4), backend(quality=1.0), outcome=worth)
    assert result.mean("value_per_task_usd") == 20
    busy_s = result.tasks["t_end_s"].iloc[0] - result.tasks["t_arrive_s"].iloc[0]
    assert result.mean("net_value_per_task_usd") == pytest.approx(20 - result.mean("cost_usd") - 0.01 * busy_s)


@pytest.mark.parametrize("kind", ["chat", "react", "team", "teams of teams", "checked", "debate"])
def test_amplification_factors_multiply_to_the_multiplier(kind: str) -> None:
    checked = TriesSettings(most=3, true_positive=0.7, false_positive=0.2, verifier=loop(turns=1))
    varied = {"turns": {"dist": "geometric", "mean": 6}, "compact_at_tokens": 6000}
    agents = {
        "chat": agent(kind=AgentKind.chat, turns=1, requests=5),
        "react": agent(**varied),
        "team": team(4, loop(**varied), fanout=5, **{key: varied[key] for key in ("compact_at_tokens",)}),
        "teams of teams": team(3, loop(**varied), fanout=3, depth=2, inherit_context=True),
        "checked": agent(tries=checked, **varied),
        "debate": agent(kind=AgentKind.debate, fanout=4, turns=3),
    }
    world = scenario(
        agents[kind], backend(quality=0.6, error_rate=0.1, error_billed=Billed.everything), tasks=60, every_s=1.0, replications=2
    )
    world.matched_chat = loop(turns=1, requests=4)
    result = sim.simulate(world)
    factors = [result.mean(f"amplification_{name}") for name in ("tries", "fanout", "turns", "context", "coordination", "retries")]
    assert np.prod(factors) == pytest.approx(result.mean("token_multiplier"), rel=1e-9)
    assert factors[5] > 1
    cut = sim.simulate(with_(world, horizon_s=50.0))
    factors = [cut.mean(f"amplification_{name}") for name in ("tries", "fanout", "turns", "context", "coordination", "retries")]
    begun = cut.mean("tasks") + cut.mean("tasks_in_flight")
    assert 0 < cut.mean("tasks") < begun, "some are under way"
    assert np.prod(factors) == pytest.approx(cut.mean("total_tokens") / begun / matched_chat_tokens(world), rel=1e-9)
