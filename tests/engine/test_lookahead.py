"""Lookahead: agents that run ahead of the clock leave the very bits that they leave when it takes them through every event."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given

import sim
from sim.engine.replicate import replicate, replicate_shard
from sim.scenario.coupling import may_look_ahead
from sim.settings.capacity.reserved import ReservedSettings
from sim.settings.capacity.servers import BackendKind
from sim.settings.run import Engine, Log, Warmup
from tests.generated import PLAIN_DOOR, worlds
from tests.worlds import with_

COMMON = ["engine=simpy", "backends=[claude_opus_4_6,minimax_m2_5]", "router=weighted", "router.per=call", "replications=2", "processes=1"]
FAILING = ["market.models.claude_opus_4_6.error_rate=0.1", "market.models.minimax_m2_5.error_rate=0.1", "retry.attempts=2"]
WORLDS = {
    "solo that fails": ["agent=solo", "workload.tasks=20", *FAILING],
    "teams of teams, a horizon": [
        "agent=team_2", "agent.depth=2", "agent.max_parallel=1", "workload.tasks=null", "workload.interarrival_s=600", "horizon_s=9000",
        *FAILING,
    ],
    "substitutes for workers": ["agent=team_4", "agent.on_worker_failure=retry", "workload.tasks=6", *FAILING],
    "a debate": ["agent=debate", "workload.tasks=5", *FAILING],
    "a pipeline": ["agent=pipeline", "agent.stages.verify.width=1", "agent.max_parallel=3", "workload.tasks=3", *FAILING],
    "several tries with a verifier": ["agent=solo", "tries=retry", "agent.tries.verifier={turns: 2}", "workload.tasks=12"],
    "chats of users": ["agent=chat", "workload=users", "workload.users=7", "workload.tasks_per_user=3", "horizon_s=40000", *FAILING],
    "a trace": ["workload=trace", "workload.trace=excerpt", "router=fixed", *FAILING],
    "slots enough": ["agent=team_2", "workload.tasks=10", "market.models.claude_opus_4_6.slots=40", "market.models.minimax_m2_5.slots=50"],
    "a prompt that does not fit": ["agent=solo", "workload.tasks=8", "market.models.minimax_m2_5.context_window_tokens=30000"],
}  # fmt: skip
CROWDED = [*COMMON, "agent=team_2", "workload.tasks=30", "workload.interarrival_s=300", "market.models.claude_opus_4_6.slots=3"]


def _tables(result: sim.Result) -> list[pd.DataFrame]:
    key = ["replication", "task", "agent", "turn", "role", "attempt", "t_request_s"]
    calls = result.calls.sort_values(key, kind="stable", ignore_index=True)
    return [calls, result.tasks.sort_values(["replication", "task"], ignore_index=True), result.timeline, result.summary]


def _step_by_step(scenario: sim.Scenario) -> sim.Result:
    return sim.Result(scenario, [replicate(scenario, number, step_by_step=True) for number in range(scenario.replications)])


def _assert_same(one: sim.Result, other: sim.Result) -> None:
    assert one.digest == other.digest
    for mine, theirs in zip(_tables(one), _tables(other), strict=True):
        pd.testing.assert_frame_equal(mine, theirs, check_exact=True)


@pytest.mark.parametrize("world", WORLDS)
def test_looking_ahead_changes_no_bit(world: str) -> None:
    scenario = sim.load(*COMMON, *WORLDS[world])
    assert may_look_ahead(scenario)
    ahead = sim.simulate(scenario)
    assert ahead.calls["t_start_s"].groupby(ahead.calls["replication"]).is_monotonic_increasing.all()
    _assert_same(ahead, _step_by_step(scenario))


@pytest.mark.slow
@given(
    worlds(
        backend_={**PLAIN_DOOR, "kind": BackendKind.api, "reserved": ReservedSettings(), "decode_slowdown": 0.0, "share_system": False},
        budget={"usd": None},
        retry={"patience_s": None, "timeout_s": None, "breaker_failures": None},
        workload={"urgent_share": 0.0},
        warmup=Warmup.none,
        warmup_s=0.0,
        engine=Engine.simpy,
    )
)
def test_looking_ahead_changes_no_bit_of_any_world(world: sim.Scenario) -> None:
    """Pinned: what makes most worlds drawn here go step by step."""
    assume(may_look_ahead(world))
    _assert_same(sim.simulate(world), _step_by_step(world))


def test_where_a_line_forms_the_run_starts_again() -> None:
    scenario = sim.load(*CROWDED)
    assert may_look_ahead(scenario)
    told: list[int] = []
    crowded = sim.simulate(scenario, told.append)
    assert crowded.mean("mean_wait_s") > 0
    assert sum(told) == len(crowded.calls)
    _assert_same(crowded, _step_by_step(scenario))


@pytest.mark.parametrize("spare", [0, -1])
def test_as_many_slots_as_calls_at_once_are_enough_and_one_less_is_not(spare: int) -> None:
    """The most at once comes from the log: starts and ends in the order of time."""
    scenario = with_(
        sim.load("engine=simpy", "agent=team_4", "backends=[claude_opus_4_6]", "workload.tasks=20", "processes=1"), replications=1
    )
    calls = sim.simulate(scenario).calls
    moments = pd.concat([pd.Series(1, calls["t_start_s"]), pd.Series(-1, calls["t_end_s"])]).sort_index(kind="stable")
    most = int(moments.groupby(level=0).sum().cumsum().max())
    assert most > 4
    tight = with_(scenario, market=_with_slots(scenario, most + spare))
    waits = sim.simulate(tight).mean("mean_line_wait_s")
    assert (waits > 0, replicate(tight, 0).line_formed) == ((False, False) if spare == 0 else (True, True))


def _with_slots(scenario: sim.Scenario, slots: int) -> Any:
    models = {name: with_(model, slots=slots) for name, model in scenario.market.models.items()}
    return with_(scenario.market, models=models)


def test_a_call_that_outlasts_the_run_takes_a_slot() -> None:
    """Three calls of a minute at once on two slots, in a run of half a minute: one is still in line."""
    world = sim.load(
        "engine=simpy",
        "agent=chat", "agent.requests=1", "backends=[claude_opus_4_6]", "workload.tasks=3", "workload.interarrival_s=1", "horizon_s=30",
        "market.models.claude_opus_4_6.slots=2", "market.models.claude_opus_4_6.ttft_s=60", "replications=1", "processes=1",
    )  # fmt: skip
    one = replicate_shard(with_(world, log=Log.none), 0, 0)
    assert (one.tally.calls, one.tally.calls_in_flight, one.line_formed) == (0, 3, True)
