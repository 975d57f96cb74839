"""What is told ahead of a run: what is known, what is exact, what is open; and what a budget comes to."""

from __future__ import annotations

import dataclasses
import functools
import math

import sim
from sim.report.ahead.outlook import gate, page
from sim.results.outlook.outlook import Outlook
from sim.results.outlook.spread import Span

OPEN = Span(9.0, 7.0, math.nan)


@functools.cache
def real() -> Outlook:
    return sim.estimate(sim.load("agent=chat", "workload=trace", "workload.trace_sessions=2"))


def made(lost: float = 0.0) -> Outlook:
    figures = {"usd": {"p50": Span(2.0, 1.0, 3.0), "p90": Span(18.0, 17.0, 21.0), "p99": OPEN, "mean": Span(5.0, 5.0, 5.0)}}
    return dataclasses.replace(real(), task=figures, workload=figures, workload_tasks=30, by_theory=("usd",), lost_share=lost, said=())


def test_a_page_says_what_is_sure() -> None:
    [row] = [line for line in page(made()).splitlines() if line.startswith("USD, all 30 tasks")]
    assert [cell.strip() for cell in row.split("  ") if cell][1:] == ["2.00 (1.00 to 3.00)", "18.0 (17.0 to 21.0)", "9.00 (>7.00)", "=5.00"]
    assert "(>x): at least x" in page(made())
    assert "exact, by theory (the mean of USD a task)" in page(made())
    assert max(map(len, page(made()).splitlines()[:8])) <= 120


def test_what_to_know_first_comes_first() -> None:
    assert page(dataclasses.replace(made(), said=("Overload: of course.",))).startswith("Overload: of course.\n")


def test_a_budget() -> None:
    assert gate(made(), 21.0) == ("Within the budget of $21: P90 of the dollars of the whole workload (30 tasks) is $18.0 (17.0 to 21.0).")
    assert gate(made(), 20.0).startswith("Within the budget of $20, though it may be over: ")
    assert gate(made(), 17.5).startswith("over the budget of $17.5: ")
    assert "20 % of tasks are lost" in gate(made(lost=0.2), 1000.0)
    assert made(lost=0.2).over(1000.0)
    assert not made(lost=0.001).over(1000.0)
