"""A setting, a choice among kinds, a random decision: planted in settings of the tests' own, beside those that ship."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import pytest

import sim
from sim.agents.agent import Agent, Life
from sim.agents.react import react
from sim.sampling.decisions import Decisions, Purpose
from sim.scenario.coupling import may_look_ahead, unsolved
from sim.settings.agent import AgentKind, AgentSettings
from sim.settings.bounds import alone, setting
from sim.settings.capacity.limits import REFUSES
from sim.settings.market import BackendSettings
from sim.settings.router import ChoosePer, RouterSettings
from sim.settings.run import RetrySettings
from sim.settings.traits import ALONE, Feature, Traits
from sim.settings.workload import WorkloadSettings
from tests.recipes.ways import assert_cautious, assert_declared_truly, assert_theory_agrees, declares, digest
from tests.sampling.test_decisions import TABLE, clash
from tests.worlds import SIZES, agent, scenario, with_

HERE = "tests.recipes.test_settings"
PLAIN: dict[str, Any] = {"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 1.0, "cache_min_tokens": 0}
LOOP: dict[str, Any] = SIZES | {"turns": 3, "output_tokens": {"dist": "exponential", "mean": 300}}


def _by_size(backend: Any) -> Traits:
    """A small one concerns each call by itself; a large one needs the clock."""
    return ALONE if backend.declared_by_size < 10 else ALONE._replace(waits=True)


@dataclass(kw_only=True)
class OwnBackend(BackendSettings):
    """Settings that nobody reads: what is tried is what becomes of a run in which they are set."""

    undeclared: float = 0.0
    """As a dataclass has it: no bounds, no traits."""
    bounded: float = setting(0.0, low=0, high=1)
    """With bounds, and no traits."""
    declared: float = alone(0.0, low=0, high=1)
    declared_a_limit: int | None = setting(None, low=1, traits=REFUSES)
    declared_undealt: bool = setting(False, traits=ALONE._replace(undealt="{key} is one for all"))
    declared_by_size: int = setting(0, traits=_by_size)


class Mood(Feature):
    """A choice among kinds: some members declared, some not."""

    calm = "calm", ALONE
    wild = "wild"


class Taste(enum.Enum):
    """A choice that is no `Feature`, so cannot declare anything."""

    sweet = "sweet"


class Added(Feature):
    """Policies as somebody has just added one, without a word."""

    novel = "novel"


@dataclass
class AddedRouter(RouterSettings):
    """A router with it."""

    policy: Added = Added.novel  # type: ignore[assignment]


@dataclass
class Moody(AgentSettings):
    """An agent with a mood."""

    mood: Mood = Mood.calm


@dataclass
class Tasteful(RetrySettings):
    """A client with a taste."""

    taste: Taste = Taste.sweet


def world(**changes: Any) -> sim.Scenario:
    """Tasks that overlap on one backend of our own."""
    return scenario(agent(**LOOP), OwnBackend(**PLAIN, **changes), tasks=20, every_s=2.0)


def test_a_setting_at_its_default_costs_nothing() -> None:
    assert_declared_truly(world())
    assert digest(world()) == digest(scenario(agent(**LOOP), BackendSettings(**PLAIN), tasks=20, every_s=2.0))


@pytest.mark.parametrize("name", ["undeclared", "bounded"])
def test_a_setting_that_declares_nothing_goes_step_by_step_once_it_is_set(name: str) -> None:
    assert_cautious(world(**{name: 0.5}), f"market.models.one.{name}")


def test_a_setting_of_a_backend_that_is_not_in_use_does_not_matter() -> None:
    other = OwnBackend(**PLAIN, undeclared=1.0)
    assert may_look_ahead(with_(scenario(agent(**LOOP), {"one": OwnBackend(**PLAIN), "two": other}), backends=["one"]).check())


def test_a_setting_that_is_declared_truly_takes_every_fast_way() -> None:
    assert_declared_truly(world(declared=0.5))
    assert not unsolved(world(declared=0.5))
    assert_theory_agrees(scenario(agent(), OwnBackend(**PLAIN, declared=0.5), tasks=3, every_s=2.0))
    with pytest.raises(sim.ConfigError, match=r"^market.models.one.declared=2: must be at most 1$"):
        world(declared=2)


def test_a_limit_needs_the_clock_and_is_not_dealt_out_unless_it_says_so() -> None:
    limited = world(declared_a_limit=3)
    assert not may_look_ahead(limited)
    with pytest.raises(sim.ConfigError, match=r"^shards=2: market.models.one.declared_a_limit counts all calls together; use shards=1$"):
        with_(limited, shards=2).check()
    assert unsolved(limited) == ["calls that are turned away: full lines and rate limits"]


def test_a_setting_says_in_its_own_words_why_it_cannot_be_dealt_out() -> None:
    with pytest.raises(sim.ConfigError, match=r"^shards=2: market.models.one.declared_undealt is one for all; use shards=1$"):
        with_(world(declared_undealt=True), shards=2).check()


def test_traits_may_depend_on_the_settings_around() -> None:
    assert may_look_ahead(world(declared_by_size=9))
    assert not may_look_ahead(world(declared_by_size=10))


def test_a_kind_counts_even_where_it_is_the_default() -> None:
    """Which of them is the default says nothing of what it touches."""
    calm, wild = (scenario(Moody(**LOOP, mood=mood), tasks=20, every_s=2.0) for mood in Mood)
    assert_declared_truly(calm)
    assert_cautious(wild, "agent.mood")
    assert_cautious(scenario(agent(**LOOP), tasks=20, every_s=2.0, retry=Tasteful()), "retry.taste")


@pytest.mark.parametrize("per", list(ChoosePer), ids=lambda per: per.value)
def test_a_policy_that_has_declared_nothing_is_cautious_however_long_a_choice_holds(per: ChoosePer) -> None:
    """It is not taken for one that learns, which needs per=task, or that forecasts, which knows no chats."""
    told = scenario(agent(**LOOP), tasks=20, router=AddedRouter(per=per), workload=WorkloadSettings(tasks=20, chat_share=0.5))
    assert not may_look_ahead(told)
    with pytest.raises(sim.ConfigError, match=r"^shards=2: nobody has said what router.policy shares between tasks; use shards=1$"):
        with_(told, shards=2).check()


# A random decision: columns of its own, so that no draw of another moves.

PAGE = 999
"""Of a purpose and branch that has pages to spare."""
MOOD = Decisions(Purpose.TASK, ("mood",), ("tests",), branch=0, page=PAGE)


@declares(ALONE)
def moody(agent: Agent) -> Life:
    """A loop that draws, and does not care."""
    [u_mood] = agent.office.streams.draws(MOOD, agent.task.id, 0, PAGE)
    assert 0 <= u_mood < 1
    return react(agent)


@declares(ALONE)
def even(agent: Agent) -> Life:
    return react(agent)


def test_a_new_decision_shares_its_column_with_none() -> None:
    assert not [name for name, known in TABLE.items() if clash(MOOD, known)]
    assert "JOB" in [name for name, known in TABLE.items() if clash(MOOD._replace(page=1), known)]


def test_a_new_decision_moves_no_draw_of_another() -> None:
    drawn, not_drawn = (
        scenario(agent(**LOOP, kind=AgentKind.custom, workflow=f"{HERE}:{workflow}"), tasks=20, every_s=2.0)
        for workflow in ("moody", "even")
    )
    assert_declared_truly(drawn)
    assert digest(drawn) == digest(not_drawn)
