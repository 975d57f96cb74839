"""What a metric does over the scenarios of a sweep: its two ends, and whether their intervals tell them apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pandas as pd

from sim.report.grid import HIGHEST, LOWEST, Study, called, mark
from sim.report.lost import unranked
from sim.report.numbers import dollars, number, percent
from sim.report.reference.labels import Names

MOST_WORDS = 25
"""Of a sentence."""


class Effect(NamedTuple):
    """One metric over the scenarios that can be compared: those that lost little and are no extrapolation."""

    metric: str
    low: pd.Series
    """The scenario where it is least."""
    high: pd.Series
    many: int
    """Scenarios that were compared."""

    @property
    def apart(self) -> bool | None:
        """Whether the two ends can be told apart (95 %), by paired comparison where there is one, else by a gap between their intervals;
        None where neither is there: one replication."""
        if self.paired:
            return bool(self.high[f"best_{self.metric}"] == "no")
        top, bottom = self.low.get(f"{self.metric}_ci_high", math.nan), self.high.get(f"{self.metric}_ci_low", math.nan)
        return bool(top < bottom) if math.isfinite(top) and math.isfinite(bottom) else None

    @property
    def paired(self) -> bool:
        """Whether scenarios were compared pair by pair (`sim.sweeps.comparison.best`)."""
        return self.high.get(f"best_{self.metric}", "") in ("no", "maybe")


def comparable(one: Study) -> pd.DataFrame:
    """Scenarios whose numbers stand beside one another: they lost little, and somebody has measured such teams."""
    kept = one.rows[[not unranked(one, row) and not mark(row["_x"]) for _, row in one.rows.iterrows()]]
    return kept if len(kept) else one.rows.iloc[:0]


def effect(one: Study, metric: str, rows: pd.DataFrame | None = None) -> Effect | None:
    """Where a metric is least and most; None where fewer than two scenarios have it."""
    rows = comparable(one) if rows is None else rows
    known = rows[rows[metric].notna()] if metric in rows else rows.iloc[:0]
    if len(known) < 2:
        return None
    return Effect(metric, known.loc[known[metric].idxmin()], known.loc[known[metric].idxmax()], len(known))


def spanned_value(row: Any, metric: str, write: Callable[[float], str]) -> str:
    """`$0.41`, or `$0.41 to $0.55` over harnesses that differ."""
    low, high = (write(row.get(metric + end, math.nan)) for end in (LOWEST, HIGHEST))
    return write(row[metric]) if low == high or "-" in (low, high) else f"{low} to {high}"


def told(found: Effect | None, one: Study, names: Names | None, subject: str, write: Callable[[float], str]) -> str:
    """`a solved task costs $2.0 with 4 sub-agents, $5.0 with 16 sub-agents`; what intervals do not tell apart is one range.

    `subject` ends in its verb.
    """
    if found is None:
        return ""
    low, high = (spanned_value(row, found.metric, write) for row in (found.low, found.high))
    if low == high:
        kept = f"the {found.many}" if found.many < len(one.rows) else f"all {found.many}" if found.many > 2 else "both"
        return f"{subject} {low} in {kept} scenarios{' that lose little' if found.many < len(one.rows) else ''}"
    if found.apart is False:
        why = "cannot be told apart (95 %)" if found.paired else "95 % intervals overlap"
        return f"{subject} {write(found.low[found.metric])} to {write(found.high[found.metric])}; {why}"
    where = [called(one, row, names) for row in (found.low, found.high)]
    unsure = "" if found.apart else " (no interval known)"
    return f"{subject} {low} {joint(one)} {where[0]}, {high} {joint(one)} {where[1]}{unsure}"


def joint(one: Study) -> str:
    """`on` where backends alone differ, `with` any other setting."""
    return "on" if one.axes == ["backends"] else "with"


def words(text: str) -> int:
    """How many; `29 %` and `10 s` held together by a space that does not break are one."""
    return len(text.split(" "))


def sentences(clauses: Iterable[str]) -> list[str]:
    """Clauses made into sentences of at most `MOST_WORDS`: two short ones share one. Each begins with a capital and has no full stop."""
    out: list[str] = []
    for clause in clauses:
        if not clause:
            continue
        if out and ";" not in out[-1] and words(out[-1]) + words(clause) <= MOST_WORDS:
            out[-1] += f"; {clause}"
        else:
            out.append(clause)
    return [text[0].upper() + text[1:] for text in out]


def seconds(value: float) -> str:
    """`12 s`, `4.5 min`, `3.2 h`."""
    for unit, of in (("h", 3600), ("min", 60)):
        if value >= 2 * of:
            return f"{number(value / of, 2)}\u00a0{unit}"
    return f"{number(value, 2) if value else 0}\u00a0s"


WRITTEN: dict[str, tuple[str, Callable[[float], str]]] = {
    "mean_wait_s": ("a call waits on average", seconds),
    "task_latency_p50_s": ("the median task takes", seconds),
    "task_latency_p95_s": ("one task in 20 takes more than", seconds),
    "call_latency_p50_s": ("the median call takes", seconds),
    "cost_per_task_usd": ("a task costs", dollars),
    "cost_per_finished_task_usd": ("a finished task costs", dollars),
    "cost_per_success_usd": ("a solved task costs", dollars),
    "success_rate": ("the share of tasks solved is", percent),
}
"""What is said of a metric, and how its values are written."""


def of(one: Study, metric: str, names: Names | None) -> str:
    """A clause of a metric."""
    subject, write = WRITTEN[metric]
    return told(effect(one, metric), one, names, subject, write)
