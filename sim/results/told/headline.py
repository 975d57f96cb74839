"""A result in a line, what was lost first; and in a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from sim.results.metrics import HEADLINES, unit_of
from sim.scenario.told.card import card
from sim.scenario.told.numbers import compact, dollars, number, percent, share
from sim.statistics import Estimate

Intervals = Mapping[str, Estimate]
"""Metrics with their 95 % intervals, or without: nan."""
SAID: dict[str, Callable[[str], str]] = {
    "cost_per_task_usd": "{} a task".format,
    "success_rate": "success {}".format,
    "cost_per_success_usd": "{} a success".format,
    "tokens_per_task": "{} tokens a task".format,
    "task_latency_p50_s": "median time {} s".format,
}
"""Headlines that fit a line."""
LOST = ("lost_share", "tasks_in_flight")


def written(metric: str, value: float) -> str:
    """A value for people, without its unit; shares as percentages."""
    if metric.endswith(("_share", "_rate")):
        return percent(value)
    return compact(value) if unit_of(metric) in ("", "tokens") else number(value)


def headline(found: Intervals) -> str:
    """`$1.0 a task (0.21 to 1.9), success 65 %, ...`; without what nobody knows."""
    if not found["tasks"].mean:
        return "no task ended"
    lost = found["lost_share"].mean
    said = [f"{share(lost)} of tasks lost"] if lost > 0 else []
    for metric, tell in SAID.items():
        value = found[metric]
        if math.isfinite(value.mean):
            span = f" ({number(value.ci_low, 2)} to {number(value.ci_high, 2)})" if metric == "cost_per_task_usd" and _wide(value) else ""
            said.append(tell(dollars(value.mean) if unit_of(metric) == "USD" else written(metric, value.mean)) + span)
    return ", ".join(said)


def html(title: str, found: Intervals, below: Sequence[str]) -> str:
    """Headline metrics with their intervals; what was lost, and never ended, before them."""
    names = [*(name for name in LOST if found[name].mean > 0), *HEADLINES]
    rows = [(name, _told(name, found[name]), _span(name, found[name]), unit_of(name)) for name in names]
    return card(title, ("metric", "mean", "95 % interval", "unit"), rows, below)


def _told(metric: str, value: Estimate) -> str:
    return written(metric, value.mean) if math.isfinite(value.mean) else "unknown"


def _span(metric: str, value: Estimate) -> str:
    return f"{written(metric, value.ci_low)} to {written(metric, value.ci_high)}" if _wide(value) else ""


def _wide(value: Estimate) -> bool:
    return value.ci_low < value.ci_high
