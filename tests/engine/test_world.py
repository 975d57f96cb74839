"""How the parts of a run are joined: each gets what is its own, and tells the one it should tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest

import sim
from sim.agents.agent import Agent, Life
from sim.backends.backend import Backend
from sim.call import Call
from sim.engine.replicate import replicate_shard
from sim.engine.world import World
from sim.meter import laws
from sim.meter.meter import LineFormedError
from sim.router.knowledge import Choose, Knowledge
from sim.sampling.streams import Streams
from sim.scenario.shards import Shard
from sim.settings.agent import AgentKind
from sim.settings.budget import BudgetSettings, Per
from sim.settings.market import Billed
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import RetrySettings
from sim.settings.traits import ALONE
from sim.settings.tries import TriesSettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from tests.worlds import agent, backend, loop, run, scenario, team, with_

NEVER_REACHED = {"no ledger": BudgetSettings(), "a ledger": BudgetSettings(usd=1e9)}
"""Whether attempts pass through a ledger; no number depends on it."""
MIXED = RouterSettings(policy=Policy.weighted, per=ChoosePer.call)


def waits_for_ever(one: Agent) -> Life:
    """A workflow that waits for what nobody tells it."""
    yield one.wait_for(one.office.env.event())
    return True


def by_turns(known: Knowledge) -> Choose:
    """One task after another on the next backend."""
    return lambda call, luck: known.backends[call.task.id % len(known.backends)]


by_turns.traits = ALONE  # type: ignore[attr-defined]
IN_TURN = RouterSettings(policy=Policy.custom, per=ChoosePer.task, custom="tests.engine.test_world:by_turns")


@pytest.mark.parametrize("ledger", NEVER_REACHED)
def test_every_backend_charges_by_its_own_list(ledger: str) -> None:
    """2,000 tokens of prompt and 300 of output, at $1, $10 and $100 a million."""
    lists = {name: backend(input_usd_per_mtok=usd, output_usd_per_mtok=usd) for name, usd in (("a", 1.0), ("b", 10.0), ("c", 100.0))}
    result = run(agent(turns=1), lists, tasks=20, router=MIXED, budget=NEVER_REACHED[ledger])
    usd = result.calls["backend"].map({"a": 0.0023, "b": 0.023, "c": 0.23})
    assert usd.nunique() == 3
    assert result.calls["cost_usd"].tolist() == pytest.approx(usd.tolist())
    for name, part in usd.groupby(result.calls["backend"]):
        assert result.mean(f"cost_share.{name}") == pytest.approx(part.sum() / usd.sum())


def narrow(**changes: Any) -> sim.Scenario:
    """Twelve tasks at once, by turns on a backend of one slot, of three, and on one without a limit; a call takes a second."""
    served = {"one": backend(slots=1), "three": backend(slots=3), "free": backend()}
    return scenario(agent(turns=2), served, tasks=12, router=IN_TURN, **changes)


@pytest.mark.parametrize("ahead", [False, True])
def test_meter_and_laws_know_the_slots_of_the_settings_whoever_looks(ahead: bool) -> None:
    """Ahead of the clock backends serve whoever comes, so that the meter alone sees a line."""
    world = World(narrow(), 0, Shard(), lookahead=ahead)
    assert [each.slots.most for each in world.backends] == ([math.inf] * 3 if ahead else [1, 3, math.inf])
    assert list(world.counters().slots) == list(world.counters().watched) == [1, 3, math.inf]
    if ahead:
        with pytest.raises(LineFormedError):
            world.turn()


def test_books_are_refused_where_the_meter_knows_other_slots_than_the_settings() -> None:
    """It would see no line where there is one, and waits of 0 s."""
    world = World(narrow(), 0, Shard())
    tally, counters = world.turn(), world.counters()
    laws.check(tally, counters)
    with pytest.raises(sim.LawError, match="slots of backend 0 in the settings and at the meter: 1 is not inf"):
        laws.check(tally, counters._replace(watched=[math.inf, 3, math.inf]))


def test_every_backend_serves_as_many_as_it_has_slots_and_the_rest_wait() -> None:
    """Four tasks of two calls each: eight seconds on one slot, three on three slots (eight calls), two without a limit."""
    result = sim.simulate(narrow())
    ends = result.calls.groupby("backend")["t_end_s"].max()
    assert ends.to_dict() == {"one": 8.0, "three": 3.0, "free": 2.0}
    assert result.mean("mean_wait_s") == (result.calls["t_start_s"] - result.calls["t_request_s"]).mean() > 0


@pytest.mark.parametrize("ledger", NEVER_REACHED)
def test_who_gives_its_slot_back_finds_it_free(ledger: str) -> None:
    """One slot and no place to wait, for one agent: its next call comes at the moment in which the last one ends, and is served."""
    for served in (backend(slots=1, queue_limit=0), backend(slots=1, queue_limit=0, decode_tokens_per_s=100, decode_slowdown=0.5)):
        result = run(agent(turns=5), served, budget=NEVER_REACHED[ledger])
        assert result.calls["status"].tolist() == ["ok"] * 5


def test_a_failed_attempt_gives_its_slot_back_and_one_that_never_had_a_slot_does_not() -> None:
    """Three tasks on one slot: the books would not agree, and a second call would be served with the first."""
    shaky = backend(slots=1, error_rate=0.5, requests_per_min=40, limit_burst_s=3.0)
    world = World(scenario(agent(turns=3), shaky, tasks=6, retry=RetrySettings(attempts=4)), 0, Shard())
    ended = world.run()
    assert set(ended.calls["status"]) == {0, 1, 2}
    assert [each.slots.taken for each in world.backends] == [0]
    assert list(world.counters().most_in_service) == [1]


DOORS = {
    "small": backend(slots=2, queue_limit=3, error_rate=0.2, error_billed=Billed.everything, requests_per_min=50, limit_burst_s=5.0),
    "shared": backend(slots=3, queue_limit=2, decode_slowdown=0.2, decode_tokens_per_s=100, error_rate=0.2, error_billed=Billed.input),
}


def test_a_ledger_lets_every_row_through() -> None:
    """Answers, failures, refusals and calls withdrawn, of both kinds of service: the same rows, bills and books as without one."""
    crew = team(3, loop(turns=4, tool_time_s=1.0), fanout=3)
    retry = RetrySettings(attempts=2, backoff_base_s=2.0, patience_s=3.0)
    runs = [
        run(crew, DOORS, tasks=20, every_s=6.0, retry=retry, router=MIXED, horizon_s=100.0, budget=budget)
        for budget in NEVER_REACHED.values()
    ]
    assert set(runs[0].calls["status"]) == {"ok", "error", "rate_limited", "timeout"}
    assert runs[0].mean("calls_given_up") == runs[1].mean("calls_given_up") > 0
    assert runs[0].calls["cost_usd"].tolist() == pytest.approx(runs[1].calls["cost_usd"].tolist(), rel=1e-12)
    assert runs[0].digest == runs[1].digest


def test_all_budgets_are_kept() -> None:
    """A call costs $0.0023: the first budget lets three through, the second two."""
    tight, tighter = (BudgetSettings(usd=usd, per=Per.run) for usd in (0.006, 0.004))
    for first, second in ((tight, tighter), (tighter, tight), (BudgetSettings(), tighter)):
        calls = run(agent(turns=1), tasks=9, every_s=10.0, budget=first, budgets={"more": second}).calls
        assert (calls["status"] == "ok").sum() == 2


class Attentive:
    """A policy that remembers what it is told."""

    def __init__(self, known: Knowledge) -> None:
        self.only = known.backends[0]
        self.told: list[tuple[Backend, float, float, bool]] = []

    def __call__(self, call: Call, luck: Sequence[float]) -> Backend:
        """The first backend."""
        return self.only

    def learn(self, backend: Backend, usd: float, seconds: float, success: bool) -> None:
        """As `sim.router.knowledge` says."""
        self.told.append((backend, usd, seconds, success))


ATTENTIVE = RouterSettings(policy=Policy.custom, per=ChoosePer.task, custom="tests.engine.test_world:Attentive")


def test_a_policy_that_learns_is_told_of_every_task_what_it_cost_how_long_it_was_worked_on_and_whether_it_is_solved() -> None:
    """Two messages: a call of 2,000 + 300 tokens, 40 s of thought, one of 2,400 + 300 (what was said, and 100 new); a second each."""
    chatty = agent(turns=1, requests=2, think_time_s=40.0)
    world = World(scenario(chatty, backend(quality=1.0), tasks=3, every_s=7.0, router=ATTENTIVE), 0, Shard())
    world.run()
    [served] = world.backends
    told = world.router.choose.told  # type: ignore[attr-defined]
    assert [(who, success) for who, _, _, success in told] == [(served, True)] * 3
    assert [usd for _, usd, _, _ in told] == pytest.approx([2300e-6 + 2700e-6] * 3)
    assert [seconds for _, _, seconds, _ in told] == pytest.approx([2.0] * 3)


def test_nothing_of_a_call_that_outlasts_the_run_is_in_its_books_whichever_way_it_is_run() -> None:
    """Calls of 10 s, a task every 4 s from second 4 on, up to second 25: of six tasks the first three have had 2 + 1 + 1 answers."""
    slow = scenario(agent(turns=3), backend(ttft_s=10.0, slots=40), tasks=9, every_s=4.0, horizon_s=25.0)
    for ahead in (False, True):
        ended = World(slow, 0, Shard(), lookahead=ahead).run()
        assert (ended.tally.calls, ended.tally.calls_in_flight, ended.tally.started_tasks) == (4, 6, 6)
        assert ended.tally.ended_s == 25.0
    assert not replicate_shard(slow, 0, 0).line_formed


def test_ahead_of_the_clock_rows_are_kept_back_until_the_clock_has_come_there() -> None:
    """200 tasks of 20 calls of ten seconds, a task every five: 40 calls at once, and many more rows than one chunk has.

    A row is the last of its moment once the clock has reached it, not once the agents of one task have, which run ahead and meet.
    """
    crew = team(6, loop(turns=7), fanout=2, spawn_after_turn=3)
    settings = scenario(crew, backend(ttft_s=10.0, slots=40), tasks=200, every_s=5.0)
    world = World(settings, 0, Shard(), lookahead=True)
    starts = world.run().calls["t_start_s"]
    assert len(starts) == 4000
    assert (starts[1:] >= starts[:-1]).all()
    assert list(world.counters().most_in_service) == [40]


def test_each_shard_sends_the_tasks_that_are_dealt_to_it() -> None:
    """By number, whoever sends them."""
    people = WorkloadSettings(kind=WorkloadKind.users, users=6, tasks_per_user=2)
    for work in ({"tasks": 12, "every_s": 3.0}, {"workload": people}):
        parts = [World(scenario(agent(turns=1), **work), 0, Shard(number, 3)).run().tasks for number in range(3)]
        assert [sorted(part["task"].tolist()) for part in parts] == [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]]


def test_each_replication_has_luck_of_its_own_or_that_which_it_is_given() -> None:
    """Gaps at random: the numbers of the scenario's seed and of the replication, unless others are handed over."""
    settings = scenario(agent(turns=1), tasks=5, every_s={"dist": "exponential", "mean": 9.0})

    def arrivals(index: int, streams: Streams | None = None) -> list[float]:
        return list(World(settings, index, Shard(), streams=streams).run().tasks["t_arrive_s"])

    assert arrivals(0) == arrivals(0) != arrivals(1)
    assert arrivals(0, Streams(settings.seed, 1)) == arrivals(1)
    assert arrivals(0, Streams(settings.seed + 1, 0)) not in (arrivals(0), arrivals(1))


def test_every_kind_of_agent_has_a_profile_of_its_own() -> None:
    """First prompts of 1,100 (lead), 1,200 (workers), 1,300 (a verifier) and 1,400 tokens (the matched chat)."""

    def of(tokens: int) -> dict[str, int]:
        return {"system_tokens": 1000, "prompt_tokens": tokens - 1000}

    crew = team(1, loop(**of(1200)), fanout=2, tries=TriesSettings(verifier=loop(**of(1300))), **of(1100))
    chats = WorkloadSettings(tasks=30, interarrival_s=1.0, chat_share=0.4)
    calls = run(crew, workload=chats, matched_chat=loop(turns=1, **of(1400))).calls
    first = calls.sort_values("turn").drop_duplicates(["task", "agent"])
    assert first.groupby("role")["input_tokens"].unique().map(list).to_dict() == {
        "lead": [1100], "worker": [1200], "verifier": [1300], "chat": [1400]
    }  # fmt: skip


def test_a_workflow_that_waits_for_what_never_comes_is_told_not_counted_as_work_under_way() -> None:
    """Without a horizon the clock stops when nothing is to come; at a horizon it may still come."""
    world = scenario(agent(kind=AgentKind.custom, workflow=f"{__name__}:waits_for_ever"), backend(), tasks=3)
    with pytest.raises(sim.ConfigError, match=r"^agent\.workflow=.*: 3 tasks never end: an agent waits for an event that never comes$"):
        sim.simulate(world)
    assert sim.simulate(with_(world, horizon_s=1e4)).mean("tasks_in_flight") == 3
