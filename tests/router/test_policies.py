"""Policies that learn, stay, fall back, or are the user's own; and what none of them may look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import sim
from sim import theory
from sim.agents.agent import Agent, Life
from sim.backends.backend import Backend
from sim.backends.pricing import Price
from sim.call import Call
from sim.engine.world import World
from sim.errors import ConfigError
from sim.router.knowledge import Choose, Knowledge
from sim.router.policies import POLICIES
from sim.sampling.decisions import TASK, Decisions
from sim.sampling.streams import Streams
from sim.scenario.shards import Shard
from sim.settings.agent import AgentKind, AgentSettings, OnFailure, Split
from sim.settings.market import PriceWindow
from sim.settings.outcome import OutcomeSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings, Tastes
from sim.settings.run import RetrySettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.theory.expected.forecast import forecast
from tests.worlds import agent, backend, loop, run, scenario, team, with_

WORTH = OutcomeSettings(value_usd=0.02)
BOTH = {"good": backend(quality=0.9, input_usd_per_mtok=2.0), "poor": backend(quality=0.6)}
"""Reward a task: 0.018 - 0.0043 = 0.0137 on the good one, 0.012 - 0.0023 = 0.0097 on the poor one."""
TASKS = 2000


def value(backends: dict[str, Any], tasks: int = TASKS, **router: Any) -> float:
    settings = RouterSettings(per=ChoosePer.task, **router)
    return run(agent(turns=1), backends, tasks=tasks, every_s=43.2, outcome=WORTH, router=settings).mean("net_value_per_task_usd")


@pytest.mark.slow
@pytest.mark.parametrize("policy", [Policy.thompson, Policy.ucb])
def test_a_bandit_reaches_95_per_cent_of_the_best_fixed_policy_within_2000_tasks(policy: Policy) -> None:
    best = max(value(BOTH, backend=name) for name in BOTH)
    assert value(BOTH, policy=policy) > 0.95 * best


@pytest.mark.slow
@pytest.mark.parametrize("policy", [Policy.thompson, Policy.ucb])
def test_a_bandit_that_forgets_beats_every_fixed_policy_when_a_price_changes_in_the_middle(policy: Policy) -> None:
    """A day of 2,000 tasks; at noon the good backend gets six times as dear."""
    noon = [PriceWindow(from_h=12, until_h=24, multiplier=6.0)]
    changing = {"good": backend(quality=0.9, input_usd_per_mtok=2.0, windows=noon), "poor": BOTH["poor"]}
    best = max(value(changing, backend=name) for name in changing)
    assert value(changing, policy=policy, memory_tasks=50.0) > 1.1 * best


CHOOSERS: list[dict[str, Any]] = [
    {"policy": policy, "quality_floor": 0.5, "memory_tasks": 100.0}
    for policy in Policy
    if policy not in (Policy.custom, Policy.by_role, Policy.recorded)
]


class Shuffled(Streams):
    """Other difficulties, everything else as it was."""

    def draws(self, what: Decisions, task: int, branch: int = 0, page: int = 0, count: int = 0) -> tuple[float, ...]:
        drawn = super().draws(what, task, branch, page, count)
        return ((0.5 + task * 0.618034) % 1, *drawn[1:]) if what is TASK else drawn


@pytest.mark.parametrize("router", CHOOSERS, ids=lambda router: router["policy"].value)
def test_no_policy_reads_the_hidden_difficulty(router: dict[str, Any]) -> None:
    """Other difficulties, the same observed history (every try succeeds): the same choices."""
    sure = {name: backend(quality=1.0, input_usd_per_mtok=price) for name, price in (("one", 1.0), ("two", 1.5))}
    world = scenario(agent(turns=1), sure, tasks=300, every_s=5.0, outcome=WORTH, router=RouterSettings(per=ChoosePer.task, **router))

    def choices(streams: Streams) -> list[int]:
        calls = World(world, 0, Shard(), streams=streams).run().calls
        return list(calls[np.argsort(calls["task"])]["backend"])

    assert choices(Shuffled(world.seed, 0)) == choices(Streams(world.seed, 0))


def blind(policy: Policy) -> Callable[[Knowledge], Choose]:
    """A policy while whose choices everything hidden is made unreadable."""

    def made(known: Knowledge) -> Choose:
        chooses = POLICIES[policy](known)

        def blindly(call: Call, draws: Sequence[float]) -> Backend:
            hidden: list[tuple[Any, tuple[str, ...]]] = [
                (call.task, ("u_difficulty", "effort")), (call, ("u_noise", "u_error", "output_tokens", "reasoning_tokens")),
            ]  # fmt: skip
            before = [(owner, name, getattr(owner, name, None)) for owner, names in hidden for name in names]
            for owner, name, _ in before:
                setattr(owner, name, None)
            backend = chooses(call, draws)
            for owner, name, was in before:
                setattr(owner, name, was)
            return backend

        if (learn := getattr(chooses, "learn", None)) is not None:
            setattr(blindly, "learn", learn)  # noqa: B010 - a function's own attribute
        return blindly

    return made


BLIND = {policy.value: blind(policy) for policy in Policy}
globals().update({f"blind_{name}": made for name, made in BLIND.items()})


@pytest.mark.parametrize("per", list(ChoosePer), ids=lambda per: per.value)
@pytest.mark.parametrize("router", CHOOSERS, ids=lambda router: router["policy"].value)
def test_no_policy_reads_a_draw(router: dict[str, Any], per: ChoosePer) -> None:
    """While it chooses, everything hidden is made unreadable: the run is the same to the bit."""
    if per is not ChoosePer.task and router["policy"] in (Policy.thompson, Policy.ucb):
        pytest.skip("bandits choose by task")
    world = scenario(agent(turns=3), BOTH, tasks=60, outcome=WORTH, router=RouterSettings(per=per, **router))
    own = router | {"policy": Policy.custom, "custom": f"tests.router.test_policies:blind_{router['policy'].value}"}
    assert sim.simulate(with_(world, router=RouterSettings(per=per, **own))).digest == sim.simulate(world).digest


def test_what_a_policy_is_given_holds_no_draw() -> None:
    assert set(Knowledge._fields) == {"settings", "backends", "forecast", "outcome", "helpers"}


def shares(backends: dict[str, Any], crew: Any = None, **changes: Any) -> Any:
    """Share of tasks by backend."""
    result = run(crew or agent(turns=1), backends, **changes)
    return result.calls.drop_duplicates("task")["backend"].value_counts(normalize=True)


@pytest.mark.parametrize(("exponent", "taken"), [(0.0, "poor"), (0.5, "good")])
def test_routers_know_that_the_work_of_a_team_is_worth_more(exponent: float, taken: str) -> None:
    """Four workers: 0.0043 x 5 against 0.0023 x 5, for 0.3 of a value of 0.03 or 0.06."""
    crew = team(1, loop(turns=1), fanout=4, report_tokens=0)
    worth = OutcomeSettings(value_usd=0.03, value_exponent=exponent)
    router = RouterSettings(policy=Policy.most_value, per=ChoosePer.task)
    assert shares(BOTH, crew, outcome=worth, router=router)[taken] == 1


@pytest.mark.parametrize(("changes", "taken"), [({}, "good"), ({"length_exponent": 1.0, "reference_turns": 1.0}, "poor")])
def test_routers_know_that_long_work_fails(changes: dict[str, Any], taken: str) -> None:
    """Of 0.9 against 0.6 of tasks of one turn, little is left on either side after thirty."""
    worth = OutcomeSettings(value_usd=4.0, **changes)
    router = RouterSettings(policy=Policy.most_value, per=ChoosePer.task)
    assert shares(BOTH, agent(turns=30), outcome=worth, router=router)[taken] == 1


def test_routers_know_what_success_a_team_brings() -> None:
    """As so many independent tries, four workers solve nearly all on either backend."""
    crew = team(1, loop(turns=1), fanout=4, report_tokens=0)
    router = RouterSettings(policy=Policy.most_value, per=ChoosePer.task)
    for exponent, taken in ((0.0, "good"), (1.0, "poor")):
        assert shares(BOTH, crew, outcome=OutcomeSettings(value_usd=0.05, success_exponent=exponent), router=router)[taken] == 1


def test_a_forecast_knows_the_list_of_the_hour() -> None:
    """At noon the good backend gets six times as dear; nobody has to be told."""
    noon = [PriceWindow(from_h=12, until_h=24, multiplier=6.0)]
    changing = {"good": backend(quality=0.9, input_usd_per_mtok=2.0, windows=noon), "poor": BOTH["poor"]}
    router = RouterSettings(policy=Policy.most_value, per=ChoosePer.task)
    calls = run(agent(turns=1), changing, tasks=20, every_s=4000.0, outcome=WORTH, router=router).calls
    assert list(calls.sort_values("task")["backend"]) == ["good"] * 10 + ["poor"] * 10


def test_a_debate_is_forecast_with_all_its_debaters() -> None:
    room, one = agent(kind=AgentKind.debate, fanout=3, turns=3), backend()
    assert forecast(room, one, Price(one)).usd == pytest.approx(run(room, one).mean("cost_usd"), rel=0.01)


@pytest.mark.parametrize(
    "crew",
    [
        team(24, loop(turns=7), fanout=3, delegated_share=0.3, report_tokens=0),
        team(40, loop(), fanout=4, delegated_share=0.5, split=Split.divide, report_tokens=0),
        team(24, loop(turns=7), fanout={"dist": "mixture", "weights": [2, 1, 1], "parts": [1, 2, 3]}, waves=3, report_tokens=0),
    ],
    ids=["does less", "hands over", "waves of a random number"],
)
def test_a_team_is_forecast_by_its_means(crew: AgentSettings) -> None:
    one = backend(output_usd_per_mtok=5.0, cache_read_usd_per_mtok=0.1)
    ahead, found = forecast(crew, one, Price(one)), run(crew, one, tasks=3000 if isinstance(crew.fanout, dict) else 300)
    assert ahead.usd == pytest.approx(found.mean("cost_per_task_usd"), rel=0.01)
    assert ahead.calls == pytest.approx(found.mean("calls_per_task"), rel=0.01)
    assert ahead.seconds == pytest.approx(found.mean("task_latency_mean_s"), rel=0.01)


CROWD = WorkloadSettings(kind=WorkloadKind.users, users=300, tasks_per_user=6, session_gap_s=4 * 3600.0)


def by_user(result: sim.Result) -> Any:
    calls = result.calls.merge(result.tasks[["task", "user"]], on="task").sort_values("task")
    return calls.groupby("user")["backend"]


def test_people_differ_for_good_and_leave_when_another_gets_better() -> None:
    """F17 with tastes of users: the shares are those of tastes by task, but nobody moves until a price does, and then one way only."""
    three = {"a": backend(quality=0.9), "b": backend(quality=0.8), "c": backend(quality=0.7)}
    logit: dict[str, Any] = {"policy": Policy.logit, "per": ChoosePer.task, "scale_usd": 0.002}
    same = run(agent(turns=1), three, workload=CROWD, outcome=WORTH, router=RouterSettings(tastes=Tastes.user, **logit))
    assert (by_user(same).nunique() == 1).all()
    loose = run(agent(turns=1), three, workload=CROWD, outcome=WORTH, router=RouterSettings(**logit))
    assert same.calls["backend"].value_counts(normalize=True).to_dict() == pytest.approx(
        loose.calls["backend"].value_counts(normalize=True).to_dict(), abs=0.06
    )
    noon = [PriceWindow(from_h=12, until_h=24, multiplier=2.0)]
    moved = run(
        agent(turns=1), three | {"a": backend(quality=0.9, windows=noon)}, workload=CROWD, outcome=WORTH,
        router=RouterSettings(tastes=Tastes.user, **logit),
    )  # fmt: skip
    first, last = by_user(moved).first(), by_user(moved).nth(3).to_numpy()
    assert (first != last).any()
    assert (first[first != last] == "a").all()


def test_nobody_uses_what_they_have_not_heard_of() -> None:
    """The cheaper backend comes to be known within a day, by one user after another."""
    router = RouterSettings(policy=Policy.cheapest, per=ChoosePer.task, heard_after_h={"two": {"dist": "uniform", "low": 0, "high": 24}})
    worlds = {"one": backend(), "two": backend(input_usd_per_mtok=0.5)}
    result = run(agent(turns=1), worlds, workload=CROWD, router=router)
    calls = result.calls.merge(result.tasks[["task", "user"]], on="task")
    share = calls[calls["backend"] == "two"].groupby(calls["t_request_s"] // 3600).size() / 300
    assert share.to_dict() == pytest.approx({4: 1 / 6, 8: 2 / 6, 12: 3 / 6, 16: 4 / 6, 20: 5 / 6, 24: 1}, abs=0.08)
    changes = by_user(result).apply(lambda used: (used != used.shift()).sum() - 1)
    assert changes.max() == 1, "who has heard of it does not forget"
    with pytest.raises(ConfigError, match=r"^router\.heard_after_h: one of backends must be known"):
        scenario(backends=worlds, workload=CROWD, router=with_(router, heard_after_h={"one": 1, "two": 1}))


def test_a_routers_fee_is_on_every_bill_once() -> None:
    worlds = {"one": backend(), "two": backend(fee=0.1)}
    for name, fee in (("one", 0.055), ("two", 0.1)):
        bill = run(agent(turns=1), worlds, router=RouterSettings(backend=name, fee=0.055)).mean("cost_usd")
        assert bill == pytest.approx(2300e-6 * (1 + fee))


@pytest.mark.parametrize(("trouble", "moves"), [(0.0, True), (1.0, False)])
def test_inertia_moves_only_for_a_gain_that_is_worth_the_trouble(trouble: float, moves: bool) -> None:
    """Users start where luck put them; a logit over equals would move them at every task."""
    alike = {"one": backend(quality=0.9), "two": backend(quality=0.9, input_usd_per_mtok=1.000001)}
    crowd = WorkloadSettings(kind=WorkloadKind.users, users=10, tasks_per_user=8)
    router = RouterSettings(policy=Policy.logit, per=ChoosePer.task, review_tasks=2, switching_cost_usd=trouble)
    result = run(agent(turns=1), alike, workload=crowd, router=router, outcome=WORTH)
    used = result.calls.merge(result.tasks[["task", "user"]], on="task").groupby("user")["backend"].nunique()
    assert bool(used.max() > 1) is moves


def test_who_shuns_no_trouble_goes_where_the_policy_sends_them_whatever_it_is_worth() -> None:
    """At each review the policy's own choice, though a task is worth less there; between two of them everybody stays."""
    crowd = WorkloadSettings(kind=WorkloadKind.users, users=40, tasks_per_user=4)
    dear = {"one": backend(quality=0.9), "two": backend(quality=0.9, input_usd_per_mtok=5.0)}
    shares = []
    for review in (1, 2):
        router = RouterSettings(policy=Policy.weighted, per=ChoosePer.task, review_tasks=review)
        calls = run(agent(turns=1), dear, workload=crowd, router=router, outcome=WORTH).calls
        shares.append((calls["backend"] == "two").mean())
    assert shares == pytest.approx([0.5, 0.5], abs=0.13)


def test_between_reviews_nobody_moves() -> None:
    crowd = WorkloadSettings(kind=WorkloadKind.users, users=20, tasks_per_user=6)
    router = RouterSettings(policy=Policy.weighted, per=ChoosePer.task, review_tasks=3, switching_cost_usd=0.0)
    alike = {"one": backend(), "two": backend(input_usd_per_mtok=0.5)}
    result = run(agent(turns=1), alike, workload=crowd, router=router)
    calls = result.calls.merge(result.tasks[["task", "user"]], on="task").sort_values(["user", "task"])
    session = calls.groupby("user").cumcount()
    for _, part in calls.groupby([calls["user"], session // 3]):
        assert part["backend"].nunique() == 1


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
    router = RouterSettings(policy=Policy.custom, per=ChoosePer.task, custom="tests.router.test_policies:every_second")
    calls = run(agent(turns=1), BOTH, tasks=4, router=router).calls.sort_values("task")
    assert list(calls["backend"]) == ["poor", "good", "poor", "good"]


def test_a_workflow_of_your_own_is_a_generator() -> None:
    result = run(agent(kind=AgentKind.custom, workflow="tests.router.test_policies:think_twice"), tasks=2)
    assert result.calls["input_tokens"].tolist() == [2000, 2000, 2400, 2400]
    assert result.tasks["kind"].eq("custom").all()


NOT_THERE = ["nowhere:f", "tests.router.test_policies:nothing", "tests.router.test_policies", "tests.router.test_policies:WORTH"]


@pytest.mark.parametrize("name", NOT_THERE)
def test_a_function_that_is_not_there_is_one_line(name: str) -> None:
    with pytest.raises(ConfigError, match=r"^agent\.workflow="):
        scenario(agent(kind=AgentKind.custom, workflow=name))


def test_a_debate_waits_for_the_slowest_and_goes_on_without_who_drops_out() -> None:
    varied = {"output_tokens": {"dist": "exponential", "mean": 300}}
    calls = run(agent(kind=AgentKind.debate, fanout=4, turns=3, **varied), backend(decode_tokens_per_s=50)).calls
    ends = calls.groupby("turn")["t_end_s"].max()
    starts = calls.groupby("turn")["t_request_s"].min()
    assert (starts.iloc[1:].to_numpy() == ends.iloc[:-1].to_numpy()).all()
    shaky = run(
        agent(kind=AgentKind.debate, fanout=6, turns=4),
        backend(error_rate=0.5),
        tasks=50,
        retry=RetrySettings(attempts=1),
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
    retry = RetrySettings(attempts=1)
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
