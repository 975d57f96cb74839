"""Policies and workflows of one's own: `router.custom`, `agent.workflow`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import pytest

import sim
from sim.agents.agent import FIRST_TURN, Agent, Life
from sim.agents.react import react
from sim.backends.backend import Backend
from sim.call import Call, Role
from sim.clock import Clock
from sim.router.knowledge import Choose, Knowledge
from sim.sampling.decisions import TURNS
from sim.sampling.streams import child
from sim.scenario.coupling import may_look_ahead
from sim.settings.agent import AgentKind
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.traits import ALONE
from sim.theory import expect
from tests.recipes.ways import assert_cautious, assert_declared_truly, declares, digest
from tests.worlds import agent, backend, run, scenario, with_

HERE = "tests.recipes.test_own_code"
TWO = {"one": backend(), "two": backend(input_usd_per_mtok=3.0)}
VARIED: dict[str, Any] = {"output_tokens": {"dist": "exponential", "mean": 300}, "tool_time_s": {"dist": "exponential", "mean": 2.0}}
LAP = 3
"""Turns of each of two loops."""


# A policy. It may look at everything that hangs on a backend, so nothing it looks at is refused: it has to be declared.


def least_busy(known: Knowledge) -> Choose:
    """Whoever serves fewest calls at the moment."""
    return lambda call, draws: min(known.backends, key=lambda backend: backend.slots.taken)


@declares(ALONE)
def least_busy_that_lies(known: Knowledge) -> Choose:
    return least_busy(known)


def in_turn(known: Knowledge) -> Choose:
    """One after another, whoever asks: it remembers."""
    turn = itertools.cycle(known.backends)
    return lambda call, draws: next(turn)


@declares(ALONE)
def in_turn_that_lies(known: Knowledge) -> Choose:
    return in_turn(known)


@declares(ALONE._replace(undealt="{key}={value} takes turns"))
def in_turn_undealt(known: Knowledge) -> Choose:
    return in_turn(known)


@declares(ALONE._replace(unsolved="by_number: which backend has the task"))
def by_number(known: Knowledge) -> Choose:
    """Tasks of even number here, the others there: it knows nothing but the task."""
    return lambda call, draws: known.backends[call.task.id % len(known.backends)]


@declares(ALONE)
def by_draw(known: Knowledge) -> Choose:
    """By a draw, which is the call's own."""

    def choose(call: Call, draws: Sequence[float]) -> Backend:
        return known.backends[int(draws[0] * len(known.backends))]

    return choose


@declares("alone")  # type: ignore[arg-type]
def mumbles(known: Knowledge) -> Choose:
    return by_draw(known)


def routed(policy: str, per: ChoosePer = ChoosePer.task, **changes: Any) -> sim.Scenario:
    """Tasks that overlap, on two backends."""
    router = RouterSettings(policy=Policy.custom, per=per, custom=f"{HERE}:{policy}")
    return scenario(agent(**{"turns": 3, **VARIED, **changes}), TWO, tasks=40, every_s=0.7, router=router)


def test_a_policy_that_looks_at_others_and_declares_nothing_goes_step_by_step() -> None:
    """Calls of a second, one every 0.4 s, held against a recursion: who has fewer open ones takes the next."""
    world = with_(routed("least_busy", turns=1), workload=with_(routed("least_busy").workload, interarrival_s=0.4))
    assert_cautious(world, "router.custom")
    ends: dict[str, list[float]] = {"one": [], "two": []}
    took = []
    calls = sim.simulate(world).calls.sort_values("task")
    for moment in calls["t_request_s"]:
        took.append(min(ends, key=lambda name: sum(end > moment for end in ends[name])))
        ends[took[-1]].append(moment + 1.0)
    assert calls["backend"].tolist() == took
    assert set(took) == {"one", "two"}


def test_a_policy_that_remembers_and_declares_nothing_goes_step_by_step() -> None:
    """By hand: one choice an agent, in the order in which they begin. (By call there is one more: an agent meets its backend first.)"""
    assert_cautious(routed("in_turn", ChoosePer.call), "router.custom")
    calls = sim.simulate(routed("in_turn", ChoosePer.agent)).calls.query("turn == 0").sort_values("task")
    assert calls["backend"].tolist() == ["one", "two"] * 20


@pytest.mark.parametrize("policy", ["by_number", "by_draw"])
@pytest.mark.parametrize("per", list(ChoosePer), ids=lambda per: per.value)
def test_a_policy_that_is_declared_truly_takes_every_fast_way(policy: str, per: ChoosePer) -> None:
    assert_declared_truly(routed(policy, per))


@pytest.mark.parametrize("policy", ["least_busy_that_lies", "in_turn_that_lies"])
def test_a_policy_that_lies_is_caught_by_comparing_the_ways(policy: str) -> None:
    with pytest.raises(AssertionError, match="ahead of the clock"):
        assert_declared_truly(routed(policy, ChoosePer.call))


def test_a_policy_that_lies_of_shards_alone_is_caught_too() -> None:
    """A choice by task comes in the order of arrivals, ahead of the clock as well; each shard begins anew with the first."""
    lies = routed("in_turn_that_lies")
    assert digest(lies) == digest(lies, step_by_step=True)
    with pytest.raises(AssertionError, match="in shards"):
        assert_declared_truly(with_(lies, workload=with_(lies.workload, tasks=41)))


def test_why_tasks_cannot_be_dealt_out_is_said_in_the_words_of_the_policy() -> None:
    says = r"^shards=3: router.custom=tests.recipes.test_own_code:in_turn_undealt takes turns; use shards=1$"
    with pytest.raises(sim.ConfigError, match=says):
        assert_declared_truly(routed("in_turn_undealt"))


@pytest.mark.parametrize(("policy", "why"), [("by_number", "by_number: which backend has the task"), ("by_draw", "router custom: which")])
def test_theory_does_not_guess_at_a_policy_that_it_does_not_know(policy: str, why: str) -> None:
    """Traits may leave `unsolved` empty; then theory must not take the policy for equal shares."""
    expected = expect(routed(policy))
    assert not expected.values
    assert why in expected.unsolved[0]


def test_traits_that_are_none_are_refused_in_one_line() -> None:
    with pytest.raises(sim.ConfigError, match=r"^router.custom=tests.recipes.test_own_code:mumbles: its traits must be sim.Traits\(...\)$"):
        may_look_ahead(routed("mumbles"))


# A workflow: a generator of the events its agent waits for. `send` hands back None where the answer is there already.


def twice(agent: Agent) -> Life:
    """Two loops over the same files; the context of the first is there in the second."""
    agent.settle()
    office, profile, call, wait_s = agent.office, agent.profile, agent.call, 0.0
    rows = office.streams.rows(int(TURNS.purpose), agent.task.id, agent.branch, agent.page[FIRST_TURN:], 1)
    for turn in range(2 * LAP):
        u_output, u_result, u_tool, u_noise, u_error, _ = next(rows)
        output = int(profile.output_tokens(u_output)) or 1
        if office.send(call, turn, agent.context, output, 0, u_noise, u_error, wait_s) and (yield call).failed:
            return False
        agent.context += output + int(profile.tool_result_tokens(u_result))
        wait_s = profile.tool_time_s(u_tool)
    return True


@declares(ALONE._replace(unsolved="{value}: a loop of its own"))
def twice_declared(agent: Agent) -> Life:
    return twice(agent)


@declares(ALONE)
def twice_that_waits_for_nothing(agent: Agent) -> Life:
    """It yields what `send` hands back: fine step by step; ahead of the clock that is None, and nobody wakes it."""
    agent.settle()
    for turn in range(2 * LAP):
        yield agent.office.send(agent.call, turn, agent.context, 300, 0, 0.5, 1.0)
        agent.context += 1000
    return True


WRITTEN: WeakKeyDictionary[Clock, list[int]] = WeakKeyDictionary()
"""Pages of a wiki that all agents of a run share."""


def reads_a_wiki(agent: Agent) -> Life:
    """What tasks before have written is in its prompt."""
    wiki = WRITTEN.setdefault(agent.office.env, [])
    agent.context += sum(wiki)
    if not (yield from react(agent)):
        return False
    wiki.append(100)
    return True


@declares(ALONE)
def reads_a_wiki_and_lies(agent: Agent) -> Life:
    return reads_a_wiki(agent)


@declares(ALONE._replace(unsolved="{value}: two agents, one after the other"))
def has_a_second_look(agent: Agent) -> Life:
    """A second agent works through it once more, from the context of the first; they meet, so the clock catches up first."""
    return look_twice(agent, child(agent.branch, 0))


@declares(ALONE)
def has_a_second_look_from_the_same_branch(agent: Agent) -> Life:
    return look_twice(agent, agent.branch)


@declares(ALONE)
def waits_for_what_nobody_told(agent: Agent) -> Life:
    """It yields an event that does not know whom to resume: it is told."""
    over = agent.office.env.event().succeed()
    if agent.ahead:
        yield agent.catch_up()
    yield over
    return (yield from react(agent))


def look_twice(agent: Agent, branch: int) -> Life:
    if not (yield from react(agent)):
        return False
    if agent.ahead:
        yield agent.catch_up()
    office, over = agent.office, agent.office.env.event()
    other = Agent(office, agent.task, office.worker, int(Role.worker), f"{agent.path}.0", branch, 1)
    other.inherit(agent)

    def end(other: Agent, completed: bool) -> None:
        over.succeed(completed)

    other.start(react(other), end)
    yield agent.wait_for(over)
    return bool(over.value)


def working(workflow: str, **changes: Any) -> sim.Scenario:
    """Tasks that overlap, on two backends by their number."""
    work = agent(kind=AgentKind.custom, workflow=f"{HERE}:{workflow}", **{"turns": LAP, **VARIED, **changes})
    router = RouterSettings(policy=Policy.weighted, per=ChoosePer.task)
    return scenario(work, TWO, tasks=30, every_s=2.0, router=router)


def test_a_workflow_that_loops_twice_and_declares_nothing_goes_step_by_step() -> None:
    """By hand: six calls of a second each, prompts of 2,000 tokens and 1,000 more each time; all but what is new is read."""
    assert_cautious(working("twice"), "agent.workflow")
    result = run(agent(kind=AgentKind.custom, workflow=f"{HERE}:twice"), backend(cache_read_usd_per_mtok=0.0), tasks=2, every_s=0.5)
    first = result.calls.query("task == 0")
    assert first["input_tokens"].tolist() == [2000 + 1000 * turn for turn in range(6)]
    assert first["cache_read_tokens"].tolist() == [0, 2000, 3000, 4000, 5000, 6000]
    assert first["t_end_s"].tolist() == [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]
    assert result.tasks["t_end_s"].tolist() == [6.5, 7.0]
    assert result.mean("cost_per_task_usd") == pytest.approx((7000 + 6 * 300) * 1e-6)


@pytest.mark.parametrize("workflow", ["twice_declared", "has_a_second_look"])
def test_a_workflow_that_is_declared_truly_takes_every_fast_way(workflow: str) -> None:
    assert_declared_truly(working(workflow))
    expected = expect(working(workflow))
    assert not expected.values
    assert f"{HERE}:{workflow}: " in expected.unsolved[0]


def test_theory_does_not_take_a_workflow_for_one_that_it_knows() -> None:
    """`unsolved` left empty: all that can be said is how many tasks there are, and that nobody waits where slots have no limit."""
    expected = expect(working("reads_a_wiki_and_lies"))
    assert set(expected.values) == {"tasks", "mean_wait_s", "mean_line_wait_s"}
    assert "workflow custom: what it spends" in expected.unsolved


def test_a_second_look_begins_where_the_first_has_ended() -> None:
    """By hand: a loop of three turns ends with 4,300 tokens; the brief of the second, 2,000, stands on top of them."""
    calls = run(agent(kind=AgentKind.custom, workflow=f"{HERE}:has_a_second_look", turns=3, worker=agent(turns=2))).calls
    assert calls["agent"].tolist() == ["0"] * 3 + ["0.0"] * 2
    assert calls["input_tokens"].tolist() == [2000, 3000, 4000, 6300, 7300]
    assert calls["t_start_s"].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_workflow_that_remembers_and_declares_nothing_goes_step_by_step() -> None:
    """By hand: tasks of three seconds, one every two: the second begins before the first has written, the third after."""
    assert_cautious(working("reads_a_wiki"), "agent.workflow")
    calls = run(agent(kind=AgentKind.custom, workflow=f"{HERE}:reads_a_wiki", turns=3), tasks=4, every_s=2.0).calls
    assert calls.query("turn == 0").sort_values("task")["input_tokens"].tolist() == [2000, 2000, 2100, 2200]


def test_a_workflow_that_lies_is_caught_by_comparing_the_ways() -> None:
    with pytest.raises(AssertionError, match="ahead of the clock"):
        assert_declared_truly(working("reads_a_wiki_and_lies"))


def test_a_workflow_that_waits_for_an_answer_that_is_there_is_refused() -> None:
    with pytest.raises(sim.ConfigError, match="yielded None, must be an event that is yet to come"):
        sim.simulate(working("twice_that_waits_for_nothing"))


def test_what_goes_wrong_in_both_ways_alike_is_caught_too() -> None:
    with pytest.raises(sim.ConfigError, match=r"two agents of a task have one branch"):
        assert_declared_truly(working("has_a_second_look_from_the_same_branch", worker=agent(**VARIED)))


def test_an_event_that_a_workflow_waits_for_is_told_whom_to_resume() -> None:
    assert_declared_truly(working("waits_for_what_nobody_told"))
