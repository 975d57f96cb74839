"""Where work was lost or turned away: the first thing that is said of a sweep, in a sentence."""

from __future__ import annotations

import pandas as pd

from sim.report.grid import Study, called, place_label
from sim.report.numbers import share
from sim.report.reference.labels import Names

LEAST = 0.01
"""Share of attempts turned away from which on that is said, though no task was lost."""


def overload(one: Study, names: Names | None = None) -> str:
    """Where it is worst, what happened there, and from where on nothing is lost; empty where nothing was."""
    one = one.apart
    rows = one.rows
    if "lost_share" not in rows:
        return ""
    lost = rows["lost_share"].fillna(0.0)
    refused = rows.get("rate_limited_share", pd.Series(0.0, rows.index)).fillna(0.0)
    pressed = (lost > 0) | (refused >= LEAST)
    if not pressed.any():
        return ""
    worst = rows.loc[(lost + refused / 1e6).idxmax()]
    overloaded = any(worst.get(name, 0.0) > 0 for name in ("rate_limited_share", "timeout_share"))
    head = "Overload" if overloaded else "Lost work"
    if len(rows) == 1:
        return f"{head}: {_happened(worst)}"
    if one.numeric and len(one.lines) == 1:
        return f"{head} with {called(one, worst, names)}: {_happened(worst)}{_relief(one, pressed, names)}"
    return f"{head} in {int(pressed.sum())} of {len(rows)} scenarios, worst with {called(one, worst, names)}: {_happened(worst)}"


def _happened(row: pd.Series) -> str:
    """`29 % of tasks lost, 4 % of attempts turned away (429)`."""
    lost = float(row["lost_share"])
    causes = {
        "of attempts turned away (429)": row.get("rate_limited_share", 0.0),
        "of attempts withdrawn": row.get("timeout_share", 0.0),
        "of tasks refused for want of money": row.get("tasks_blocked", 0.0) / max(row.get("tasks", 1.0), 1.0),
        "of tasks at a cap": row.get("tasks_capped", 0.0) / max(row.get("tasks", 1.0), 1.0),
        "of calls given up": row.get("given_up_share", 0.0),
    }
    said = [f"{share(part)} {what}" for what, part in causes.items() if part > 0]
    if row.get("calls_too_long", 0.0) > row.get("calls_given_up", 0.0) / 2:
        said = ["mostly to overlong prompts"]
    return ", ".join([f"{share(lost)} of tasks lost" if lost else "no task lost", *said[:1]])


def _relief(one: Study, pressed: pd.Series, names: Names | None) -> str:
    """`; none lost from 1M tokens/min on`, where that side of the axis is free of it."""
    at = dict(zip(one.rows["_x"], pressed, strict=True))
    free = [place for place in one.places if not at.get(place, True)]
    if free and free == one.places[-len(free) :]:
        return f"; none lost from {place_label(one.x, free[0], names)} on"
    if free and free == one.places[: len(free)]:
        return f"; none lost up to {place_label(one.x, free[-1], names)}"
    least = one.rows.loc[one.rows["lost_share"].idxmin()]
    return f"; least with {called(one, least, names)}, {share(float(least['lost_share']))}" if pressed.all() else ""
