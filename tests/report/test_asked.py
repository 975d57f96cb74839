"""A page says what its numbers are of, without what the table shows."""

from __future__ import annotations

import sim
from sim.report.asked import asked
from sim.scenario.text import plain


def test_users_tasks_and_traces_in_words() -> None:
    people = plain(sim.load("agent=team", "workload.kind=users", "workload.users=30", "replications=4", "backends=[kimi_k2_5]"))
    said = asked(people, {"kimi_k2_5": "Kimi K2.5"})
    assert said == (
        "What was run: 30 users with 1 session each, by a lead with sub-agents, on Kimi K2.5, prices of feb_2026, 4 replications."
    )
    tasks = plain(sim.load("agent=chat", "workload.tasks=1", "replications=1"))
    said = asked(tasks, {}, ["agent", "backends"])
    assert said == "What was run: 1 task, prices of feb_2026, 1 replication; in the table: workflow, backends."
    assert asked(tasks, {}, ["workload.tasks"]).startswith("What was run: as a chat, on ")
    recorded = asked(plain(sim.load("workload=trace", "replications=1")), {})
    assert recorded == "What was run: sessions as recorded (excerpt), on claude_opus_4_6, prices of feb_2026, 1 replication."
    office = plain(sim.load("workload=office", "workload.zone=Europe/Berlin", "horizon_s=604800"))
    assert "7 days, by the hour (Europe/Berlin), by a lead with sub-agents, on claude" in asked(office, {})
    assert "tasks for 5.5 hours" in asked(plain(sim.load("workload.tasks=null", "horizon_s=19800")), {})
    assert "tasks for 60 s" in asked(plain(sim.load("workload.tasks=null", "horizon_s=60")), {})
