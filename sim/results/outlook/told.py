"""An outlook in two lines and as a table; what to know first comes first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sim.results.outlook.spread import SHARES, Span
from sim.scenario.told.card import card
from sim.scenario.told.numbers import compact, dollars, number

Figures = Mapping[str, Mapping[str, Span]]
"""By measure (tokens, usd, minutes): p50, p90, p99 and mean."""
_WORDS = {"tokens": compact, "usd": dollars, "minutes": number}


def prompt(name: str, said: Sequence[str], figures: Mapping[str, Figures]) -> str:
    """Dollars at P50, P90 and P99 of each: of a task, of all."""
    told = "; ".join(f"{of} {_three(each['usd'])}" for of, each in figures.items() if "usd" in each)
    return "\n".join([*said, f"Outlook for {name!r}: {told}", "With intervals: .task, .workload"])


def html(name: str, below: Sequence[str], figures: Mapping[str, Figures]) -> str:
    """Tokens, dollars and minutes of each, with their intervals."""
    rows = [
        (f"{'USD' if measure == 'usd' else measure}, {of}", *(_span(each[key], measure) for key in (*SHARES, "mean")))
        for of, measures in figures.items()
        for measure, each in measures.items()
    ]
    return card(f"Outlook for {name!r}", ("", *map(str.upper, SHARES), "mean"), rows, below)


def _three(figures: Mapping[str, Span]) -> str:
    return ", ".join(f"{dollars(figures[key].value)} ({key.upper()})" for key in SHARES if math.isfinite(figures[key].value)) or "unknown"


def _span(span: Span, measure: str) -> str:
    write = _WORDS[measure]
    if not math.isfinite(span.value):
        return "unknown"
    known = math.isfinite(span.low) and math.isfinite(span.high) and span.low < span.high
    return f"{write(span.value)} ({write(span.low)} to {write(span.high)})" if known else write(span.value)
