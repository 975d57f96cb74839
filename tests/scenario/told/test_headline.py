"""A scenario in a prompt and in a notebook: what it does, in words that can be typed; its whole text stays a key."""

from __future__ import annotations

import dataclasses

import pytest

import sim
from sim.settings.workload import WorkloadKind, WorkloadSettings
from tests.worlds import agent, backend, scenario

WORLD = {"one": backend(label="<One>"), "two": backend()}


@pytest.mark.parametrize(
    ("workload", "said"),
    [
        (WorkloadSettings(tasks=1_200), "1,200 tasks"),
        (WorkloadSettings(tasks=None), "tasks in 600 s"),
        (WorkloadSettings(kind=WorkloadKind.users, users=1, tasks_per_user=2), "1 user with 2 sessions each"),
        (WorkloadSettings(kind=WorkloadKind.users, users=3, tasks_per_user=None), "3 users in 600 s"),
        (WorkloadSettings(kind=WorkloadKind.trace, trace="excerpt"), "recorded sessions (excerpt)"),
    ],
)
def test_a_prompt_says_what_is_to_be_done(workload: WorkloadSettings, said: str) -> None:
    horizon_s = 600.0 if "600" in said else None
    made = dataclasses.replace(scenario(agent(), WORLD), workload=workload, horizon_s=horizon_s)
    first, second = repr(made).split("\n")
    assert f": {said}, " in first
    assert "backends=[one,two], " in first
    assert ("agent.kind=" in first) == (workload.kind is not WorkloadKind.trace)
    assert len(first) < 200
    assert "sim.simulate" in second


def test_a_notebook_shows_it_escaped_with_prices() -> None:
    made = dataclasses.replace(scenario(agent(), WORLD), name="<b>")._repr_html_()
    assert "<b>" not in made
    assert "&lt;One&gt;: " in made
    assert "USD/Mtok in" in made


def test_scenarios_that_a_prompt_does_not_tell_apart_have_texts_of_their_own() -> None:
    one = scenario(agent(), WORLD)
    other = sim.replaced(one, {"market.models.one.ttft_s": 1.25})
    assert repr(one) == repr(other)
    assert one.as_text() != other.as_text()
    assert one.as_text() == sim.replaced(one, {}).as_text()
    assert "ttft_s=1.25" in other.as_text()


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("workload.tasks", "2x", "workload.tasks='2x': must be a number"),
        ("horizon_s", "8h", "horizon_s='8h': must be a number"),
        ("backends", [5], ""),
        ("agent", 5, ""),
    ],
)
def test_what_cannot_be_run_is_shown_as_such(key: str, value: object, told: str) -> None:
    """A prompt shows a scenario before anybody has checked it."""
    made = sim.replaced(scenario(agent(), WORLD), {key: value})
    assert repr(made).startswith(f"Scenario 'scenario' cannot be run: {told}")
    assert "cannot be run" in made._repr_html_()
