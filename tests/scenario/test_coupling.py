"""Traits: every choice of every kind is walked through all the ways of running it; what declares nothing goes the careful way."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import sim
from sim import settings
from sim.engine.replicate import replicate
from sim.scenario.coupling import features, may_look_ahead, traits_of, unsolved
from sim.settings.agent import AgentKind
from sim.settings.bounds import alone, setting
from sim.settings.events.event import EventKind, EventSettings
from sim.settings.profile import AtCap, StageRole
from sim.settings.router import Policy, RouterSettings
from sim.settings.run import RetrySettings
from sim.settings.scenario import ScenarioSettings
from sim.settings.traits import CAUTIOUS, Feature
from sim.sweeps.sweep import replaced
from tests.worlds import agent, backend, loop, scenario, stage, stages, with_

SPREAD = {"dist": "exponential", "mean": 5}


def world(**changes: Any) -> sim.Scenario:
    """Teams on two backends that differ in everything, with failures and random sizes; slots without number."""
    two = {
        "one": backend(noise_sigma=0.5, error_rate=0.05, quality=0.6, cache_ttl_s=20.0),
        "two": backend(input_usd_per_mtok=2.0, ttft_s=2.5, error_rate=0.02, quality=0.9, decode_tokens_per_s=100.0),
    }
    team = agent(
        kind=AgentKind.orchestrator, turns=3, output_tokens=SPREAD, tool_time_s=SPREAD, fanout=2, worker=loop(turns=2, tool_time_s=SPREAD)
    )
    plain = scenario(team, two, tasks=24, every_s=SPREAD, replications=1, processes=1)
    return replaced(with_(plain, outcome=with_(plain.outcome, value_usd=1.0)), changes).check()


def kinds(group: type[Any] = ScenarioSettings, path: str = "") -> Iterator[tuple[str, type[Feature]]]:
    """Every setting that chooses among kinds: its key (of a backend or a stage: of the second one), and the kinds."""
    for name, hint in typing.get_type_hints(group).items():
        key = f"{path}.{name}" if path else name
        for each in (hint, *typing.get_args(hint)):
            if isinstance(each, type) and issubclass(each, Feature):
                yield key, each
            elif dataclasses.is_dataclass(each) and isinstance(each, type):
                yield from kinds(each, key + {"models": ".two", "stages": ".check"}.get(name, ""))


SOME = {"dist": "uniform", "low": 0, "high": 4}
FINDINGS = stages({
    "find": stage(items=SOME, report_tokens=SPREAD, tool_time_s=SPREAD, width=2),
    "check": stage(each="find", width=SOME, passes=0.6, report_tokens=200),
    "merge": stage(reads=["find", "check"]),
})  # fmt: skip
TRACED: dict[str, Any] = {"workload.kind": "trace", "workload.trace": "excerpt", "workload.trace_sessions": 2, "workload.tasks": None}
COMPANIONS: dict[Feature, dict[str, Any]] = {
    AgentKind.pipeline: {"agent": FINDINGS},
    **{role: {"agent": FINDINGS} for role in StageRole},
    **{at_cap: {"agent": with_(FINDINGS, max_agents=5, max_parallel=2, max_tokens=40_000)} for at_cap in AtCap},
    AgentKind.chat: {"agent.turns": 1},
    AgentKind.custom: {"agent.workflow": "tests.scenario.test_coupling:own_workflow"},
    Policy.custom: {"router.custom": "tests.scenario.test_coupling:own_policy"},
    Policy.recorded: TRACED,
    settings.workload.TraceCache.recorded: TRACED,
    Policy.by_role: {"router.roles": {"worker": "two"}},
    Policy.thompson: {"router.per": "task"},
    Policy.ucb: {"router.per": "task"},
    settings.router.Tastes.user: {"router.policy": "logit", "workload.kind": "users"},
    settings.run.Warmup.fixed: {"warmup_s": 10.0},
    settings.workload.WorkloadKind.trace: TRACED,
    settings.budget.Then.wait: {"budget.usd": 0.05, "budget.per": "hour"},
    settings.budget.Then.downgrade: {"budget.usd": 0.05},
    settings.budget.Then.stop: {"budget.usd": 0.05},
    settings.budget.Per.task: {"budget.usd": 0.01},
    settings.budget.Per.hour: {"budget.usd": 0.05},
    settings.budget.Per.day: {"budget.usd": 0.05},
    settings.budget.Per.run: {"budget.usd": 0.05},
    settings.budget.Per.rolling: {"budget.usd": 0.05, "budget.window_h": 0.01},
    settings.budget.At.call: {"budget.usd": 0.05},
    settings.budget.At.task: {"budget.usd": 0.05},
    settings.tries.Pick.majority: {"agent.tries.most": 3},
    EventKind.price: {"factor": 2.0},
    EventKind.free: {"length_h": 0.01},
    EventKind.outage: {"length_h": 0.01},
    EventKind.limit: {"factor": 0.5, "length_h": 0.01},
    EventKind.brownout: {"length_h": 0.01, "slower": 2.0, "error_rate": 0.3},
}
"""What a choice cannot do without. A new one that needs something is named here."""
MEMBERS = [(key, member) for key, kind in kinds() if not key.startswith(("sensitivity", "goal")) for member in kind]


def chosen(key: str, member: Feature) -> sim.Scenario:
    if key.startswith("budgets"):
        pytest.skip("the same kinds as under budget")
    if member is EventKind.route_closed:
        pytest.skip("needs a plan, which runs step by step: tests/engine/seats")
    if key.startswith("events"):
        return world(events=[EventSettings(kind=member, at=9.0, backend="two", **COMPANIONS.get(member, {}))])  # type: ignore[arg-type]
    return world(**COMPANIONS.get(member, {}) | {key: member.name})


@pytest.mark.parametrize(("key", "member"), MEMBERS, ids=str)
def test_every_choice_gives_the_same_bits_whichever_way_it_is_run(key: str, member: Feature) -> None:
    """Step by step, ahead of the clock, in shards: wherever its traits allow that; else it is refused in words."""
    one = chosen(key, member)
    plain = replicate(one, 0, step_by_step=True)
    assert plain.tally.calls
    if may_look_ahead(one):
        assert replicate(one, 0).tally.digests == plain.tally.digests
    reasons = [traits.undealt for _, traits in features(one) if traits.undealt]
    if reasons:
        with pytest.raises(sim.ConfigError, match=r"^shards=3: .+; use shards=1$"):
            with_(one, shards=3).check()
    else:
        assert replicate(with_(one, shards=3).check(), 0).tally.digests == plain.tally.digests


@pytest.mark.parametrize(("key", "member"), MEMBERS, ids=str)
def test_every_choice_has_expected_values_or_says_why_not(key: str, member: Feature) -> None:
    expected = sim.simulate(with_(chosen(key, member), replications=1)).theory
    assert bool(expected.values) != bool(unsolved(chosen(key, member)))
    assert expected.values or all(len(reason.split()) > 2 for reason in expected.unsolved)


def test_nothing_that_ships_is_left_undeclared_but_code_of_the_users() -> None:
    silent = [member for _, member in MEMBERS if member.declared is CAUTIOUS]
    assert set(silent) == {AgentKind.custom, Policy.custom}
    for module in pkgutil.walk_packages(settings.__path__, "sim.settings."):
        for group in vars(importlib.import_module(module.name)).values():
            if isinstance(group, type) and dataclasses.is_dataclass(group) and group.__name__ != "MarketSettings":
                for field in dataclasses.fields(group):
                    told = field.metadata.get("traits", CAUTIOUS) is not CAUTIOUS
                    hint = typing.get_type_hints(group)[field.name]
                    nested = [each for each in (hint, *typing.get_args(hint)) if dataclasses.is_dataclass(each)]
                    choice = isinstance(hint, type) and issubclass(hint, Feature)
                    assert told or nested or choice, f"{group.__name__}.{field.name}"


class Planted(Feature):
    """Choices as somebody might add them, without a word."""

    strange = "strange"


@dataclass
class Surprising(RetrySettings):
    """Settings to which somebody has added two, one of them without a word."""

    surprise: int = setting(0, low=0)
    harmless: int = alone(0, low=0)


def test_an_undeclared_setting_takes_the_careful_way_once_it_is_used() -> None:
    for surprise, harmless, careful in ((0, 0, False), (0, 1, False), (1, 0, True)):
        one = with_(world(), retry=Surprising(attempts=2, surprise=surprise, harmless=harmless))
        assert may_look_ahead(one) is not careful
        assert any("retry.surprise" in reason for reason in unsolved(one)) is careful
        if careful:
            with pytest.raises(sim.ConfigError, match=r"shards=2: nobody has said what retry\.surprise shares"):
                with_(one, shards=2).check()


def test_an_undeclared_choice_takes_the_careful_way() -> None:
    planted = dataclasses.replace(RouterSettings(), policy=typing.cast(Policy, Planted.strange))
    [traits] = [traits for key, traits in traits_of(planted) if key == "policy"]
    assert (traits.alone, traits.random_numbers, traits.learns, traits.forecasts) == (False, True, True, True)
    assert traits.unsolved == "policy: nobody has said what to expect of it"
    assert traits.undealt == "nobody has said what policy shares between tasks"


def own_policy(known: Any) -> Any:
    """The backend that is less busy at the moment."""
    return lambda call, draws: min(known.backends, key=lambda backend: backend.slots.taken)


def own_workflow(agent: Any) -> Any:
    """The loop, and a second to look at what came out."""
    from sim.agents.react import react

    done = yield from react(agent)
    yield agent.office.env.timeout(1.0)
    return done


def lying(known: Any) -> Any:
    """The same, and says that it looks at nobody."""
    return own_policy(known)


lying.traits = sim.ALONE  # type: ignore[attr-defined]


def test_a_policy_that_looks_at_others_without_saying_so_is_caught_by_comparing_the_two_ways() -> None:
    honest, lie = (world(**{"router.policy": "custom", "router.custom": f"{__name__}:{name}"}) for name in ("own_policy", "lying"))
    assert not may_look_ahead(honest)
    assert may_look_ahead(lie)
    assert replicate(lie, 0).tally.digests != replicate(lie, 0, step_by_step=True).tally.digests
    assert replicate(honest, 0).tally.digests == replicate(lie, 0, step_by_step=True).tally.digests


def test_a_policy_that_weighs_forecasts_is_refused_where_nobody_knows_what_to_expect() -> None:
    one = world(**{"agent.kind": "custom", "agent.workflow": f"{__name__}:own_workflow", "router.policy": "meets_floor"})
    with pytest.raises(sim.ConfigError, match=r"agent\.kind=custom: nobody has said what a task of it costs"):
        sim.simulate(one)
