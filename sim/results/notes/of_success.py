"""What is known of tasks' success, what a deadline has let fail, and what was answered although calls were not."""

from __future__ import annotations

from sim.call import Status
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


def given_up(pooled: Tally) -> str:
    """Calls without an answer in tasks that say they have one."""
    if pooled.lost or not pooled.given_up:
        return ""
    long = int(pooled.attempts[:, Status.too_long].sum())
    why = f", {long:,} of them with prompts longer than the context window" if long else ""
    return f"{pooled.given_up:,} calls were given up{why}; their tasks went on without, and count as answered: no task was lost by it."
