"""What leads hand over, in expected values: exact where nothing varies, within chance where sizes of teams do, silent where it must be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import sim
from sim import theory
from sim.settings.agent import AgentKind, Split
from sim.settings.market import PriceTier
from sim.settings.outcome import OutcomeSettings
from sim.settings.router import Policy, RouterSettings
from sim.settings.run import Log
from tests.recipes.ways import assert_theory_agrees
from tests.worlds import agent, backend, loop, scenario, team, with_

SOME = {"dist": "mixture", "weights": [0.5, 0.25, 0.25], "parts": [1, 2, 3]}
SPLIT: dict[str, Any] = {"split": Split.divide, "delegated_share": 0.5, "spawn_after_turn": 2, "report_tokens": 150}
ROLES = RouterSettings(policy=Policy.by_role, roles={"lead": "lead", "worker": "worker"})
SURE: dict[str, Callable[[], sim.Scenario]] = {
    "a share handed over, as much to each": lambda: scenario(team(24, loop(), fanout=4, warmup_turns=2, **SPLIT)),
    "replicas beside a lead that does less": lambda: scenario(team(24, loop(turns=7), fanout=3, delegated_share=0.3, depth=2)),
    "waves": lambda: scenario(team(12, loop(turns=4), fanout=3, waves=3, spawn_after_turn=2, report_tokens=150)),
    "more waves than turns": lambda: scenario(team(4, loop(turns=4), fanout=2, waves=9, spawn_after_turn=2)),
    "waves that inherit": lambda: scenario(team(12, loop(turns=4), fanout=3, waves=3, inherit_context=True, report_tokens=150)),
    "waves of trees": lambda: scenario(team(7, loop(turns=2), fanout=2, waves=2, depth=2)),
    "waves that are slower than the cache": lambda: scenario(team(9, loop(turns=5, tool_time_s=100.0), waves=2), backend(cache_ttl_s=150)),
    "waves that share it out": lambda: scenario(team(32, loop(), fanout=2, waves=2, warmup_turns=1, **SPLIT)),
    "as many waves as what is handed over fills": lambda: scenario(
        team(41, loop(turns=4), fanout=2, delegated_share=0.5, turns_per_wave=8, spawn_after_turn=2, report_tokens=150)
    ),
    "waves filled by a model that takes more turns": lambda: scenario(
        team(17, loop(turns=4), fanout=2, delegated_share=0.5, turns_per_wave=8), backend(turn_multiplier=2.0)
    ),
    "too short for a wave": lambda: scenario(team(6, loop(turns=4), fanout=2, delegated_share=0.5, turns_per_wave=8)),
    "a model that takes more turns": lambda: scenario(team(16, loop(), fanout=4, **SPLIT), backend(turn_multiplier=1.5)),
    "models that differ": lambda: scenario(
        team(20, loop(), fanout=2, **SPLIT), {"lead": backend(turn_multiplier=1.2), "worker": backend(turn_multiplier=1.8)}, router=ROLES
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SURE)
def test_where_nothing_varies_every_metric_is_exact(name: str) -> None:
    assert_theory_agrees(SURE[name]())


@pytest.mark.parametrize("share", [0.1, 0.37, 0.5, 1.0])
@pytest.mark.parametrize("waves", [1, 2])
def test_shares_that_do_not_come_out_even_are_exact_but_for_the_makespan(share: float, waves: int) -> None:
    world = scenario(team(31, loop(), fanout=4, warmup_turns=1, waves=waves, **SPLIT | {"delegated_share": share}))
    expected, found = theory.expect(world), sim.simulate(world)
    for metric in ("calls", "input_tokens", "cache_read_tokens", "cost_usd", "agents"):
        assert found.mean(metric) == pytest.approx(expected.values[metric], rel=1e-12)


MANY: dict[str, Any] = {"tasks": 1500, "replications": 8, "processes": None, "log": Log.none, "every_s": 1.0}
RANDOM: dict[str, Callable[[], sim.Scenario]] = {
    "Galton-Watson": lambda: scenario(team(3, loop(turns=4), fanout=SOME, depth=3, report_tokens=150), **MANY),
    "a few at a time": lambda: scenario(team(3, loop(turns=4, tool_time_s=2.0), fanout=SOME, max_parallel=2), **MANY),
    "the longest of a random number": lambda: scenario(
        team(3, loop(turns=4, tool_time_s={"dist": "exponential", "mean": 10}), fanout=SOME), **MANY
    ),
    "waves of a random number": lambda: scenario(team(9, loop(turns=4), fanout=SOME, waves=2), **MANY),
    "a job that a random number divide": lambda: scenario(team(3, loop(turns=24), fanout=SOME, split=Split.divide, warmup_turns=1), **MANY),
    "a share that a random number divide": lambda: scenario(team(24, loop(), fanout=SOME, warmup_turns=1, **SPLIT), **MANY),
    "sessions of random length": lambda: scenario(
        with_(team(1, loop(), fanout=2, warmup_turns=1, **SPLIT), turns={"dist": "geometric", "mean": 9}, turns_scale=0.8), **MANY
    ),
    "hard tasks": lambda: scenario(team(20, loop(turns=3), fanout=2, delegated_share=0.4), outcome=OutcomeSettings(effort=0.6), **MANY),
    "a debate": lambda: scenario(agent(kind=AgentKind.debate, fanout=SOME, turns=3), backend(decode_tokens_per_s=50), **MANY),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", RANDOM)
def test_where_sizes_vary_theory_lies_where_the_simulation_does(name: str) -> None:
    """By the margins of `test_expect`; what theory leaves out here is times alone."""
    world = RANDOM[name]()
    expected, found = theory.expect(world), sim.simulate(world).summary
    assert {"calls", "agents", "input_tokens", "cache_read_tokens", "cost_usd"} <= set(expected.values)
    for metric, value in expected.values.items():
        mean, half = float(found.loc[metric, "mean"]), float((found.loc[metric, "ci_high"] - found.loc[metric, "ci_low"]) / 2)
        assert abs(mean - value) <= 2.5 * half + 2e-3 * abs(value), metric


@pytest.mark.parametrize(
    ("world", "word"),
    [
        (lambda: team(9, loop(), waves=2, requests=2), "several messages"),
        (lambda: team(9, loop(), waves=SOME), "how many there are"),
        (lambda: with_(team(9, loop(), waves=2), turns={"dist": "geometric", "mean": 9}), "random length"),
        (lambda: with_(team(9, loop(), delegated_share=0.5, turns_per_wave=2), turns={"dist": "geometric", "mean": 9}), "random length"),
        (lambda: team(9, loop(), depth=2, split=Split.divide, delegated_share=0.5), "hand on"),
        (lambda: team(9, loop(), waves=2, resumed_share=0.5), "resumed_share"),
        (lambda: team(9, loop(), fanout=SOME, waves=2, inherit_context=True), "vary with what earlier ones"),
        (lambda: with_(team(9, loop(), **SPLIT), turns={"dist": "geometric", "mean": 9}), "fewer report"),
        (lambda: team(30, loop(turns=2), fanout=SOME, report_tokens=4000), "may pass 15,000"),
    ],
)  # fmt: skip
def test_what_it_cannot_say_it_leaves_out_and_says_why(world: Callable[[], Any], word: str) -> None:
    served = backend(tiers=[PriceTier(above_tokens=15_000, input_usd_per_mtok=2.0)]) if "15,000" in word else backend()
    expected = theory.expect(scenario(world(), served))
    assert word in " ".join(expected.unsolved)
    assert "cost_usd" not in expected.values


def test_a_debate_that_it_cannot_place_in_time_is_left_out_and_no_error() -> None:
    expected = theory.expect(sim.load("agent=debate", "backends=[claude_opus_4_6]"))
    assert "the slowest debater" in " ".join(expected.unsolved)
    assert expected.values["calls_per_task"] == pytest.approx(9 / 0.99, rel=1e-6), "three rounds of three; an attempt of a hundred fails"
