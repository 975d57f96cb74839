"""A sweep and a tornado in two lines, and as tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.results.metrics import unit_of
from sim.results.told.headline import written
from sim.scenario.told.card import card
from sim.scenario.told.numbers import counted, dollars, number, share

if TYPE_CHECKING:
    import pandas as pd

SHOWN = {
    "cost_per_task_usd": "USD/task",
    "cost_per_success_usd": "USD/success",
    "success_rate": "success",
    "tokens_per_task": "tokens/task",
    "task_latency_p50_s": "task p50 s",
}
"""Columns of a sweep in a notebook."""
MOST_NAMED = 2
"""Scenarios that may be best, by name."""


def of_sweep(axes: list[str], table: pd.DataFrame) -> str:
    """How many scenarios along which axes, what they cost, what they lost, and who may be best; of `Sweep.results`."""
    return f"{_title(axes, table)}: {'; '.join(_said(axes, table))}\n{_ON}"


def sweep_html(axes: list[str], table: pd.DataFrame) -> str:
    """A row a scenario: its axes, headlines, and whether it may be best."""
    judged = [name for name in table if str(name).startswith("best_")]
    loses = ["lost_share"] if table["lost_share"].gt(0).any() else []
    rows = [
        (_place(row, axes), *(_cell(name, row[name]) for name in (*loses, *SHOWN)), *(str(row[name]) for name in judged))
        for row in table.to_dict("records")
    ]
    columns = ("scenario", *(["lost"] if loses else []), *SHOWN.values(), *("best" for _ in judged))
    return card(_title(axes, table), columns, rows, [f"{'; '.join(_said(axes, table))}.", _ON])


_ON = "A row a scenario: .results; each run: .runs; who may be best: sim.rank"


def _title(axes: list[str], table: pd.DataFrame) -> str:
    return f"Sweep of {counted(len(table), 'scenario')} over {' and '.join(axes) or 'nothing'}"


def _said(axes: list[str], table: pd.DataFrame) -> list[str]:
    out, cost = [], table["cost_per_task_usd"].dropna()
    if (lost := float(table["lost_share"].max())) > 0:
        out.append(f"up to {share(lost)} of tasks lost")
    if len(cost):
        out.append(f"{dollars(cost.min())} to {dollars(cost.max())} a task" if cost.min() < cost.max() else f"{dollars(cost.min())} a task")
    for name in [str(name) for name in table if str(name).startswith("best_")]:
        best = table[table[name].isin(["yes", "maybe"])]
        metric = name.removeprefix("best_")
        if len(best):
            who = ", or ".join(_place(row, axes) for row in best.head(MOST_NAMED).to_dict("records"))
            more = f", or {len(best) - MOST_NAMED} more" if len(best) > MOST_NAMED else ""
            out.append(f"least {metric}{' (95 %)' if len(best) == 1 else ' may be'}: {who}{more}")
    return out


def _place(row: dict[Any, Any], axes: list[str]) -> str:
    """`agent.fanout=2 backends=glm_5`."""
    return " ".join(f"{axis}={row[axis]}" for axis in axes) or "as set"


def _cell(metric: str, value: float) -> str:
    return written(metric, value) if math.isfinite(value) else "?"


def of_tornado(metric: str, base: float, table: pd.DataFrame) -> str:
    """The metric as set, and what moves it most; of `Tornado.table`."""
    first = table.iloc[0] if len(table) else None
    most = "" if first is None else f"; most by {first['setting']}, from {_both(metric, first)}"
    return f"{_of(metric, base, table)}{most}\nA row a setting, the largest swing first: .table"


def tornado_html(metric: str, base: float, table: pd.DataFrame) -> str:
    """A row a setting: from what to what, and what the metric comes to."""
    rows = [
        (str(row["setting"]), f"{number(row['low'])} to {number(row['high'])}", _both(metric, row), _cell(metric, row["swing"]))
        for row in table.to_dict("records")
    ]
    return card(_of(metric, base, table), ("setting", "range", metric, "swing"), rows, ["With intervals: .table"])


def _of(metric: str, base: float, table: pd.DataFrame) -> str:
    unit = f" {unit_of(metric)}" if unit_of(metric) else ""
    return f"Tornado of {counted(len(table), 'setting')}: {metric} is {_cell(metric, base)}{unit}"


def _both(metric: str, row: Any) -> str:
    return f"{_cell(metric, row['at_low'])} to {_cell(metric, row['at_high'])}"
