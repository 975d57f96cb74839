"""What every addition is held to: the fast ways leave the bits of the slow one, or are refused in words."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

import sim
from sim.engine.replicate import replicate
from sim.scenario.coupling import may_look_ahead
from sim.settings.traits import Traits
from sim.theory import expect
from tests.worlds import with_

Own = TypeVar("Own", bound=Callable[..., Any])
FEW = 3
"""Sizes that vary no more than that say nothing of draws."""


def declares(traits: Traits) -> Callable[[Own], Own]:
    """A decorator: what a function of one's own says of itself, in its attribute `traits`."""

    def mark(function: Own) -> Own:
        vars(function)["traits"] = traits
        return function

    return mark


def digest(scenario: sim.Scenario, *, step_by_step: bool = False) -> str:
    """Of one replication, by the fastest way that its traits allow."""
    return sim.Result(scenario, [replicate(scenario, 0, step_by_step=step_by_step)]).digest


def assert_lived_apart(result: sim.Result) -> None:
    """What both ways may do alike, and wrongly: no task ends, or two agents of a task draw the same numbers."""
    assert result.scenario.horizon_s or not result.mean("tasks_in_flight"), "some tasks never end: an event without `wait_for`?"
    firsts = result.calls.query("turn == 0 and status == 'ok'").drop_duplicates(["task", "agent"])
    by_agent = firsts.pivot(index="task", columns="agent", values="output_tokens")
    for one, other in itertools.combinations(by_agent, 2):
        both = by_agent[[one, other]].dropna()
        if both[one].nunique() > FEW:
            assert (both[one] != both[other]).any(), f"agents {one} and {other} draw the same numbers: has each a branch of its own?"


def assert_declared_truly(scenario: sim.Scenario, shards: int = 3) -> None:
    """It runs ahead of the clock, and in shards, and leaves the bits that it leaves step by step.

    Raises `AssertionError` for traits that promise too much. `shards=1`: it does not say that tasks can be dealt out.
    """
    assert may_look_ahead(scenario), "nothing is tried here: it goes step by step"
    steps = sim.Result(scenario, [replicate(scenario, 0, step_by_step=True)])
    assert_lived_apart(steps)
    slow = steps.digest
    assert digest(scenario) == slow, "ahead of the clock it does something else"
    assert digest(with_(scenario, shards=shards).check()) == slow, "in shards it does something else"


def assert_cautious(scenario: sim.Scenario, key: str) -> None:
    """It runs step by step, in one part, and theory says why it says nothing."""
    assert not may_look_ahead(scenario)
    assert digest(scenario) == digest(scenario, step_by_step=True)
    with pytest.raises(sim.ConfigError, match=rf"^shards=2: nobody has said what {re.escape(key)} shares between tasks; use shards=1$"):
        with_(scenario, shards=2).check()
    expected = expect(scenario)
    assert not expected.values
    assert f"{key}: nobody has said what to expect of it" in expected.unsolved


def assert_theory_agrees(scenario: sim.Scenario, result: sim.Result | None = None, margin: float = 1e-9) -> None:
    """Whatever theory expects of a scenario is what comes out of it; for worlds in which nothing varies, or with a margin.

    Theory is a second program: it does not know what has been added to the first one alone. `result`: of another world than the
    scenario's own.
    """
    expected, came_out = expect(scenario).values, result or sim.simulate(scenario)
    assert expected, "nothing is tried here: theory has no values"
    for metric, value in expected.items():
        assert came_out.mean(metric) == pytest.approx(value, rel=margin, abs=margin), f"theory expects another {metric}"
