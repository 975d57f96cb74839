"""Tasks that are lived by the thousand leave what tasks one by one do, in the same order."""

from __future__ import annotations

import math

import numpy as np

import sim
from sim.engine.compiled.batch import AT_ONCE, BatchDesk
from sim.engine.compiled.library import Library
from sim.engine.compiled.tables import JOB
from sim.engine.world import World
from sim.sampling.decisions import TASK, TRY
from sim.sampling.streams import Streams
from sim.scenario.shards import Shard
from sim.settings.run import Log
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.success import SuccessModel
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


def test_tasks_that_come_when_the_run_has_ended_are_none(library: Library) -> None:
    """The last of them exactly at its end."""
    every_second = WorkloadSettings(tasks=None, interarrival_s=1.0, backlog=2, chat_share=0.3)
    short = scenario(agent(turns=2), FALLIBLE, workload=every_second, horizon_s=30.0)
    assert assert_held(short, library).tally.started_tasks == 31
    assert assert_held(with_(short, horizon_s=0.5), library).tally.started_tasks == 2


def test_a_score_beside_the_chance_is_judged_by_its_last_bit(library: Library) -> None:
    """By Python's error function, which the twin's scores come near to."""
    for task in range(20):
        [[u_task, *_], [u_try, *_]] = (Streams(1, 0).draws(what, task) for what in (TASK, TRY))
        score = SuccessModel(MANY.outcome).score(u_task, u_try)
        successes = []
        for quality in (math.nextafter(score, 0.0), score, math.nextafter(score, 1.0)):
            world = scenario(agent(turns=1), backend(quality=quality), tasks=task + 1, every_s=1.0, log=Log.full)
            found = by_twin(world, library).tasks
            successes.append(bool(found["success"][found["task"] == task][0]))
        assert successes == [False, False, True]


def test_scores_are_near_those_of_the_model(library: Library) -> None:
    jobs = np.zeros(500, JOB)
    jobs["u_difficulty"], jobs["u_score"] = np.random.default_rng(1).random((2, 500))
    law, found = SuccessModel(with_(MANY.outcome, correlation=0.4)), np.empty(500)
    library.scores(jobs.ctypes.data, 500, law.common, law.own, found.ctypes.data)
    expected = [law.score(float(job["u_difficulty"]), float(job["u_score"])) for job in jobs]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


def test_those_who_wait_for_the_end_of_a_task_have_it_lived_at_once(library: Library) -> None:
    users = WorkloadSettings(kind=WorkloadKind.users, users=3, tasks_per_user=4)
    counted = scenario(team(3, agent(turns=2).worker, fanout=2), FALLIBLE, tasks=20)
    counted = with_(counted, outcome=with_(counted.outcome, success_exponent=0.5))
    for world in (with_(MANY, workload=users), counted):
        assert sits(world, library) is not BatchDesk
        assert_held(world, library)
