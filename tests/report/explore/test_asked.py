"""What sliders ask: a scenario that the shell would compose, an answer with its interval, warnings before it."""

from __future__ import annotations

import shlex

import pytest

import sim
from sim.report.explore import asked
from sim.report.explore.asked import Asked, drawing, headline, scenario, table, under, warnings
from sim.report.numbers import dollars
from sim.settings.population.plan import DAYS_A_MONTH

FREE = Asked(2, "minimax_m2_5", 100.0)
SHORT = Asked(2, "minimax_m2_5", 10_000.0, 10_000.0)


@pytest.mark.parametrize("one", [Asked(), FREE, SHORT], ids=["alone", "team", "quota"])
def test_the_command_that_is_named_composes_the_same_scenario(one: Asked) -> None:
    command = next(line for line in under(one) if line.startswith("The same in the shell: sim "))
    words = shlex.split(command.removeprefix("The same in the shell: sim "))
    assert sim.load(*words, "log=none", "processes=1") == scenario(one)


def test_dollars_a_month_are_those_of_a_task_times_tasks() -> None:
    cost = asked.simulated(FREE).mean("cost_per_task_usd")
    month = dollars(cost * 100 * DAYS_A_MONTH)
    assert headline(FREE).startswith(f"{month} a month (")
    assert table(FREE)[0][:2] == ("dollars a month", month)
    assert warnings(FREE) == []


def test_a_quota_that_is_too_small_and_a_team_nobody_measured_are_told_first() -> None:
    said = " ".join(warnings(SHORT))
    assert "of tasks are lost" in said
    assert "The quota is too small" in said
    assert any("Nobody has measured a team of 16" in line for line in warnings(Asked(16, "minimax_m2_5")))


@pytest.mark.slow
def test_the_figure_has_every_backend_and_its_words_are_text() -> None:
    svg = drawing(FREE)
    assert svg.startswith("<svg ")
    assert all(f">{label}<" in svg for label in asked.labels())
    assert "MiniMax M2.5: $" in svg
    assert drawing(FREE) == svg
