"""Work that was lost: said before anything else, since what looks cheap or fast may be work that was not done."""

from __future__ import annotations

import pandas as pd

from sim.report.grid import Study, called
from sim.report.numbers import compact, share
from sim.report.reference.labels import Names

MOST_NAMED = 4
"""Scenarios whose lost share is said one by one; of more than these only the worst."""
LEFT = (
    "Dollars a task are low there since lost tasks end early, and times are of those that finished, mostly short ones: less work done, "
    "not less spent on the same"
)
MUCH = 0.01
"""Share of tasks lost from which on a scenario's dollars are not ranked beside those of others (an assumption)."""


def lost_finding(one: Study, names: Names | None = None) -> str:
    """Which scenarios lost how much, and why the worst of them did; empty where nothing was lost."""
    if not one.loses:
        return ""
    one = one.apart
    rows = one.rows.sort_values("lost_share", ascending=False, kind="stable")  # of equals the first, as in `overload`
    worst, losing = rows.iloc[0], int((rows["lost_share"] > 0).sum())
    if len(rows) == 1:
        return f"Work was lost: {share(worst['lost_share'])} of tasks ended without an answer ({_why(worst)})"
    if len(rows) <= MOST_NAMED:
        told = [f"{share(row['lost_share'])} with {called(one, row, names)}" for _, row in rows.iterrows()]
        which = f"{told[0]} ({_why(worst)}), {', '.join(told[1:])}"
    else:
        most = f"most with {called(one, worst, names)}: {share(worst['lost_share'])} ({_why(worst)})"
        which = f"{losing} of {len(rows)} scenarios lose some, {most}"
    return f"Work was lost, tasks that ended without an answer: {which}"


def nothing_ended(one: Study, names: Names | None = None) -> str:
    """Scenarios in which no task ended: they have no dollars or tokens a task."""
    one = one.apart
    idle = one.rows[one.rows["tasks"] == 0] if "tasks" in one.rows else one.rows.iloc[:0]
    if idle.empty:
        return ""
    where = f" with {called(one, idle.iloc[0], names)}" if len(one.rows) > 1 else ""
    others = f" and in {len(idle) - 1} other scenario{'s' if len(idle) > 2 else ''}" if len(idle) > 1 else ""
    if not idle["tasks_in_flight"].any():
        return f"No task began{where}{others}: none arrives before the end of the run (start, horizon_s, workload.hours)"
    return f"No task ended{where}{others}: {compact(float(idle.iloc[0]['tasks_in_flight']))} were under way at the end of the run"


def unranked(one: Study, row: pd.Series) -> bool:
    """Whether a scenario lost so much that its dollars do not stand beside those of others."""
    return one.loses and bool(row.get("lost_share", 0.0) > MUCH)


def first(one: Study, names: Names | None = None) -> list[str]:
    """What comes before all other findings."""
    lost, idle = lost_finding(one, names), nothing_ended(one, names)
    return [part for part in (lost, LEFT if lost else "", idle, waited(one, names)) if part]


def waited(one: Study, names: Names | None = None) -> str:
    """How long tasks waited for a budget; empty where none did."""
    one = one.apart
    rows = one.rows[one.rows["budget_wait_s"] > 0] if "budget_wait_s" in one.rows else one.rows.iloc[:0]
    if rows.empty:
        return ""
    worst = rows.sort_values("budget_wait_s").iloc[-1]
    where = f", most with {called(one, worst, names)}" if len(one.rows) > 1 else ""
    return f"Tasks waited for their budgets{where}: {compact(float(worst['budget_wait_s']) / 3600)} hours a task on average"


def _why(row: pd.Series) -> str:
    """What happened to its attempts and calls."""
    refused, late = (float(row.get(name, 0.0)) for name in ("rate_limited_share", "timeout_share"))
    given_up = float(row.get("given_up_share", 0.0))
    blocked, capped = (float(row.get(name, 0.0)) / row["tasks"] for name in ("tasks_blocked", "tasks_capped"))
    said = [
        f"{share(refused)} of attempts turned away, 429" if refused else "",
        f"{share(late)} of attempts withdrawn: too long in line, or without the whole answer in time" if late else "",
        f"{share(given_up)} of calls given up" if given_up else "",
        "prompts longer than the context window among them" if row.get("calls_too_long", 0.0) else "",
        "calls refused for want of money among them" if row.get("calls_unpaid", 0.0) else "",
        f"{share(blocked)} of tasks refused for want of money" if blocked else "",
        f"{share(capped)} of tasks came to a cap" if capped else "",
    ]
    return "; ".join(each for each in said if each) or "their agents failed"
