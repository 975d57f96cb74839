"""What a deadline has let fail is said first; where nobody knows of success, too."""

from __future__ import annotations

import sim
from sim.report.tables import readable

SMALL = ("workload.tasks=3", "replications=1", "processes=1")


def test_tasks_that_took_too_long_are_told() -> None:
    """Three chats take 25.0 to 54 seconds of work each (their own `tasks` table says so)."""
    chats = sim.simulate(sim.load("agent=chat", "backends=[minimax_m2_5]", *SMALL, "outcome.deadline_s=5"))
    assert not chats.tasks["success"].any()
    over = "3 of 3 tasks with an answer, all replications together, took longer than outcome.deadline_s=5"
    told = f"{over}, which is a failure: at most 0 % succeed."
    assert chats.notes["late"] == told
    assert "late" not in sim.simulate(sim.load("agent=chat", *SMALL, "outcome.deadline_s=5000")).notes


def test_that_none_succeeds_is_a_number_and_a_word() -> None:
    issues = sim.simulate(sim.load("agent=swe_task", *SMALL, "outcome.deadline_s=5"))
    assert issues.notes["late"].startswith(
        "None of 3 tasks with an answer, all replications together, is solved within outcome.deadline_s=5"
    )
    shown = readable(issues.summary, {}).set_index("metric")["mean"]
    assert shown["success_rate"] == "0.00"
