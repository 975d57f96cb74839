"""What a deadline has let fail is said first; where nobody knows of success, too."""

from __future__ import annotations

from pathlib import Path

import pytest

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


def test_calls_that_were_given_up_are_told_where_no_task_was_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workflow of one's own whose only prompt fits no window, and which says that it has its answer all the same."""
    (tmp_path / "toolong.py").write_text(
        "def f(agent):\n    agent.settle()\n    yield agent.office.send(agent.call, 0, 5_000_000, 400, 0, 0.5, 1.0, 0.0)\n    return True\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    found = sim.simulate(sim.load("agent.kind=custom", "agent.workflow=toolong:f", *SMALL))
    told = "3 calls were given up, 3 of them with prompts longer than the context window; their tasks went on without"
    assert found.notes["given up"].startswith(told)
