"""Teams: what is handed over is done once, waves come in their turns, and who goes on brings its history along."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import sim
from sim.settings.agent import AgentKind, OnFailure, Split
from sim.settings.outcome import OutcomeSettings
from sim.settings.router import Policy, RouterSettings
from sim.settings.run import RetrySettings
from tests.recipes.ways import assert_declared_truly
from tests.worlds import agent, backend, loop, run, scenario, team, with_

LONG = {"dist": "lognormal", "median": 12, "sigma": 0.8}
SOME = {"dist": "mixture", "weights": [2, 1, 1], "parts": [1, 2, 3]}


def per_task(calls: pd.DataFrame) -> pd.Series:
    """Calls of each task."""
    return calls.groupby("task").size()


HANDING: dict[str, dict[str, Any]] = {
    "two workers": {"fanout": 2},
    "a random number, in waves": {"fanout": SOME, "waves": 3},
    "waves of a random number": {"fanout": 5, "waves": SOME, "spawn_after_turn": 3},
    "teams of teams": {"fanout": 2, "depth": 3, "spawn_after_turn": 1},
    "nearly all": {"fanout": 16, "delegated_share": 1.0},
    "workers wait for a place": {"fanout": 4, "max_parallel": 2, "waves": 2},
}


@pytest.mark.parametrize("name", HANDING)
def test_turns_of_one_agent_are_those_of_the_lead_and_of_what_it_handed_over(name: str) -> None:
    """To the turn, task by task, on a model that takes more turns and tasks that take more of any."""
    worlds = {"one": backend(turn_multiplier=1.37)}
    changes: dict[str, Any] = {"outcome": OutcomeSettings(effort=0.5), "tasks": 60}
    split: dict[str, Any] = {"split": Split.divide, "delegated_share": 0.5, "spawn_after_turn": 2} | HANDING[name]
    solo = per_task(run(agent(turns=LONG), worlds, **changes).calls)
    crew = run(with_(team(1, loop(turns=99), **split), turns=LONG), worlds, **changes).calls
    assert (crew["agent"] != "0").any()
    pd.testing.assert_series_equal(per_task(crew), solo)


def test_sessions_of_several_messages_hand_over_too() -> None:
    talk: dict[str, Any] = {"turns": LONG, "requests": 4, "turns_scale": {"dist": "lognormal", "median": 1, "sigma": 0.4}}
    solo = per_task(run(agent(**talk), tasks=60).calls)
    crew = run(agent(kind=AgentKind.orchestrator, worker=loop(), split=Split.divide, delegated_share=0.4, waves=2, **talk), tasks=60).calls
    pd.testing.assert_series_equal(per_task(crew), solo)
    lead = per_task(crew[crew["agent"] == "0"])
    assert lead.sum() == pytest.approx(0.6 * solo.sum(), rel=0.02)


def test_warm_up_comes_on_top_for_each_worker() -> None:
    crew: dict[str, Any] = {"fanout": 4, "split": Split.divide, "delegated_share": 0.5, "spawn_after_turn": 2}
    bare, warm = (run(team(22, loop(), warmup_turns=warmup, **crew)).calls.groupby("agent").size() for warmup in (0, 2))
    assert bare.to_dict() == {"0": 11, "0.0": 3, "0.1": 3, "0.2": 3, "0.3": 2}
    assert (warm - bare).to_dict() == {"0": 0, "0.0": 2, "0.1": 2, "0.2": 2, "0.3": 2}


def test_a_worker_of_another_model_takes_that_models_turns_for_its_share() -> None:
    worlds = {"lead": backend(turn_multiplier=2.0), "worker": backend(turn_multiplier=3.0)}
    crew = team(10, loop(), fanout=2, split=Split.divide, delegated_share=0.6, warmup_turns=1)
    calls = run(crew, worlds, router=RouterSettings(policy=Policy.by_role, roles={"lead": "lead", "worker": "worker"})).calls
    assert calls.groupby("agent").size().to_dict() == {"0": 8, "0.0": 12, "0.1": 12}, "20 turns: 12 handed over, times 3 / 2, and 3 each"


def test_replicas_do_their_own_jobs_while_the_lead_does_less() -> None:
    crew = run(team(20, loop(turns=7), fanout=3, delegated_share=0.25)).calls.groupby("agent").size()
    assert crew.to_dict() == {"0": 15, "0.0": 7, "0.1": 7, "0.2": 7}


def test_a_lead_sends_out_as_many_waves_as_what_it_hands_over_fills() -> None:
    """A session too short for one is worked through alone; a model that takes more turns changes no plan."""
    crew: dict[str, Any] = {"fanout": 2, "delegated_share": 0.5, "turns_per_wave": 8}
    for multiplier in (1.0, 2.0):
        served = backend(turn_multiplier=multiplier)
        ends = {turns: run(team(turns, loop(turns=4), **crew), served).calls.groupby("agent").size() for turns in (6, 20, 40)}
        assert {turns: (len(sizes) - 1) // 2 for turns, sizes in ends.items()} == {6: 0, 20: 1, 40: 3}
        assert {turns: sizes["0"] / multiplier for turns, sizes in ends.items()} == {6: 6, 20: 12, 40: 16}


def test_waves_that_nothing_fills_are_refused() -> None:
    said = r"^agent.turns_per_wave=8: .* set agent.delegated_share above 0 and agent.waves=1, or agent.turns_per_wave=null$"
    for wrong in ({"delegated_share": 0.0}, {"delegated_share": 0.5, "waves": 2}):
        with pytest.raises(sim.ConfigError, match=said):
            scenario(team(20, loop(), turns_per_wave=8, **wrong)).check()


def test_waves_come_after_the_turns_they_are_due_and_report_there() -> None:
    calls = run(team(10, loop(turns=2), fanout=2, waves=2, spawn_after_turn=2, report_tokens=5000)).calls
    lead = calls[calls["agent"] == "0"].set_index("turn")
    assert lead["input_tokens"].diff().dropna().tolist() == [1000, 11_000, 1000, 1000, 1000, 11_000, 1000, 1000, 1000]
    begins = calls.groupby("agent")["t_request_s"].min()
    assert begins[["0.0", "0.1"]].tolist() == [2.0, 2.0]
    assert begins[["0.0w1", "0.1w1"]].tolist() == [8.0, 8.0], "4 more turns of the lead, 2 of the first wave"


def test_each_wave_of_each_lead_draws_its_own_size() -> None:
    calls = run(team(30, loop(turns=1), fanout=SOME, waves=3), tasks=400).calls
    workers = calls[calls["role"] == "worker"]
    wave = workers["agent"].str.extract(r"w(\d)$")[0].fillna("0")
    sizes = workers.groupby(["task", wave]).size().unstack()
    shares = sizes.stack().value_counts(normalize=True)
    assert shares[[1, 2, 3]].tolist() == pytest.approx([0.5, 0.25, 0.25], abs=0.05)
    assert abs(sizes.corr().to_numpy()[0, 1]) < 0.15


def test_leads_of_a_tree_draw_each_for_itself() -> None:
    """Galton-Watson: E agents = 1 + E K + (E K)^2 with E K = 1.75."""
    assert run(team(2, loop(turns=1), fanout=SOME, depth=2), tasks=4000).mean("agents") / 4000 == pytest.approx(
        1 + 1.75 + 1.75**2, rel=0.03
    )


def test_who_goes_on_sends_its_history_again_from_a_cache_that_is_as_old_as_it_is() -> None:
    """A sub-agent of 2 turns ends 5 (or 50) seconds of its lead before it goes on: B = 2,000, g = 1,000, a brief of 500."""
    for pause_s, cached in ((5.0, 3000), (50.0, 0)):
        lead = team(
            10, loop(turns=2, opening_turns=5, opening_result_tokens=9000), fanout=1, waves=2, resumed_share=1.0, tool_time_s=pause_s
        )
        calls = run(lead, backend(cache_ttl_s=40.0)).calls.set_index(["agent", "turn"])
        first, again = calls.loc[("0.0", 1)], calls.loc[("0.0w1", 0)]
        assert first["input_tokens"] == 2000 + 300 + 9000
        assert again["input_tokens"] == first["input_tokens"] + 300 + 500
        assert calls.loc[("0.0w1", 1), "input_tokens"] == again["input_tokens"] + 300 + 700, "it has looked around before"
        due = first["input_tokens"] if cached else 0
        assert again["cache_read_tokens"] == due


def test_a_share_of_later_sub_agents_goes_on_and_only_where_there_was_one() -> None:
    calls = run(team(30, loop(turns=2), fanout=2, waves=4, resumed_share=0.3), tasks=300).calls
    begins = calls[(calls["role"] == "worker") & (calls["turn"] == 0)]
    later = begins["agent"].str.contains("w")
    assert (begins["input_tokens"][~later] == 2000).all()
    assert (begins["input_tokens"][later] > 2000).mean() == pytest.approx(0.3, abs=0.04)


def test_who_is_resumed_needs_no_warm_up() -> None:
    crew: dict[str, Any] = {"fanout": 2, "waves": 2, "split": Split.divide, "delegated_share": 0.5, "warmup_turns": 3, "resumed_share": 1.0}
    assert run(team(16, loop(), **crew)).calls.groupby("agent").size().to_dict() == {"0": 8, "0.0": 5, "0.1": 5, "0.0w1": 2, "0.1w1": 2}


def test_a_worker_that_failed_is_not_gone_on_with() -> None:
    served = {"lead": backend(), "worker": backend(error_rate=1.0)}
    roles = RouterSettings(policy=Policy.by_role, roles={"lead": "lead", "worker": "worker"})
    calls = run(team(10, loop(turns=2), fanout=1, waves=2, resumed_share=1.0), served, router=roles).calls
    assert set(calls["input_tokens"][calls["agent"] == "0.0w1"]) == {0}
    assert calls["agent"].nunique() == 3


def test_a_debate_of_a_random_size() -> None:
    """F9: In = m t B + m^2 y t (t - 1) / 2, over m of 1, 2 and 3."""
    result = run(agent(kind=AgentKind.debate, fanout=SOME, turns=3), tasks=4000)
    expected = sum(share * (m * 3 * 2000 + m * m * 300 * 3) for share, m in ((0.5, 1), (0.25, 2), (0.25, 3)))
    assert result.mean("input_tokens") / 4000 == pytest.approx(expected, rel=0.03)


EXPONENTIAL = {"dist": "exponential", "mean": 4.0}
WILD: dict[str, Any] = {"tool_time_s": EXPONENTIAL, "output_tokens": {"dist": "lognormal", "median": 300, "sigma": 0.5}}


@pytest.mark.parametrize("split", Split, ids=lambda split: split.value)
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("reaction", OnFailure, ids=lambda reaction: reaction.value)
def test_ahead_of_the_clock_and_in_shards_it_is_the_same_team(split: Split, depth: int, reaction: OnFailure) -> None:
    crew = with_(
        team(
            1, loop(turns=3, **WILD), fanout=SOME, waves=SOME, delegated_share=0.4, resumed_share=0.5, depth=depth, split=split,
            max_parallel=2, inherit_context=depth == 2, on_worker_failure=reaction, **WILD,
        ),
        turns=LONG,
    )  # fmt: skip
    served = {"one": backend(error_rate=0.3, noise_sigma=0.5, cache_ttl_s=20.0, turn_multiplier=1.2)}
    assert_declared_truly(scenario(crew, served, tasks=12, every_s=EXPONENTIAL, retry=RetrySettings(attempts=2)))


def test_a_tree_that_is_too_large_is_refused_by_its_means() -> None:
    with pytest.raises(
        sim.ConfigError, match=r"^agent.fanout=.*, agent.waves=40, agent.depth=3: .* agents a task, must be at most 100,000$"
    ):
        scenario(team(3, loop(), fanout={"dist": "uniform", "low": 1, "high": 5}, waves=40, depth=3))
