"""A run's calls, session by session: all of them, in order, each with what it paid for, however little is in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

import sim
from sim.results.exported.sessions import sessions_of
from sim.results.files import CALLS
from sim.settings.run import Log
from tests.generated import worlds
from tests.logs.writers.runs import crew
from tests.worlds import agent, backend, scenario


@settings(max_examples=8)
@given(made=worlds())
def test_every_attempt_comes_once_with_its_dollars(made: sim.Scenario, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Of anything that can be set: batches, tiers, windows, fees, two lifetimes."""
    result = sim.simulate(made)
    if result.calls.empty:
        return
    folder = result.save(tmp_path_factory.mktemp("run"))
    calls = [call for session in sessions_of(folder / CALLS, made) for thread in session.agents.values() for call in thread]
    assert len(calls) == len(result.calls)
    assert sum(sum(call.dollars) for call in calls) == pytest.approx(result.calls["cost_usd"].sum(), rel=1e-9, abs=1e-15)
    assert sum(call.reasoning_tokens for call in calls) == result.calls["reasoning_tokens"].sum()


@pytest.mark.parametrize("at_once", [1, 700, 10**6])
def test_some_tasks_at_a_time_are_all_tasks_in_order(at_once: int, tmp_path: Path) -> None:
    """Small groups in the file, tasks that overlap: the same however it is divided."""
    result = sim.simulate(scenario(agent(), backend(), tasks=100, every_s=2.0, replications=2, log=Log.full))
    folder = result.save(tmp_path, group_rows=300)
    sessions = [*sessions_of(folder / CALLS, result.scenario, at_once)]
    assert [session.name for session in sessions] == [f"{replication}.{task}" for replication in (0, 1) for task in range(100)]
    assert sum(len(calls) for session in sessions for calls in session.agents.values()) == len(result.calls) == 2000
    for session in sessions:
        for calls in session.agents.values():
            assert all(np.diff([call.request_s for call in calls]) >= 0)


def test_models_have_the_names_that_vendors_give_them(tmp_path: Path) -> None:
    sessions = [*sessions_of(crew().save(tmp_path) / CALLS, crew().scenario)]
    calls = [call for session in sessions for thread in session.agents.values() for call in thread]
    assert {(call.role, call.model, call.vendor) for call in calls} == {
        ("lead", "claude-opus-4-6", "Anthropic"),
        ("worker", "claude-opus-4-5", "Anthropic"),
    }
    assert {call.parent for session in sessions for agent in session.agents.values() for call in agent} == {"", "main"}
    assert sessions[0].children("main") == [agent for agent in sessions[0].agents if agent != "main"]
