"""Tasks that are lived by the hundred leave what tasks one by one do, in the same order."""

from __future__ import annotations

import sim
from sim.engine.compiled.batch import AT_ONCE, BatchDesk
from sim.engine.compiled.library import Library
from sim.engine.world import World
from sim.scenario.shards import Shard
from sim.settings.run import Log
from sim.settings.workload import WorkloadKind, WorkloadSettings
from tests.engine.compiled.held import assert_held, assert_same, by_model, by_twin
from tests.worlds import agent, backend, scenario, team, with_

FALLIBLE = backend(quality=0.6, error_rate=0.05, noise_sigma=1.0)
OFTEN = WorkloadSettings(tasks=AT_ONCE + 90, interarrival_s={"dist": "exponential", "mean": 0.5}, chat_share=0.3)
MANY = scenario(agent(turns=2), FALLIBLE, workload=OFTEN, log=Log.full)


def sits(world: sim.Scenario, library: Library) -> type:
    return type(World(world, 0, Shard(), lookahead=True, twin=library).desk)


def test_more_tasks_than_are_lived_at_once_end_in_the_order_of_the_clock(library: Library) -> None:
    """With chats among them, and answers that are right or wrong."""
    assert sits(MANY, library) is BatchDesk
    found, model = by_twin(MANY, library), by_model(MANY)
    assert_same(found, model)
    assert found.tasks.tolist() == model.tasks.tolist()
    assert found.tally.ended_s == model.tally.ended_s
    assert 0 < found.tally.successes < found.tally.tasks


def test_tasks_that_do_not_end_within_the_run_are_in_flight(library: Library) -> None:
    cut_off = with_(MANY, horizon_s=200.0, outcome=with_(MANY.outcome, effort=0.8))
    tally = assert_held(cut_off, library).tally
    assert tally.ended_s == 200.0
    assert 0 < tally.tasks < tally.started_tasks < OFTEN.tasks  # type: ignore[operator]


def test_those_who_wait_for_the_end_of_a_task_have_it_lived_at_once(library: Library) -> None:
    users = WorkloadSettings(kind=WorkloadKind.users, users=3, tasks_per_user=4)
    counted = scenario(team(3, agent(turns=2).worker, fanout=2), FALLIBLE, tasks=20)
    counted = with_(counted, outcome=with_(counted.outcome, success_exponent=0.5))
    for world in (with_(MANY, workload=users), counted):
        assert sits(world, library) is not BatchDesk
        assert_held(world, library)
