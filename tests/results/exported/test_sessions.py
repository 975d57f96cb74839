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
from sim.settings.workload import TraceCache, WorkloadKind, WorkloadSettings
from tests.generated import worlds
from tests.logs.writers.runs import OPUS, crew, simulated
from tests.worlds import agent, backend, run, scenario


@settings(max_examples=8)
@given(made=worlds())
def test_every_attempt_comes_once_with_its_dollars(made: sim.Scenario, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Of anything that can be set: batches, tiers, windows, fees, two lifetimes."""
    result = simulated(made)
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


def test_calls_billed_as_recorded_come_to_that_bill(tmp_path: Path) -> None:
    """A log says of its writes that half are kept for an hour: by the lifetimes of the backend they would cost less."""
    log = tmp_path / "log.csv"
    head = "trace,agent,call_index,t_s,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,cache_write_1h_tokens"
    log.write_text(f"{head}\ns,main,0,0,4000,100,0,4000,2000\n", encoding="utf-8")
    workload = WorkloadSettings(kind=WorkloadKind.trace, trace=str(log), trace_cache=TraceCache.recorded)
    result = run(None, backend(**OPUS | {"error_rate": 0.0}), workload=workload, log=Log.full)
    [session] = sessions_of(result.save(tmp_path / "run") / CALLS, result.scenario)
    assert sum(session.agents["main"][0].dollars) == pytest.approx((2000 * 6.25 + 2000 * 10 + 100 * 25) / 1e6, rel=1e-12)
