"""What success and choices hang on: teams, verifiers, policies, deadlines, worth; and why a task takes as many tokens as it does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import sim
from sim import theory
from sim.results.basis import baseline_tokens
from sim.settings.agent import AgentKind
from sim.settings.market import Billed, CacheKind
from sim.settings.outcome import OutcomeSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import RetrySettings
from sim.settings.tries import TriesSettings
from sim.success import SuccessModel
from tests.worlds import MANY, agent, assert_equivalent, backend, loop, run, scenario, team, with_

P = 0.6


def test_a_verifier_is_an_agent_and_paid_for() -> None:
    checked = TriesSettings(most=3, true_positive=0.5, verifier=loop(turns=2))
    result = run(agent(turns=4, tries=checked), backend(quality=1.0), tasks=200)
    calls = result.calls
    assert (calls["role"] == "verifier").sum() == result.tasks["tries"].sum() * 2
    assert set(calls[calls["role"] == "verifier"]["agent"]) <= {"0.v", "1.v", "2.v"}
    assert set(calls[calls["role"] == "agent"]["agent"]) == {"0", "1", "2"}


@pytest.mark.slow
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


@pytest.mark.slow
def test_the_more_debaters_the_better_if_that_is_set() -> None:
    room = agent(kind=AgentKind.debate, fanout=3, turns=2, success_measured=True)
    result = run(room, backend(quality=P), outcome=OutcomeSettings(success_exponent=1.0), **MANY | {"tasks": 1000})
    assert_equivalent(result, "success_rate", 1 - (1 - P) ** 3)


def test_a_lost_try_is_a_wrong_one() -> None:
    """The turn in which a try goes wrong, and the chance of its length, are one and the same law."""
    outcome = SuccessModel(OutcomeSettings(length_exponent=0.7, reference_turns=20))
    for score in np.linspace(0.01, 0.99, 33):
        lost = outcome.lost_at(float(score), P)
        assert score >= outcome.chance(P, lost)
        assert lost == 1 or score < outcome.chance(P, lost - 1)


def choosing(**router: Any) -> sim.Scenario:
    dear = backend(quality=0.9, input_usd_per_mtok=100.0, cache=CacheKind.none)
    worlds = {"dear": dear, "cheap": backend(quality=0.7, cache=CacheKind.none)}
    worth = OutcomeSettings(value_usd=25.0, wage_usd_per_h=3.0)
    return scenario(agent(), worlds, router=RouterSettings(per=ChoosePer.task, **router), outcome=worth, **MANY)


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


@pytest.mark.slow
def test_logit_on_ratios_ignores_the_size_of_the_bill() -> None:
    for turns in (3, 30):
        world = choosing(policy=Policy.logit_log, elasticity=0.5)
        world.agent.turns, world.outcome.value_usd, world.workload.tasks = turns, 0.0, 400
        dear = [tally.attempts[0].sum() / tally.calls for tally in sim.simulate(world).tallies]
        bills = (100 * (2000 * turns + 500 * turns * (turns - 1)) + 300 * turns) / (2000 * turns + 500 * turns * (turns - 1) + 300 * turns)
        assert np.mean(dear) == pytest.approx(1 / (1 + bills**0.5), rel=0.1)


@pytest.mark.slow
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


def test_matched_chat_is_one() -> None:
    world = scenario(agent(kind=AgentKind.chat, turns=1, requests=4, request_tokens=120))
    world.matched_chat = loop(turns=1, requests=4, request_tokens=120)
    assert sim.simulate(world).mean("token_multiplier") == 1


@pytest.mark.parametrize("kind", ["chat", "react", "team", "teams of teams", "waves", "checked", "debate"])
def test_amplification_factors_multiply_to_the_multiplier(kind: str) -> None:
    checked = TriesSettings(most=3, true_positive=0.7, false_positive=0.2, verifier=loop(turns=1))
    varied = {"turns": {"dist": "geometric", "mean": 6}, "compact_at_tokens": 6000}
    agents = {
        "chat": agent(kind=AgentKind.chat, turns=1, requests=5),
        "react": agent(**varied),
        "team": team(4, loop(**varied), fanout=5, **{key: varied[key] for key in ("compact_at_tokens",)}),
        "teams of teams": team(3, loop(**varied), fanout=3, depth=2, inherit_context=True),
        "waves": team(9, loop(**varied), fanout={"dist": "uniform", "low": 1, "high": 4}, waves=2, delegated_share=0.4, resumed_share=0.5),
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
    assert np.prod(factors) == pytest.approx(cut.mean("total_tokens") / begun / baseline_tokens(world), rel=1e-9)
