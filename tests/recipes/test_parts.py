"""Parts of a backend, a price rule, an event: composed by hand, or given to a world, as `build` and `world` do it."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from weakref import WeakSet

import numpy as np
import pytest
from simpy import Event

import sim
from sim.backends.admission import Gate
from sim.backends.backend import Backend
from sim.backends.cache import PromptCache
from sim.backends.pricing import Price
from sim.backends.queue import ImpatientLine, Queue
from sim.backends.service import Recorder, Service
from sim.backends.slots import Slots
from sim.call import Call, Role, Status
from sim.clock import Clock, after
from sim.columns import CALLS, row_type
from sim.engine.dispatch import Dispatch
from sim.engine.ledger import Ledger
from sim.engine.world import World
from sim.errors import LawError
from sim.meter.meter import Meter
from sim.router.knowledge import Choose, Knowledge
from sim.router.router import Router
from sim.sampling.streams import Streams
from sim.scenario.scenario import Scenario
from sim.scenario.shards import Shard
from sim.settings.outcome import OutcomeSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import Log, RetrySettings
from sim.settings.traits import ALONE
from sim.task import Task
from sim.usage import Dollars, Usage
from tests.recipes.ways import assert_declared_truly, assert_theory_agrees, declares
from tests.worlds import agent, backend, scenario

HERE = "tests.recipes.test_parts"
OK, ERROR, RATE_LIMITED, TIMEOUT = int(Status.ok), int(Status.error), int(Status.rate_limited), int(Status.timeout)


class Row(NamedTuple):
    """What became of an attempt."""

    task: int
    status: int
    asked_s: float
    end_s: float
    usd: float


def served(
    calls: Sequence[tuple[float, int]], *, gates: Sequence[Gate] = (), queue: Queue | None = None, price: Price | None = None,
    ledger: bool = False, users: int = 1, patience_s: float | None = None, **settings: Any,
) -> list[Row]:  # fmt: skip
    """Calls, each (second, tokens of its prompt), through one backend of these parts; their attempts in the order of their ends.

    `ledger`: each is priced as it is served, not with its chunk. `users`: who take turns in sending. `patience_s`: how long they stand in
    line.
    """
    clock, one = Clock(), backend(**settings)
    slots, price = Slots(one.slots or math.inf), price or Price(one)
    meter = Meter(clock, [price], [slots.most], Log.full, 1, math.inf, priced=ledger)
    recorder: Recorder = Ledger([], [price], meter, clock, datetime(2026, 2, 16, tzinfo=UTC)) if ledger else meter
    if queue is None:
        queue = deque() if patience_s is None else ImpatientLine(clock, recorder)
    service = Service(clock, one, PromptCache(one), recorder)
    made = Backend(clock, 0, "one", one, price=price, slots=slots, queue=queue, service=service, gates=gates, recorder=recorder)
    streams = Streams(1, 0)
    router = Router(RouterSettings(), [made], agent(), OutcomeSettings(), streams)
    dispatch = Dispatch(clock, streams, router, RetrySettings(backoff_base_s=0.0, patience_s=patience_s), recorder)
    for number, (moment, prompt) in enumerate(calls):
        task = Task(number, number % users, 0, moment)
        meter.task_begun(task)
        call = Call(clock, task, 0, int(Role.agent), meter.enroll(task, "0", 0), dispatch)
        dispatch.send(call, 0, prompt, 300, 0, 0.5, 1.0, moment)
    clock.run()
    assert meter.close(clock.now, dispatch.requested).calls_in_flight == 0
    rows, _ = meter.logged()
    found = [Row(*map(float, (r["task"], r["status"], r["t_request_s"], r["t_end_s"], r["cost_usd"]))) for r in rows.read()]  # type: ignore[arg-type]
    return sorted(found, key=lambda row: row.end_s)


# A gate: one rule of admission. Where it passes a call it may count it; where it refuses one it says when to ask again.


class Spaced:
    """So many seconds at least between two calls that pass."""

    status = RATE_LIMITED

    def __init__(self, gap_s: float) -> None:
        self._gap_s = gap_s
        self._next_at = 0.0

    def refuses(self, call: Call, now: float) -> float | None:
        if now < self._next_at:
            return self._next_at - now
        self._next_at = now + self._gap_s
        return None


class Closed:
    """An outage: nobody passes between two moments. A matter of time alone, so that no event has to happen."""

    status = ERROR

    def __init__(self, from_s: float, until_s: float) -> None:
        self._from_s = from_s
        self._until_s = until_s

    def refuses(self, call: Call, now: float) -> float | None:
        return self._until_s - now if self._from_s <= now < self._until_s else None


class PerUser:
    """No more than so many calls of one user are in line or served: it is told when one is over."""

    status = RATE_LIMITED

    def __init__(self, most: int) -> None:
        self._most = most
        self.inside: Counter[int] = Counter()

    def refuses(self, call: Call, now: float) -> float | None:
        if self.inside[call.task.user] >= self._most:
            return 0.5
        self.inside[call.task.user] += 1
        return None

    def left(self, call: Call) -> None:
        self.inside[call.task.user] -= 1


def test_a_gate_turns_calls_away_and_says_when_to_come_again() -> None:
    """By hand: three calls at once, one may pass every ten seconds; who is refused comes back when it was told."""
    rows = served([(0.0, 1000)] * 3, gates=[Spaced(10.0)])
    assert [row.end_s for row in rows if row.status == OK] == [1.0, 11.0, 21.0]
    assert [row.asked_s for row in rows if row.status == RATE_LIMITED] == [0.0, 0.0, 10.0]
    assert sum(row.usd for row in rows if row.status == RATE_LIMITED) == 0


def test_an_outage_is_a_gate_that_looks_at_the_clock() -> None:
    rows = served([(0.0, 1000), (5.0, 1000), (20.0, 1000)], gates=[Closed(4.0, 12.0)])
    assert [(row.status, row.end_s) for row in rows] == [(OK, 1.0), (ERROR, 5.0), (OK, 13.0), (OK, 21.0)]


def test_gates_are_asked_in_their_order_and_the_first_that_refuses_ends_it() -> None:
    """By hand: what the outage turns away does not count against the gap."""
    rows = served([(0.0, 1000), (5.0, 1000)], gates=[Closed(4.0, 12.0), Spaced(7.0)])
    assert [row.end_s for row in rows if row.status == OK] == [1.0, 13.0]
    other = served([(0.0, 1000), (5.0, 1000)], gates=[Spaced(7.0), Closed(4.0, 12.0)])
    assert [row.end_s for row in other if row.status == OK] == [1.0, 15.0], "at 7 s it passes the gap, which begins anew"


def test_a_gate_that_counts_who_is_in_is_told_who_is_out() -> None:
    """By hand: two users by turns, one call each at a time; who is refused comes again after half a second."""
    gate = PerUser(1)
    rows = served([(0.0, 1000), (0.0, 1000), (0.2, 1000), (0.4, 1000)], gates=[gate], users=2)
    assert [row.task for row in rows if row.status == OK] == [0, 1, 2, 3]
    assert [row.end_s for row in rows if row.status == OK] == pytest.approx([1.0, 1.0, 2.2, 2.4])
    assert not any(gate.inside.values())


@pytest.mark.parametrize("settings", [{"slots": 1, "patience_s": 0.25}, {"error_rate": 1.0}, {"error_rate": 1.0, "decode_slowdown": 0.5}])
def test_a_gate_that_counts_is_told_of_attempts_that_break_or_lose_patience(settings: dict[str, Any]) -> None:
    gate = PerUser(1)
    rows = served([(0.0, 1000), (0.1, 1000), (0.2, 1000), (0.3, 1000)], gates=[gate], users=2, **settings)
    assert {row.status for row in rows} >= {TIMEOUT if "patience_s" in settings else ERROR}
    assert not any(gate.inside.values())


@pytest.mark.parametrize("gates", [[PerUser(1), Spaced(1.0)], [PerUser(1), PerUser(2)]], ids=["not last", "two"])
def test_a_gate_that_counts_stands_last(gates: list[Gate]) -> None:
    """Else it would count for ever what a later one turns away."""
    with pytest.raises(ValueError, match="stands last"):
        served([(0.0, 1000)], gates=gates)


# A queue: who is next.


class Stack(deque[Call]):
    """Last come, first served."""

    def popleft(self) -> Call:
        return self.pop()


def test_a_queue_with_an_order_of_its_own() -> None:
    """By hand: one slot, four calls of a second; those who wait are served from the last to the first."""
    calls = [(0.0, 1000), (0.1, 1000), (0.2, 1000), (0.3, 1000)]
    assert [row.task for row in served(calls, slots=1, queue=Stack())] == [0, 3, 2, 1]
    assert [row.task for row in served(calls, slots=1)] == [0, 1, 2, 3]


# A price rule is written twice, for one call and for many rows, and both have to say the same.


class PerRequest(Price):
    """A cent for each request on top; what has no tokens was not served, and costs nothing."""

    def dollars(self, usage: Usage, t_s: float = 0.0) -> Dollars:
        bill = super().dollars(usage, t_s)
        return bill._replace(fees=bill.fees + 0.01) if usage.total_tokens else bill

    def dollars_of(self, rows: Any) -> np.ndarray:
        bills = super().dollars_of(rows)
        bills[:, 4] += np.where(rows["input_tokens"] + rows["output_tokens"] > 0, 0.01, 0.0)
        return bills


class PerRequestForgotten(PerRequest):
    """The same, in one of the two places."""

    dollars_of = Price.dollars_of


def test_a_price_rule_by_hand() -> None:
    rows = served([(0.0, 1000), (5.0, 2000)], price=PerRequest(backend()), gates=[Spaced(10.0)])
    assert [(row.status, round(row.usd, 9)) for row in rows] == [(OK, 0.0113), (RATE_LIMITED, 0.0), (OK, 0.0123)]


def both(price: Price) -> list[list[float]]:
    """Dollars of the same calls, priced as they are served, and with their chunk."""
    calls = [(0.3 * number, 500 * number) for number in range(40)]
    return [[row.usd for row in served(calls, price=price, gates=[Spaced(0.5)], ledger=ledger)] for ledger in (True, False)]


def by_row(price: Price) -> tuple[np.ndarray, np.ndarray]:
    """Bills of random rows, all at once, and one by one."""
    random, rows = np.random.default_rng(1), np.zeros(500, row_type(CALLS))
    rows["input_tokens"], rows["output_tokens"] = random.integers(0, 300_000, 500), random.integers(0, 9000, 500)
    rows["cache_read_tokens"] = rows["input_tokens"] * random.random(500)
    rows["t_request_s"] = 86_400 * random.random(500)
    rows[:50] = 0
    one_by_one = [
        price.dollars(Usage(*(int(row[name]) for name in ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens"))), t)
        for row, t in zip(rows, rows["t_request_s"].tolist(), strict=True)
    ]
    return price.dollars_of(rows), np.array(one_by_one)


def test_a_price_rule_says_the_same_of_one_call_and_of_many_rows() -> None:
    for price in (Price(backend()), PerRequest(backend())):
        np.testing.assert_allclose(*by_row(price), rtol=1e-12)
        now, later = both(price)
        assert now == later


def test_a_price_rule_that_is_written_in_one_place_alone_is_caught() -> None:
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(*by_row(PerRequestForgotten(backend())), rtol=1e-12)
    now, later = both(PerRequestForgotten(backend()))
    assert now != later


# An event: a process on the clock of a world that stands and has not been run.


def burst(world: World, at_s: float, tasks: int) -> Generator[Event, Any, None]:
    """So many tasks more, all at one moment."""
    yield world.clock.timeout(at_s)
    for number in range(tasks):
        world.desk.work(1000 + number, 0)


LAUNCHED: WeakSet[Backend] = WeakSet()


@declares(ALONE)
def once_launched(known: Knowledge) -> Choose:
    """A lie: it looks at what an event has done."""
    return lambda call, draws: known.backends[known.backends[1] in LAUNCHED]


@declares(ALONE)
def from_its_date_on(known: Knowledge) -> Choose:
    """The same as a matter of time: what it looks at is the moment of the call, wherever the clock is."""
    return lambda call, draws: known.backends[known.backends[1].env.now >= 10.0]


def launching(policy: str) -> Scenario:
    """Tasks that overlap, and a second backend from second 10 on."""
    router = RouterSettings(policy=Policy.custom, per=ChoosePer.call, custom=f"{HERE}:{policy}")
    return scenario(agent(turns=4), {"one": backend(), "two": backend()}, tasks=10, every_s=2.0, router=router)


def launched(world: World) -> str:
    """The digest of a world in which the second backend is there from second 10 on."""
    after(world.clock, 10.0, lambda event: LAUNCHED.add(world.backends[1]))
    return world.run().tally.digests[0]


def test_an_event_is_a_process_on_the_clock_of_a_world() -> None:
    """By hand: three tasks of a second, and five more at second 100; the laws hold (`World.run` checks them)."""
    world = World(scenario(agent(turns=1), backend(slots=2), tasks=3, every_s=10.0), 0, Shard())
    world.clock.process(burst(world, 100.0, 5))
    done = world.run()
    assert done.tally.tasks == 8
    assert sorted(done.tasks["t_arrive_s"].tolist()) == [10.0, 20.0, 30.0, *[100.0] * 5]
    assert sorted(done.tasks["t_end_s"].tolist()) == [11.0, 21.0, 31.0, 101.0, 101.0, 102.0, 102.0, 103.0]


def test_an_event_that_theory_was_not_told_of_is_caught_by_comparing_the_two() -> None:
    """An event without a setting declares nothing, and theory counts the three tasks that the settings speak of."""
    told = scenario(agent(turns=1), tasks=3, every_s=10.0)
    assert_theory_agrees(told)
    world = World(told, 0, Shard())
    world.clock.process(burst(world, 100.0, 5))
    with pytest.raises(AssertionError, match="theory expects another tasks"):
        assert_theory_agrees(told, sim.Result(told, [world.run()]))


def test_what_looks_at_an_event_cannot_run_ahead_of_it() -> None:
    """The run ahead comes to second 10 of a task before the clock does."""
    world = launching("once_launched")
    assert launched(World(world, 0, Shard())) != launched(World(world, 0, Shard(), lookahead=True))


def test_what_is_a_matter_of_time_needs_no_event_and_takes_every_fast_way() -> None:
    world = launching("from_its_date_on")
    assert_declared_truly(world)
    assert World(world, 0, Shard()).run().tally.digests[0] == launched(World(launching("once_launched"), 0, Shard()))


def test_an_event_that_loses_a_slot_breaks_a_law() -> None:
    world = World(scenario(agent(turns=1), backend(slots=2), tasks=3, every_s=10.0), 0, Shard())

    def lose(event: Event) -> None:
        world.backends[0].slots.taken += 1

    after(world.clock, 15.0, lose)
    with pytest.raises(LawError):
        world.run()
