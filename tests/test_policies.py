"""Policies that learn, stay, fall back, or are the user's own; and what none of them may look at."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim import theory
from sim.agents.agent import Agent, Life
from sim.backends.service import Backend
from sim.choice import ChoosePer, Policy, RouterSettings
from sim.errors import ConfigError
from sim.market import PriceWindow
from sim.outcome import OutcomeSettings
from sim.router import Choose, Knowledge
from sim.settings import AgentKind, OnFailure, WorkloadKind, WorkloadSettings
from sim.workload import Workload
from tests.worlds import agent, backend, loop, run, scenario, team

WORTH = OutcomeSettings(value_usd=0.02)
BOTH = {"good": backend(quality=0.9, input_usd_per_mtok=2.0), "poor": backend(quality=0.6)}
"""Reward a task: 0.018 - 0.0043 = 0.0137 on the good one, 0.012 - 0.0023 = 0.0097 on the poor one."""
TASKS = 2000


def value(backends: dict[str, Any], tasks: int = TASKS, **router: Any) -> float:
    settings = RouterSettings(per=ChoosePer.task, **router)
    return run(agent(turns=1), backends, tasks=tasks, every_s=43.2, outcome=WORTH, router=settings).mean("net_value_per_task_usd")


@pytest.mark.parametrize("policy", [Policy.thompson, Policy.ucb])
def test_a_bandit_reaches_95_per_cent_of_the_best_fixed_policy_within_2000_tasks(policy: Policy) -> None:
    best = max(value(BOTH, backend=name) for name in BOTH)
    assert value(BOTH, policy=policy) > 0.95 * best


@pytest.mark.parametrize("policy", [Policy.thompson, Policy.ucb])
def test_a_bandit_that_forgets_beats_every_fixed_policy_when_a_price_changes_in_the_middle(policy: Policy) -> None:
    """A day of 2,000 tasks; at noon the good backend gets six times as dear."""
    noon = [PriceWindow(from_h=12, until_h=24, multiplier=6.0)]
    changing = {"good": backend(quality=0.9, input_usd_per_mtok=2.0, windows=noon), "poor": BOTH["poor"]}
    best = max(value(changing, backend=name) for name in changing)
    assert value(changing, policy=policy, memory_tasks=50.0) > 1.1 * best


CHOOSERS: list[dict[str, Any]] = [
    {"policy": policy, "quality_floor": 0.5, "memory_tasks": 100.0} for policy in Policy if policy not in (Policy.custom, Policy.by_role)
]


@pytest.mark.parametrize("router", CHOOSERS, ids=lambda router: router["policy"].value)
def test_no_policy_reads_the_hidden_difficulty(router: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Other difficulties, the same observed history (every try succeeds): the same choices."""
    sure = {name: backend(quality=1.0, input_usd_per_mtok=price) for name, price in (("one", 1.0), ("two", 1.5))}

    def choices() -> list[str]:
        result = run(agent(turns=1), sure, tasks=300, every_s=5.0, outcome=WORTH, router=RouterSettings(per=ChoosePer.task, **router))
        return list(result.calls.sort_values("task")["backend"])

    before, made = choices(), Workload._task

    def shuffled(self: Workload, number: int, user: int, kind: str) -> Any:
        task = made(self, number, user, kind)
        task.u_difficulty = (0.5 + number * 0.618034) % 1
        return task

    monkeypatch.setattr(Workload, "_task", shuffled)
    assert choices() == before


def test_what_a_policy_is_given_holds_no_draw() -> None:
    assert set(Knowledge._fields) == {"settings", "backends", "forecast", "outcome"}


@pytest.mark.parametrize(("trouble", "moves"), [(0.0, True), (1.0, False)])
def test_inertia_moves_only_for_a_gain_that_is_worth_the_trouble(trouble: float, moves: bool) -> None:
    """Users start where luck put them; a logit over equals would move them at every task."""
    alike = {"one": backend(quality=0.9), "two": backend(quality=0.9, input_usd_per_mtok=1.000001)}
    crowd = WorkloadSettings(kind=WorkloadKind.users, users=10, tasks_per_user=8)
    router = RouterSettings(policy=Policy.logit, per=ChoosePer.task, review_tasks=2, switching_cost_usd=trouble)
    result = run(agent(turns=1), alike, workload=crowd, router=router, outcome=WORTH)
    used = result.calls.merge(result.tasks[["task", "user"]], on="task").groupby("user")["backend"].nunique()
    assert bool(used.max() > 1) is moves


def test_between_reviews_nobody_moves() -> None:
    crowd = WorkloadSettings(kind=WorkloadKind.users, users=20, tasks_per_user=6)
    router = RouterSettings(policy=Policy.weighted, per=ChoosePer.task, review_tasks=3, switching_cost_usd=0.0)
    alike = {"one": backend(), "two": backend(input_usd_per_mtok=0.5)}
    result = run(agent(turns=1), alike, workload=crowd, router=router)
    calls = result.calls.merge(result.tasks[["task", "user"]], on="task").sort_values(["user", "task"])
    session = calls.groupby("user").cumcount()
    for _, part in calls.groupby([calls["user"], session // 3]):
        assert part["backend"].nunique() == 1


def test_fallback_goes_to_the_next_backend_after_a_failure() -> None:
    worlds = {"down": backend(error_rate=1.0), "shaky": backend(error_rate=1.0), "up": backend()}
    calls = run(agent(turns=3), worlds, router=RouterSettings(backend="down", fallback=["shaky", "up"])).calls
    assert list(calls["backend"]) == ["down", "shaky", "up", "up", "up"]
    assert list(calls["status"]) == ["error", "error", "ok", "ok", "ok"]


@pytest.mark.parametrize("knows", [True, False])
def test_a_router_that_knows_the_cache_does_not_throw_it_away(knows: bool) -> None:
    """At noon the backend in use gets a little dearer than the other one, but it keeps a long prompt."""
    noon = [PriceWindow(from_h=12, until_h=24, multiplier=1.5)]
    cached = {"cache_read_usd_per_mtok": 0.1, "cache_ttl_s": 1e6}
    worlds = {"one": backend(windows=noon, **cached), "two": backend(input_usd_per_mtok=1.2, output_usd_per_mtok=1.2, **cached)}
    router = RouterSettings(policy=Policy.cheapest, per=ChoosePer.call, knows_cache=knows)
    calls = run(agent(turns=10, tool_time_s=2 * 3600.0), worlds, router=router, start="2026-02-16T00:00:00").calls
    assert list(calls["backend"]) == (["one"] * 10 if knows else ["one"] * 6 + ["two"] * 4)
    if not knows:
        assert calls["cache_read_tokens"].iloc[6] == 0


def every_second(known: Knowledge) -> Choose:
    """A policy of one's own: tasks by turns on the cheapest and on the best backend."""
    cheapest = min(known.backends, key=lambda backend: known.forecast(backend).usd)
    best = max(known.backends, key=lambda backend: backend.settings.quality or 0.0)

    def choose(call: Any, luck: Any) -> Backend:
        return best if call.task.id % 2 else cheapest

    return choose


def think_twice(agent: Agent) -> Life:
    """A workflow of one's own: a draft, a pause, and a second look at draft and prompt together."""
    agent.settle()
    for turn in range(2):
        yield agent.office.send(agent.call, turn, agent.context, 400, 0, 0.5, 1.0, 30.0 * turn)
        if agent.call.failed:
            return False
        agent.context += 400
    return True


def test_a_policy_of_your_own_is_a_function() -> None:
    router = RouterSettings(policy=Policy.custom, per=ChoosePer.task, custom="tests.test_policies:every_second")
    calls = run(agent(turns=1), BOTH, tasks=4, router=router).calls.sort_values("task")
    assert list(calls["backend"]) == ["poor", "good", "poor", "good"]


def test_a_workflow_of_your_own_is_a_generator() -> None:
    result = run(agent(kind=AgentKind.custom, workflow="tests.test_policies:think_twice"), tasks=2)
    assert result.calls["input_tokens"].tolist() == [2000, 2000, 2400, 2400]
    assert result.tasks["kind"].eq("custom").all()


@pytest.mark.parametrize("name", ["nowhere:f", "tests.test_policies:nothing", "tests.test_policies", "tests.test_policies:WORTH"])
def test_a_function_that_is_not_there_is_one_line(name: str) -> None:
    with pytest.raises(ConfigError, match=r"^agent\.workflow="):
        scenario(agent(kind=AgentKind.custom, workflow=name))


@pytest.mark.parametrize(("debaters", "rounds"), [(1, 1), (3, 3), (5, 4)])
def test_f9_debate(debaters: int, rounds: int) -> None:
    """In = m t B + m^2 y t (t-1) / 2."""
    result = run(agent(kind=AgentKind.debate, fanout=debaters, turns=rounds))
    expected = theory.debate_tokens(base=2000, answer=300, debaters=debaters, rounds=rounds)
    assert (result.mean("input_tokens"), result.mean("output_tokens"), result.mean("calls")) == expected
    assert result.mean("agents") == debaters


def test_a_debate_waits_for_the_slowest_and_goes_on_without_who_drops_out() -> None:
    varied = {"output_tokens": {"dist": "exponential", "mean": 300}}
    calls = run(agent(kind=AgentKind.debate, fanout=4, turns=3, **varied), backend(decode_tokens_per_s=50)).calls
    ends = calls.groupby("turn")["t_end_s"].max()
    starts = calls.groupby("turn")["t_request_s"].min()
    assert (starts.iloc[1:].to_numpy() == ends.iloc[:-1].to_numpy()).all()
    shaky = run(
        agent(kind=AgentKind.debate, fanout=6, turns=4), backend(error_rate=0.5), tasks=50, retry=sim.settings.RetrySettings(attempts=1)
    )
    assert shaky.mean("tasks") == 50
    assert shaky.mean("tasks_in_flight") == shaky.mean("calls_in_flight") == 0


def test_plan_and_execute_is_a_tree_of_steps_one_after_another() -> None:
    """F6 with a = 1 and short contexts."""
    result = run(team(2, loop(turns=5), fanout=6, spawn_after_turn=1, max_parallel=1, report_tokens=100))
    lead, worker = (theory.loop_tokens(base=2000, growth=1000, output=300, turns=n) for n in (2, 5))
    expected = theory.tree_tokens(lead=lead, worker=worker, fanout=6, depth=1, report=100, turns_after=1)
    assert (result.mean("input_tokens"), result.mean("output_tokens")) == expected[:2]


@pytest.mark.parametrize("reaction", list(OnFailure))
def test_what_a_lead_does_about_a_worker_that_failed(reaction: OnFailure) -> None:
    workers = team(3, loop(turns=6), fanout=8, on_worker_failure=reaction, report_tokens=100)
    retry = sim.settings.RetrySettings(attempts=1)
    result = run(workers, backend(error_rate=0.03, quality=1.0), tasks=200, retry=retry)
    calls = result.calls
    lost = calls[(calls["status"] == "error") & (calls["role"] == "worker")].drop_duplicates("task")["task"]
    unlucky_leads = calls[(calls["status"] == "error") & (calls["role"] == "lead")]["task"]
    solved = result.tasks.set_index("task")["success"]
    substitutes = calls["agent"].str.endswith("r").any()
    assert substitutes == (reaction is OnFailure.retry)
    assert (~solved[solved.index.isin(set(lost) - set(unlucky_leads))]).any() == (reaction is OnFailure.fail)
    if reaction is OnFailure.fail:
        assert not solved[list(set(lost))].any()
