"""Who sends what: chats among an agent's work, and how many calls will come of it."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

import sim
from sim.theory.expected.forecast import calls_ahead

SOLO = sim.load("agent=solo", "backends=[minimax_m2_5]", "work=same", "workload.tasks=60", "replications=1")


GEOMETRIC = ["agent=solo", "agent.requests=2", "agent.turns={dist: geometric, mean: 6}", "agent.turns_scale=1", "agent.turns_exponent=0"]


def _rows(scenario: sim.Scenario) -> pd.DataFrame:
    return sim.simulate(scenario).calls.set_index("task")


def test_a_chat_among_the_work_is_the_chat_it_would_be_among_chats() -> None:
    """Each task of a mix has the luck it has where all tasks are of its kind; as many chat as were asked for."""
    mixed = dataclasses.replace(SOLO, workload=dataclasses.replace(SOLO.workload, chat_share=0.4))
    rows, work = _rows(mixed), _rows(SOLO)
    chats = _rows(sim.load("agent=chat", "backends=[minimax_m2_5]", "workload.tasks=60", "replications=1"))
    talk = rows[rows["role"] == "chat"].index.unique()
    assert 0.4 * 60 - 3 * 3.8 <= len(talk) <= 0.4 * 60 + 3 * 3.8  # three standard deviations of a binomial
    pd.testing.assert_frame_equal(rows.loc[talk].sort_index(kind="stable"), chats.loc[talk].sort_index(kind="stable"))
    others = rows.index.unique().difference(talk)
    pd.testing.assert_frame_equal(rows.loc[others].sort_index(kind="stable"), work.loc[others].sort_index(kind="stable"))
    kinds = sim.simulate(mixed).tasks.set_index("task")["kind"]
    assert set(kinds[talk]) == {"chat"}
    assert set(kinds[others]) == {"react"}


@pytest.mark.slow
def test_a_chat_share_is_refused_where_it_would_mislead() -> None:
    with pytest.raises(sim.ConfigError, match="weighs the bill of the agent's work alone"):
        sim.load("workload.chat_share=0.5", "router=cost_per_success")
    with pytest.raises(sim.ConfigError, match="replayed as it was"):
        sim.load("workload.chat_share=0.5", "workload=trace", "workload.trace=excerpt")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "near"),
    [
        (["agent=chat", "workload.tasks=400", "replications=3"], 0.02),
        (["agent=chat", "workload=users", "workload.users=30", "workload.tasks_per_user=4", "replications=1"], 0.02),
        ([*GEOMETRIC, "workload.tasks=800", "workload.chat_share=0.5", "replications=1", "shards=4", "shards_run=2"], 0.1),
        (["agent=chat", "workload.tasks=null", "horizon_s=90000", "replications=1", "log=none"], 0.2),
    ],
)
def test_the_calls_ahead_are_about_those_that_come(overrides: list[str], near: float) -> None:
    scenario = sim.load("backends=[minimax_m2_5]", *overrides)
    calls = sum(tally.calls for tally in sim.simulate(scenario).tallies)
    assert calls_ahead(scenario) == pytest.approx(calls, rel=near)
    endless = sim.load("workload=users", "workload.tasks_per_user=null", "horizon_s=1000")
    assert calls_ahead(endless) is None
