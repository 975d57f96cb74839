"""Metrics are said once: names, units, order, headlines; and each formula is that of a run's own tables."""

from __future__ import annotations

import math

import pandas as pd
import pytest

import sim
from sim.report.grid import study
from sim.report.tables import CROSSED, PRINTED, grid, readable
from sim.results.basis import chat_of
from sim.results.estimates import within
from sim.results.metric import BY_BACKEND, BY_EACH
from sim.results.metrics import FACTORS, HEADLINES, METRICS, MORE_IS_BETTER, metrics, unit_of
from sim.scenario.load import CONF
from sim.settings.market import Billed
from sim.settings.run import GoalSettings
from sim.settings.tries import TriesSettings
from sim.statistics import Estimate
from sim.sweeps.goal import check_goal
from tests.worlds import agent, backend, loop, scenario, team

TWO = {"one": backend(quality=0.6), "two": backend(input_usd_per_mtok=3.0, quality=0.9)}


def test_every_metric_has_a_name_of_its_own_and_says_what_it_is() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    for metric in METRICS:
        assert metric.meaning
        assert metric.meaning[-1] != "."
        assert (metric.unit != "") == metric.name.partition(".")[0].endswith(
            ("_usd", "_s", "_h", "usd_per_day", "_month", "_tokens", "_min", "_mtok", "tokens_per_task", "_kwh")
        )


def test_a_summary_has_every_metric_in_its_order_with_its_unit() -> None:
    summary = sim.simulate(scenario(agent(), TWO, tasks=3, replications=2)).summary
    once = [metric for metric in METRICS if not any(by in metric.name for by in BY_EACH)]
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
    assert set(PRINTED) == {*HEADLINES, "multiplier_per_message"}
    assert set(CROSSED) < set(PRINTED)


def test_more_is_better_of_what_is_earned_and_solved() -> None:
    assert {"success_rate", "cache_hit_rate", "value_per_task_usd", "net_value_per_task_usd", "jain_index.teams"} == MORE_IS_BETTER


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
    """To each of them, whatever goes on: messages that vary, failed attempts, compactions, teams, tries, verifiers; and to `turns`."""
    messages = {"dist": "uniform", "low": 1, "high": 6}
    worlds = [
        scenario(agent(), TWO, tasks=4),
        scenario(agent(requests=messages, compact_at_tokens=3000), backend(error_rate=0.2, error_billed=Billed.everything), tasks=20),
        scenario(team(3, loop(), requests=messages, tries=TriesSettings(most=2, verifier=loop(turns=2))), TWO, tasks=10),
    ]
    for world in worlds:
        world.matched_chat = loop(turns=1, requests={"dist": "geometric", "mean": 3}, request_tokens=120, output_tokens=500)
        result = sim.simulate(world)
        for multiplier, factors in FACTORS.items():
            found = math.prod(result.mean(f"amplification_{name}") for name in factors)
            assert found == pytest.approx(result.mean(multiplier), rel=1e-9), multiplier
        both = result.mean("amplification_messages") * result.mean("amplification_calls")
        assert both == pytest.approx(result.mean("amplification_turns"), rel=1e-9)


def test_each_multiplier_has_its_own_denominator() -> None:
    """Sessions of one message and of three, two calls each of 1,000 + 300 tokens, against chats that are reckoned by hand."""
    messages = {"dist": "empirical", "values": [1, 3]}
    flat = {
        "system_tokens": 1000,
        "prompt_tokens": 0,
        "request_tokens": 0,
        "keep_reasoning": 0.0,
        "reasoning_share": 1.0,
        "output_tokens": 300,
        "tool_result_tokens": 0,
    }
    worked = sim.simulate(scenario(agent(requests=messages, turns=2, **flat), backend(), tasks=60, replications=1))
    sizes = worked.tasks["calls"] / 2
    assert set(sizes) == {1, 3}
    chat = {"system_tokens": 100, "prompt_tokens": 50, "request_tokens": 50, "output_tokens": 200}
    world = worked.scenario
    world.matched_chat = loop(turns=1, requests=2, **chat)
    world.chat_baselines = {
        "long": loop(turns=1, requests=2, **(chat | {"system_tokens": 1150})),
        "short": loop(turns=1, requests=1, **chat),
    }
    result = sim.simulate(world)
    request = {"matched": (2 * (100 + 50 + 200) + 250) / 2, "long": (2 * (1150 + 50 + 200) + 250) / 2, "short": 350}
    for metric, tokens in (("request", 1300), ("message", 2600)):
        assert result.mean(f"multiplier_per_{metric}") == pytest.approx(tokens / request["matched"])
        assert result.mean(f"multiplier_per_{metric}_least") == pytest.approx(tokens / request["long"])
        assert result.mean(f"multiplier_per_{metric}_most") == pytest.approx(tokens / request["short"])
    as_long = {1: 350, 3: 3 * 350 + 3 * 250}
    assert result.mean("multiplier_per_session") == pytest.approx(2600 * sizes.sum() / sizes.map(as_long).sum())


def test_without_other_baselines_the_range_is_the_value() -> None:
    summary = sim.simulate(scenario(agent(), TWO, tasks=2)).summary["mean"]
    for name in ("request", "message", "session"):
        assert summary[f"multiplier_per_{name}_least"] == summary[f"multiplier_per_{name}"] == summary[f"multiplier_per_{name}_most"] > 0


def test_recorded_sessions_are_held_against_a_chat_message_by_message() -> None:
    """The excerpt that ships, replayed: its own tokens, calls of all agents, and messages of main agents, over those of a chat."""
    replay = sim.load("workload=trace", "replications=1", "retry.attempts=1", "market.models.claude_opus_4_6.error_rate=0")
    result, calls = sim.simulate(replay), pd.read_csv(CONF / "trace" / "excerpt.csv")
    tokens, chat = int((calls["input_tokens"] + calls["output_tokens"]).sum()), chat_of(replay.matched_chat)
    main = calls[calls["agent"] == "main"]
    messages = (main["trigger"] == "user").groupby(main["trace"]).sum().clip(lower=1)
    assert result.mean("multiplier_per_request") == pytest.approx(tokens / len(calls) / chat.message_tokens, rel=1e-9)
    assert result.mean("multiplier_per_message") == pytest.approx(tokens / messages.sum() / chat.message_tokens, rel=1e-9)
    as_long = sum(chat.of(each, each * (each - 1) / 2) for each in messages)
    assert result.mean("multiplier_per_session") == pytest.approx(tokens / as_long, rel=1e-9)


def test_a_goal_that_is_no_metric_is_refused_with_the_likely_one() -> None:
    check_goal(GoalSettings())
    with pytest.raises(sim.ConfigError, match=r"^goal.metric: 'cost_per_taks_usd' is not a metric; did you mean 'cost_per_task_usd'\?$"):
        check_goal(GoalSettings("cost_per_taks_usd"))


@pytest.mark.parametrize(
    ("choices", "why"),
    [
        (["agent=chat"], "scores are of coding issues"),
        (["agent=role_play"], "scores are of coding issues"),
        (["agent=research_task"], "scores are of coding issues"),
        (["agent=always_on"], "scores are of coding issues"),
        (["agent=debate"], "scores are of coding issues"),
        (["agent=pipeline"], "scores are of coding issues"),
        (["agent=chat", "agent.success_measured=true"], ""),
        (["agent=solo"], ""),
        (["agent=team_4"], ""),
        (["agent=swe_task", "workload.chat_share=0.3"], "some of the tasks are chats"),
        (["agent=solo", "workload=trace"], "recorded sessions do not say"),
    ],
)
def test_success_belongs_to_work_for_which_it_was_measured(choices: list[str], why: str) -> None:
    settings = sim.load(*choices)
    assert settings.success_unknown.startswith(why)
    assert bool(settings.success_unknown) == bool(why)


@pytest.mark.slow
def test_unknown_success_is_said_and_never_ranked() -> None:
    """A chat beside an agent: it would be the cheapest by far."""
    small = ["workload.tasks=3", "replications=3", "processes=1"]
    found = sim.sweep(sim.load("agent=swe_task", *small), {"agent.success_measured": [True, False]}).results
    assert list(found["success_rate"].isna()) == [False, True]
    assert list(found["best_cost_per_success_usd"]) == ["yes", ""]
    text = grid(study(found), {})
    assert text.splitlines()[3].split().count("?") == 2  # success, and dollars per success
    assert text.endswith("?: nobody has measured how often such work succeeds.")
    result = sim.simulate(sim.load("agent=chat", *small))
    assert "success" in result.notes
    assert "unknown" in readable(result.summary, {}).set_index("metric").loc["success_rate", "mean"]
    for name in ("value_per_task_usd", "wasted_usd", "cost_per_success_usd"):
        assert math.isnan(result.mean(name))
    with pytest.raises(sim.ConfigError, match=r"goal.success_floor: nobody knows how often this succeeds"):
        sim.load("agent=chat", "goal.success_floor=0.5")


def test_intervals_end_where_the_quantity_does() -> None:
    """Shares from 0 to 1, counts and dollars from 0, worth less bill anywhere."""
    wide = Estimate(0.5, -12.3, 7.0)
    assert within("tasks_in_flight", wide) == Estimate(0.5, 0.0, 7.0)
    assert within("token_share.one", wide) == within("success_rate", wide) == Estimate(0.5, 0.0, 1.0)
    assert within("net_value_per_task_usd", wide) == wide
    assert all(math.isnan(end) for end in within("cost_usd", Estimate(math.nan, math.nan, math.nan)))
    summary = sim.simulate(scenario(agent(turns={"dist": "lognormal", "median": 3, "sigma": 1.5}), TWO, tasks=2, replications=2)).summary
    assert not (summary.drop("net_value_per_task_usd")["ci_low"] < 0).any()


def test_settings_without_effect_are_named() -> None:
    replayed = sim.simulate(sim.load("agent=solo", "workload=trace", "tries=retry", "workload.trace_sessions=1", "replications=1"))
    assert replayed.notes["unused"] == "Without effect here: agent.tries (recorded sessions are replayed as they are, once)."
    assert "unused" not in sim.simulate(scenario(agent(), backend())).notes
