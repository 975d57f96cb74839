"""How many times a chat's tokens: request against request, message against message, session against a chat of as many messages."""

from __future__ import annotations

import math

import pandas as pd

from sim.report.grid import Study, place_label
from sim.report.numbers import number
from sim.report.reference.labels import Names
from sim.report.tables import aligned

MULTIPLIERS = {
    "multiplier_per_request": "a request",
    "multiplier_per_message": "a user's message",
    "multiplier_per_session": "a session",
}
"""What is held against the same of a chat, by metric; a session against a chat of as many messages."""
ENDS = ("", "_least", "_most")
NOTE = (
    "In brackets: from the chat baseline that makes least of it to the one that makes most. "
    "A session stands against a chat of as many messages as its user sends."
)


def told(values: tuple[float, float, float]) -> str:
    """`59.2 (8.9 to 88)`: against the chat baseline, and from the least to the most of all; `-` where there is none."""
    least, most = (number(value, 2) for value in values[1:])
    middle = number(values[0])
    return middle if least == most else f"{middle} ({least} to {most})"


def of_line(one: Study, line: str) -> pd.DataFrame:
    """A row a place that finished, a column a multiplier: its value and range."""
    found = {metric: list(zip(*(one.values(line, f"{metric}{end}") for end in ENDS), strict=True)) for metric in MULTIPLIERS}
    table = pd.DataFrame(found, index=one.places)
    known = [all(math.isfinite(value) for values in row for value in values) for row in table.itertuples(index=False)]
    return table[known]


def multipliers(one: Study, names: Names | None = None) -> str:
    """The table in print, of the most expensive line; empty where nothing finished."""
    texts = multiplier_table(one, names)
    return "" if texts.empty else f"{aligned(texts)}\n\n{NOTE}"


def multiplier_table(one: Study, names: Names | None = None) -> pd.DataFrame:
    """The table for people; without rows where nothing finished."""
    line = next(iter(one.lines), None)
    table = of_line(one, line) if line is not None else pd.DataFrame()
    if table.empty:
        return table
    where = f" on {line}" if len(one.lines) > 1 else ""
    texts = pd.DataFrame({f"Tokens, times a chat's{where}": [place_label(one.x, place, names) or "a task" for place in table.index]})
    for metric, label in MULTIPLIERS.items():
        texts[label] = [told(values) for values in table[metric]]
    return texts
