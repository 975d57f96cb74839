"""What a run will come to, for people: what to know first, a task, the whole workload, what is sure and what is not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import pandas as pd

from sim.report.asked import asked
from sim.report.numbers import compact, counted, number
from sim.report.tables import aligned
from sim.results.outlook.outlook import Outlook
from sim.results.outlook.spread import SHARES, Span
from sim.scenario.text import plain
from sim.statistics import digits

_WRITTEN: dict[str, tuple[str, Callable[[float], str]]] = {
    "tokens": ("tokens", compact),
    "usd": ("USD", number),
    "minutes": ("minutes", number),
}
NOTED = 2
"""Reasons why theory knows no mean that are named."""


def page(outlook: Outlook) -> str:
    """All of it, as text."""
    names = {name: backend.label or name for name, backend in outlook.scenario.market.models.items()}
    first = [*outlook.said, asked(plain(outlook.scenario), names).replace("was run", "is to run"), _simulated(outlook)]
    return "\n\n".join(["\n".join(first), _table(outlook), "\n".join(f"- {line}" for line in (*_how_sure(outlook), *outlook.notes))])


def _simulated(outlook: Outlook) -> str:
    done = outlook.simulated
    return f"Simulated ahead: {counted(done.tasks, 'task')}, {counted(done.calls, 'call')}, in {counted(done.runs, 'run')}."


def _table(outlook: Outlook) -> str:
    many = outlook.workload_tasks
    groups = {"a task": outlook.task, "in all" if many is None else "the task" if many == 1 else f"all {many:,.0f} tasks": outlook.workload}
    rows = [(f"{_WRITTEN[name][0]}, {of}", _WRITTEN[name][1], each) for of, figures in groups.items() for name, each in figures.items()]
    shown = {"": [heading for heading, *_ in rows]}
    shown |= {key.upper(): [_told(each[key], write) for _, write, each in rows] for key in SHARES}
    return aligned(pd.DataFrame(shown | {"mean": [_told(each["mean"], write) for _, write, each in rows]}))


def _told(span: Span, write: Callable[[float], str]) -> str:
    """`5.6M (5.0M to 6.4M)`; `5.6M (>5.0M)` where too few were simulated to tell how far it goes; `=5.6M` where it is exact."""
    if math.isnan(span.value):
        return "-"
    if span.low == span.high:
        return f"={write(span.value)}"
    if math.isnan(span.high):
        return f"{write(span.value)} (?)" if math.isnan(span.low) else f"{write(span.value)} (>{write(span.low)})"
    return f"{write(span.value)} ({'0' if math.isnan(span.low) else write(span.low)} to {write(span.high)})"


def _how_sure(outlook: Outlook) -> Iterator[str]:
    yield "In brackets: where the figure lies with 95 % confidence, by what so few tasks can tell (ranks; means and sums: jackknife)."
    spans = [span for figures in (outlook.task, outlook.workload) for each in figures.values() for span in each.values()]
    if any(math.isnan(span.high) and not math.isnan(span.value) for span in spans):
        yield "(>x): at least x, (?): not known how sure; too few were simulated for more."
    if outlook.by_theory:
        yield f"=: exact, by theory (the mean of {', '.join(_WRITTEN[name][0] for name in outlook.by_theory)} a task)."
    if outlook.unsolved:
        more = f" and {len(outlook.unsolved) - NOTED} more" if len(outlook.unsolved) > NOTED else ""
        yield f"Not known to theory: {'; '.join(outlook.unsolved[:NOTED])}{more}."
    yield "minutes, a task: until its answer, its user's thinking left out" + (
        "; in all: from the first arrival to the last end." if "minutes" in outlook.workload else "."
    )


def gate(outlook: Outlook, budget_usd: float) -> str:
    """What a budget comes to, in a sentence."""
    of, figures = outlook.spending
    p90, budget = figures["p90"], f"the budget of ${digits(budget_usd, 6)}"
    said = f"P90 of the dollars of {of} is ${_told(p90, number)}"
    if outlook.is_empty:
        return f"Within {budget}: no task begins before the horizon, so nothing is spent."
    if not p90.value <= budget_usd:
        return f"over {budget}: {said}"
    if outlook.over(budget_usd):
        lost = digits(100 * outlook.lost_share, 2)
        return f"{budget} cannot be held: {said}, but {lost} % of tasks are lost, and cost less than if they were done"
    return f"Within {budget}{'' if p90.high <= budget_usd else ', though it may be over'}: {said}."
