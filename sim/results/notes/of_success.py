"""What is known of tasks' success, and that a deadline has let them fail."""

from __future__ import annotations

from sim.meter.tally import Tally
from sim.scenario.scenario import Scenario
from sim.statistics import digits


def success(scenario: Scenario) -> str:
    """Where nobody has measured how often such work succeeds."""
    why = scenario.success_unknown
    return f"Success is unknown: {why}. What a task costs is said, what a solved one costs is not." if why else ""


def late(scenario: Scenario, pooled: Tally) -> str:
    """Tasks that were worked on for longer than they may; where success is known they fail among others, and are told if none is left."""
    deadline_s, finished = scenario.outcome.deadline_s, pooled.tasks - pooled.lost
    if deadline_s is None or not finished:
        return ""
    over = f"of {finished:,} tasks with an answer, all replications together,"
    if scenario.success_unknown:
        missed = finished - pooled.successes
        most = f"at most {digits(100 * pooled.successes / pooled.tasks, 3)} % succeed"
        return f"{missed:,} {over} took longer than outcome.deadline_s={deadline_s:g}, which is a failure: {most}." if missed else ""
    if pooled.successes:
        return ""
    return f"None {over} is solved within outcome.deadline_s={deadline_s:g}: dollars of a solved task are not known."
