"""What touches others is declared where it is defined: here is what does, and what would go wrong if it did not say so."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest

import sim
from sim.engine.world import World
from sim.meter.meter import LineFormedError
from sim.scenario.coupling import may_look_ahead, traits_of
from sim.scenario.shards import Shard
from sim.settings.agent import Split
from sim.settings.bounds import alone, setting
from sim.settings.budget import At, BudgetSettings, Per, Then
from sim.settings.capacity.limits import QuotaSettings
from sim.settings.capacity.reserved import ReservedSettings
from sim.settings.capacity.servers import BackendKind, ServerSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import RetrySettings, Warmup
from sim.settings.scenario import ScenarioSettings
from sim.settings.traits import ALONE, CAUTIOUS, Feature, Traits
from sim.settings.tries import TriesSettings
from tests.worlds import backend, loop, scenario, stage, stages, team


def groups(group: type, seen: set[type]) -> Iterator[type]:
    """A group of settings and those under it."""
    if group in seen:
        return
    seen.add(group)
    yield group
    for hint in get_type_hints(group).values():
        for part in (hint, *get_args(hint)):
            if isinstance(part, type) and dataclasses.is_dataclass(part):
                yield from groups(part, seen)


def declared() -> Iterator[tuple[str, Any]]:
    """Every setting, and every member of every choice among kinds, with what it declares."""
    kinds: set[type[Feature]] = set()
    for group in groups(ScenarioSettings, set()):
        hints = get_type_hints(group)
        for field in dataclasses.fields(group):
            hint = hints[field.name]
            if isinstance(hint, type) and issubclass(hint, enum.Enum):
                assert issubclass(hint, Feature), f"{group.__name__}.{field.name}: a choice among kinds is a Feature"
                kinds.add(hint)
            elif not any(isinstance(part, type) and dataclasses.is_dataclass(part) for part in (hint, *get_args(hint))) or field.metadata:
                yield f"{group.__name__}.{field.name}", field.metadata.get("traits", CAUTIOUS)
    for kind in kinds:
        yield from ((f"{kind.__name__}.{member.value}", member.declared) for member in kind)


DECLARED = dict(declared())
BY_GROUP = {
    "AgentKind.orchestrator", "AgentKind.pipeline", "AgentSettings.max_agents", "BackendSettings.slots", "BudgetSettings.usd",
    "Pick.accepted", "Pick.majority", "Policy.weighted", "ScenarioSettings.events",
}  # fmt: skip
"""What they touch depends on the settings beside them: tested below."""
FIXED: dict[str, Traits] = {name: traits for name, traits in DECLARED.items() if name not in BY_GROUP}
OWN = {"Policy.custom", "AgentKind.custom"}
"""Code of the user's, which may touch anything."""
TOUCH = OWN | {
    "BackendSettings.share_system",  # who comes first writes the prefix
    "BackendSettings.queue_limit",  # who comes finds the line full of others
    "BackendSettings.requests_per_min",  # what others ask for is in the same buckets
    "BackendSettings.input_tokens_per_min",
    "BackendSettings.output_tokens_per_min",
    "BackendSettings.tokens_per_min",
    "QuotaSettings.requests",
    "QuotaSettings.input_tokens",
    "QuotaSettings.output_tokens",
    "QuotaSettings.tokens",
    "BackendSettings.decode_slowdown",  # others slow it down while it lasts
    "BackendKind.self_hosted",  # who else is on the same server
    "ReservedSettings.units",  # what others have left of them
    "RetrySettings.breaker_failures",  # whose attempts have failed
    "RetrySettings.timeout_s",  # who is given up lets others go before
    "RetrySettings.patience_s",  # who leaves a line lets others go before
    "WorkloadSettings.urgent_share",
    "PlanSettings.name",  # what its user's other tasks have spent
    "PlanWindow.usd",
    "EventKind.outage",  # whose calls are under way when it begins
    "EventKind.brownout",
    "EventKind.limit",  # whom others leave room
    "RouterSettings.fallback",  # what of others has failed where
    "RouterSettings.review_tasks",  # where a user was with the task before
    "Policy.thompson",  # what all tasks before have brought
    "Policy.ucb",
    "Warmup.fixed",  # what is counted at one moment, wherever agents have got to
    "Warmup.mser5",
}
UNDEALT = (
    OWN
    | {"RetrySettings.breaker_failures"}
    | {
        "BackendKind.self_hosted",
        "ReservedSettings.units",
        "RouterSettings.fallback",
        "Policy.thompson",
        "Policy.ucb",
        "Warmup.mser5",
    }
)
LEARN = {"Policy.thompson", "Policy.ucb", "Policy.custom", "AgentKind.custom"}


def test_the_settings_that_touch_other_tasks_are_these() -> None:
    assert {name for name in DECLARED if callable(DECLARED[name])} == BY_GROUP
    assert {name for name, traits in FIXED.items() if not traits.alone} == TOUCH


def test_the_settings_that_keep_tasks_from_being_dealt_to_shards_are_these() -> None:
    assert {name for name, traits in FIXED.items() if traits.undealt} == UNDEALT


def test_the_policies_that_are_told_of_the_ends_of_tasks_are_these() -> None:
    assert {name for name, traits in FIXED.items() if traits.learns} == LEARN


def test_the_settings_of_which_theory_has_no_expected_values_are_these() -> None:
    policies = {"cheapest", "price_weighted", "meets_floor", "cost_per_success", "most_value", "logit", "logit_log", "thompson", "ucb"}
    assert {name for name, traits in FIXED.items() if traits.unsolved} == OWN | {f"Policy.{name}" for name in policies} | {
        "AgentSettings.max_tokens",
        "BackendSettings.queue_limit", "BackendSettings.requests_per_min", "BackendSettings.input_tokens_per_min",
        "BackendSettings.output_tokens_per_min", "BackendSettings.tokens_per_min",
        "QuotaSettings.requests", "QuotaSettings.input_tokens", "QuotaSettings.output_tokens", "QuotaSettings.tokens",
        "BackendSettings.cache_1h_tokens", "RetrySettings.patience_s", "RetrySettings.timeout_s", "RetrySettings.breaker_failures",
        "Backoff.exponential", "Backoff.fixed", "RouterSettings.heard_after_h", "ScenarioSettings.horizon_s",
        "AgentSettings.resumed_share", "Warmup.fixed", "Warmup.mser5", "WorkloadKind.trace", "WorkloadSettings.backlog",
        "WorkloadSettings.chat_share", "EventKind.price", "EventKind.free", "EventKind.launch", "EventKind.retirement",
        "EventKind.outage", "EventKind.brownout", "EventKind.limit", "WorkloadSettings.hours", "WorkloadSettings.growth_per_week",
        "EventKind.route_closed", "PlanSettings.name", "PlanWindow.usd", "BackendKind.self_hosted", "ReservedSettings.units",
        "TeamSettings.times",
        "BackendSettings.handshake_s", "PlaceSettings.handshake_round_trips",
    }  # fmt: skip


UNKNOWN_TO_THE_TWIN = {
    "AgentKind.debate",
    "Policy.recorded",
    "Tastes.user",
}
"""Choices that concern nobody else, and that the compiled twin does not have."""


def test_choices_that_only_the_clock_has_are_these() -> None:
    """Of settings that are numbers a new one is unknown to the twin until it says otherwise (`twin` in the place of `alone`)."""
    kinds = {name for name, traits in FIXED.items() if traits.alone and not traits.unsolved and not traits.twin and "Settings." not in name}
    assert {name for name in kinds if not name.startswith(("EventKind.", "PlanWindow."))} == UNKNOWN_TO_THE_TWIN


@pytest.mark.parametrize(
    ("leads", "known"),
    [
        (team(3, loop(), requests=3, think_time_s=60), True),
        (team(3, loop(requests=3, think_time_s=60)), False),
        (team(3, loop(requests=3)), True),
        (team(3, loop(), depth=2, requests=3, think_time_s=60), False),
        (team(3, loop(requests=3, think_time_s=60), split=Split.divide, delegated_share=0.5), True),
    ],
)
def test_the_twin_has_teams_whose_user_keeps_one_agent_waiting_at_a_time(leads: Any, known: bool) -> None:
    assert DECLARED["AgentKind.orchestrator"](leads).twin is known


@pytest.mark.parametrize(("talks", "known"), [({}, True), ({"requests": 3}, True), ({"requests": 3, "think_time_s": 60}, False)])
def test_the_twin_has_pipelines_whose_users_keep_nobody_waiting(talks: Any, known: bool) -> None:
    assert DECLARED["AgentKind.pipeline"](stages({"find": stage(), "check": stage(**talks)})).twin is known


@pytest.mark.parametrize("tried", [{"most": 2}, {"verifier": loop()}, {"backends": ["one"]}, {"stop_when_lost": True}], ids=str)
def test_the_twin_begins_a_task_once(tried: Any) -> None:
    assert DECLARED["Pick.accepted"](TriesSettings()).twin
    assert not DECLARED["Pick.majority"](TriesSettings(**tried)).twin


@pytest.mark.parametrize("group", [backend(ttft_s=0.0), backend(ttft_s=0.0, network_rtt_s=0.1), backend()], ids=["0 s", "0.1 s", "1 s"])
def test_slots_are_taken_on_trust_only_where_every_call_takes_time(group: Any) -> None:
    """A call of no length leaves no trace in the rows by which the meter sees a line."""
    assert DECLARED["BackendSettings.slots"](group).alone is bool(group.ttft_s + group.network_rtt_s)


@pytest.mark.parametrize("per", list(Per), ids=lambda per: per.value)
def test_a_budget_stops_calls_and_is_dealt_only_where_each_task_has_its_own(per: Per) -> None:
    traits = DECLARED["BudgetSettings.usd"](BudgetSettings(usd=1.0, per=per))
    assert not traits.alone
    assert traits.unsolved
    assert bool(traits.undealt) is (per is not Per.task)


@pytest.mark.parametrize(("most", "cuts"), [(92, False), (91, True)])
def test_a_cap_on_agents_is_unsolved_where_a_task_may_come_to_it(most: int, cuts: bool) -> None:
    """One who finds 30 at most, three for each, one more."""
    found = {"dist": "uniform", "low": 5, "high": 30}
    crowd = stages({"find": stage(items=found), "check": stage(each="find", width=3), "merge": stage()}, max_agents=most)
    traits = DECLARED["AgentSettings.max_agents"](crowd)
    assert traits.alone
    assert bool(traits.unsolved) is cuts


QUICK = {"dist": "exponential", "mean": 3.0}
PAIR = {"one": backend(ttft_s=2.0), "two": backend(quality=0.4)}
CALL_USD = 2300e-6


def crowd(served: Any, tasks: int = 12, **changes: Any) -> sim.Scenario:
    """Tasks close together, which fan out."""
    crew = team(3, loop(turns=3, tool_time_s=QUICK), fanout=3, spawn_after_turn=2, tool_time_s=QUICK)
    return scenario(crew, served, tasks=tasks, every_s=QUICK, **changes)


TOUCHING = {
    "share_system": lambda: crowd(backend(share_system=True, cache_ttl_s=3.0)),
    "queue_limit": lambda: crowd(backend(slots=2, queue_limit=1)),
    "requests_per_min": lambda: crowd(backend(requests_per_min=20, limit_burst_s=5.0)),
    "input_tokens_per_min": lambda: crowd(backend(input_tokens_per_min=40_000, limit_burst_s=10.0)),
    "output_tokens_per_min": lambda: crowd(backend(output_tokens_per_min=9000, limit_burst_s=10.0)),
    "tokens_per_min": lambda: crowd(backend(tokens_per_min=45_000, limit_burst_s=10.0)),
    "a quota": lambda: crowd(backend(quotas={"five": QuotaSettings(window_h=5, requests=30)})),
    "decode_slowdown": lambda: crowd(backend(decode_tokens_per_s=100, decode_slowdown=0.5)),
    "reserved units": lambda: crowd(backend(reserved=ReservedSettings(units=1, tokens_per_min=9000, window_s=10.0))),
    "servers of one's own": lambda: crowd(
        backend(kind=BackendKind.self_hosted, prefill_tokens_per_s=3000, servers=ServerSettings(batch=2))
    ),
    "slots of calls that take no time": lambda: crowd(
        backend(ttft_s=0.0, slots=1, decode_tokens_per_s=1e9), retry=RetrySettings(attempts=1)
    ),
    "budget": lambda: crowd(backend(), budget=BudgetSettings(usd=40 * CALL_USD, per=Per.run)),
    "budgets by name": lambda: crowd(backend(), budgets={"mine": BudgetSettings(usd=3 * CALL_USD, per=Per.task)}),
    "a budget before tasks": lambda: crowd(backend(), budget=BudgetSettings(usd=40 * CALL_USD, per=Per.run, at=At.task, then=Then.stop)),
    "thompson": lambda: crowd(PAIR, router=RouterSettings(policy=Policy.thompson, per=ChoosePer.task), tasks=40),
    "ucb": lambda: crowd(PAIR, router=RouterSettings(policy=Policy.ucb, per=ChoosePer.task), tasks=40),
    "a warm-up": lambda: crowd(backend(), warmup=Warmup.fixed, warmup_s=20.0),
}


def told(world: sim.Scenario, **how: Any) -> list[Any]:
    """What is said of a run: its numbers and its digest."""
    result = sim.Result(world, [World(world, 0, Shard(), cut_s=world.warmup_s, **how).run()])
    return [result.digest, *result.summary["mean"].dropna().items()]


@pytest.mark.parametrize("what", TOUCHING)
def test_what_touches_others_is_run_step_by_step(what: str) -> None:
    """Other numbers, or books that do not agree."""
    world = TOUCHING[what]()
    assert not may_look_ahead(world)
    run, steps = sim.simulate(world), told(world)
    assert [run.digest, *run.summary["mean"].dropna().items()] == steps
    with contextlib.suppress(LineFormedError, sim.LawError, TypeError, KeyError):
        assert told(world, lookahead=True) != steps


@dataclasses.dataclass
class Novel:
    """A group with settings that somebody has just added."""

    told: int = alone(0)
    untold: int = setting(0)
    plain: int = 0


class Kind(Feature):
    """Somebody's new choice among kinds."""

    told = "told", ALONE
    untold = "untold"


@dataclasses.dataclass
class Chosen:
    """A group in which it is chosen."""

    kind: Kind = Kind.told


def test_what_declares_nothing_is_taken_to_touch_everything_once_it_is_set() -> None:
    assert list(traits_of(Novel())) == []
    assert dict(traits_of(Novel(told=1))) == {"told": ALONE}
    assert dict(traits_of(Chosen())) == {"kind": ALONE}
    undeclared = {**dict(traits_of(Novel(untold=1, plain=1), "new")), **dict(traits_of(Chosen(Kind.untold), "new"))}
    assert set(undeclared) == {"new.untold", "new.plain", "new.kind"}
    for key, traits in undeclared.items():
        assert all((traits.random_numbers, traits.remembers, traits.looks, traits.waits, traits.learns, traits.forecasts))
        assert not traits.alone
        assert key in traits.unsolved
        assert key in traits.undealt
