"""Teams of agents that were none."""

from __future__ import annotations

import sim

SMALL = ("agent=swe_team_2", "workload.tasks=3", "replications=1", "processes=1")


def test_a_team_in_which_nobody_handed_over_is_told() -> None:
    late = sim.simulate(sim.load(*SMALL, "agent.spawn_after_turn=100000"))
    assert late.summary["mean"]["agents"] == 3
    assert late.notes["alone"].startswith("No lead handed anything over: what is said here is of one agent a task")
    assert "alone" not in sim.simulate(sim.load(*SMALL)).notes
