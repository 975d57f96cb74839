"""Operational laws: they hold on runs of every kind, and each of them fails when one number is tampered with."""

from __future__ import annotations

import copy
import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from simpy import Event

import sim
from sim.call import Call
from sim.clock import after
from sim.engine.world import World
from sim.meter import laws
from sim.meter.laws import Counters, Occupancy, Presence
from sim.meter.minutes import MINUTE_SUMS, Minutes
from sim.meter.sums import PARTS, UNITS
from sim.meter.tally import Tally
from sim.scenario.shards import Shard
from sim.settings.market import Billed
from sim.settings.run import RetrySettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.task import Task
from tests.worlds import agent, backend, loop, run, scenario, team

BUSY = {"dist": "exponential", "mean": 3}


@pytest.fixture(scope="module")
def books() -> tuple[Tally, Counters]:
    """Both books of a run that is cut off in its middle: a line, failures, retries, teams, open tasks."""
    settings = scenario(
        team(5, loop(turns=4, tool_time_s=BUSY), fanout=3, spawn_after_turn=2),
        {"one": backend(slots=4, error_rate=0.2, error_billed=Billed.input, noise_sigma=0.3), "two": backend(slots=1)},
        tasks=60, every_s=BUSY, horizon_s=100.0, retry=RetrySettings(attempts=3, backoff_base_s=8.0),
        router=sim.load("router=weighted").router,
    )  # fmt: skip
    world = World(settings, 0, Shard())
    return world.turn(), world.counters()


def test_the_books_agree_and_say_something(books: tuple[Tally, Counters]) -> None:
    tally, world = books
    laws.check(tally, world)
    assert world.trying_again
    assert sum(world.in_line)
    assert sum(world.in_service)
    assert world.tasks.count
    assert world.open_sums[0]
    assert world.most_in_service == [4, 1]


def more(number: Any, place: Any = 0, by: int = 1) -> Any:
    """The same with one number a little too high."""
    if isinstance(number, np.ndarray):
        out = number.copy()
        out[place] += by
        return out
    return number + by


TAMPERED: dict[str, Any] = {
    "tokens": ("by task and by backend", (0, 0)),
    "dollar_units": ("USD by kind", (0, 0)),
    "cost_units": ("USD by kind", 0),
    "task_cost_units": ("USD by task", 0),
    "attempts": ("attempts by minute", (0, 1)),
    "answers": ("answers by role", (2, 0)),
    "task_sums": ("attempts by task", 0),
    "requested": ("calls asked for", 0),
    "given_up": ("calls asked for", 0),
    "started_tasks": ("tasks begun", 0),
    "tasks": ("tasks begun", 0),
    "task_stay_units": ("Little", 0),
    "task_arrival_units": ("Little", 0),
}


@pytest.mark.parametrize("field", TAMPERED)
def test_a_number_of_the_meter_that_is_wrong_is_found(books: tuple[Tally, Counters], field: str) -> None:
    tally, world = books
    law, place = TAMPERED[field]
    by = UNITS if field.endswith("_units") else 1
    with pytest.raises(sim.LawError, match=law):
        laws.check(dataclasses.replace(tally, **{field: more(getattr(tally, field), place, by)}), world)


def test_a_minute_that_is_wrong_is_found(books: tuple[Tally, Counters]) -> None:
    tally, world = books
    for column, law in enumerate(("attempts", "input", "cache_read", "cache_write", "output", "USD")):
        with pytest.raises(sim.LawError, match=f"{law}.* by minute"):
            laws.check(dataclasses.replace(tally, minutes=tally.minutes.plus(one_more(column))), world)


def one_more(column: int) -> Minutes:
    """In the first minute."""
    found = Minutes()
    found.add(np.zeros(1, np.int64), 0, np.eye(MINUTE_SUMS)[[column]])
    return found


def test_a_number_of_the_clock_that_is_wrong_is_found(books: tuple[Tally, Counters]) -> None:
    tally, world = books
    longer = copy.copy(world.tasks)
    longer.area_s += 1
    changes: list[tuple[str, dict[str, Any]]] = [
        ("calls asked for", {"in_service": [more(world.in_service[0]), world.in_service[1]]}),
        ("calls asked for", {"in_line": [more(world.in_line[0]), world.in_line[1]]}),
        ("calls asked for", {"trying_again": more(world.trying_again)}),
        ("attempts by task", {"open_sums": more(world.open_sums, 0)}),
        ("USD by task", {"open_sums": more(world.open_sums, -PARTS)}),
        ("Little", {"tasks": longer}),
        ("at once on 3 slots", {"slots": [3, 1]}),
    ]
    for law, change in changes:
        with pytest.raises(sim.LawError, match=law):
            laws.check(tally, world._replace(**change))
    with pytest.raises(sim.LawError, match="utilisation: backend 1 was busy"):
        laws.check(dataclasses.replace(tally, busy_units=np.array([0, int(world.ended_s * 1.01 * UNITS)], dtype=object)), world)


def test_a_task_that_stays_longer_than_its_row_says_is_found() -> None:
    """The whole way: a clock that counts one task for a tenth of a second more than the rows do stops the run."""
    world = World(scenario(agent(), tasks=3, every_s=100.0), 0, Shard())
    present = world.meter.present

    def early(event: Event) -> None:
        present.come(world.clock.now - 0.1)
        present.go(world.clock.now)

    after(world.clock, 50.0, early)
    with pytest.raises(sim.LawError, match="Little"):
        world.run()


def test_tasks_that_come_and_go_together_are_there_as_long() -> None:
    apart, together = Presence(), Presence()
    come, gone = np.array([1.0, 1.5, 4.0, 4.0]), np.array([3.0, 2.5, 9.0])
    for moment in come.tolist():
        apart.come(moment)
    for moment in gone.tolist():
        apart.go(moment)
    together.come_all(come[:1])
    together.come_all(come[1:])
    together.go_all(gone)
    together.go_all(gone[:0])
    for each in (apart, together):
        each.until(20.0)
    assert (together.count, together.area_s, together.arrivals_s) == (apart.count, apart.area_s, apart.arrivals_s) == (1, 24.0, 10.5)


def test_a_slot_too_many_is_found() -> None:
    """Once in a run a call gives its slot back twice."""
    world = World(scenario(agent(turns=1), backend(slots=1), tasks=50, every_s=0.1), 0, Shard())
    [one] = world.backends
    call = Call(world.clock, Task(0, 0, 0, 0.0), 0, 0, b"", world.dispatch)
    after(world.clock, 5.5, lambda event: one.release(call))
    with pytest.raises(sim.LawError, match=r"flow balance|utilisation"):
        world.run()


@pytest.mark.parametrize("horizon_s", [None, 7.0, 333.3])
@pytest.mark.parametrize("slowdown", [0.0, 0.5])
def test_they_hold_however_a_run_ends(horizon_s: float | None, slowdown: float) -> None:
    people = WorkloadSettings(kind=WorkloadKind.users, users=7, tasks_per_user=2, session_gap_s=BUSY)
    served = backend(slots=3, decode_tokens_per_s=100, decode_slowdown=slowdown, error_rate=0.1, error_billed=Billed.everything)
    worker = agent(turns=6, requests=2, think_time_s=BUSY, tool_time_s=BUSY, compact_at_tokens=5000)
    assert run(worker, served, workload=people, horizon_s=horizon_s).mean("calls") > 0


def test_occupancy_counts_over_chunks() -> None:
    rng = np.random.default_rng(0)
    starts = np.sort(rng.uniform(0, 100, 300))
    ends = starts + rng.exponential(5, 300)
    seen = Occupancy()
    for chunk in np.split(np.arange(300), [1, 50, 51, 200]):
        seen.add(starts[chunk], ends[chunk])
    truth = max(int(((starts <= t) & (ends > t)).sum()) for t in starts)
    assert seen.most == truth


@pytest.mark.parametrize("slots", [0, 60, 95, 96, 97, 100, 110, 150, math.inf])
def test_occupancy_is_the_number_itself_where_it_is_more_than_slots_and_never_less(slots: float) -> None:
    """In any order, over chunks whose calls begin before others of earlier ones."""
    rng = np.random.default_rng(3)
    starts = np.round(rng.uniform(0, 100, 4000), 1)
    ends = starts + rng.exponential(2.0, 4000) * (rng.random(4000) < 0.9)
    truth, seen = max(int(((starts <= t) & (ends > t)).sum()) for t in starts), Occupancy(slots)
    chunks = np.array_split(rng.permutation(np.argsort(starts + rng.uniform(0, 10, 4000))), 9)
    for place, chunk in enumerate(chunks):
        left = np.concatenate([starts[later] for later in chunks[place + 1 :]] or [np.array([math.inf])])
        seen.add(starts[chunk], ends[chunk], left.min())
    assert (seen.most > slots) == (truth > slots)
    assert seen.most == truth if truth > slots else truth <= seen.most <= slots
