"""A comparison as the table that it is, which a prompt and a notebook show by its headlines."""

from __future__ import annotations

import math

import pandas as pd

from sim.results.metrics import HEADLINES, unit_of
from sim.results.told.headline import written
from sim.scenario.told.card import card
from sim.scenario.told.numbers import number


class Comparison(pd.DataFrame):  # type: ignore[misc]  # pandas has no types
    """What `sim.compare` returns: a row a metric. What is cut out of it is a plain DataFrame, which shows itself."""

    def __repr__(self) -> str:
        said = [f"{name}: {a} against {b}{_unit(name)}, {times}{verdict}" for name, a, b, times, verdict in self._rows()]
        return "\n".join([*self._warned, "Comparison, b against a:", *said, self._more])

    def _repr_html_(self) -> str:
        rows = [(name, a, b, times.strip(", "), verdict, _unit(name).strip()) for name, a, b, times, verdict in self._rows()]
        return card("Comparison, b against a", ("metric", "a", "b", "b / a", "verdict", "unit"), rows, [*self._warned, self._more])

    @property
    def _warned(self) -> list[str]:
        return [self.attrs["warning"]] if self.attrs.get("warning") else []

    @property
    def _more(self) -> str:
        return f"{len(self)} metrics, with intervals of 95 %: .loc['cost_per_task_usd'], .query(\"verdict != 'no difference seen'\")"

    def _rows(self) -> list[tuple[str, str, str, str, str]]:
        """Headlines that both have."""
        there = {name: self.loc[name] for name in HEADLINES if name in self.index}
        known = {name: row for name, row in there.items() if math.isfinite(row["a"]) and math.isfinite(row["b"])}
        return [(name, written(name, row["b"]), written(name, row["a"]), _times(row), str(row["verdict"])) for name, row in known.items()]


def _times(row: pd.Series) -> str:
    """`1.9 times (1.2 to 2.6), `; empty where there is no quotient."""
    if not math.isfinite(row["ratio"]):
        return ""
    low, high = row["ratio_ci_low"], row["ratio_ci_high"]
    span = f" ({number(low, 2)} to {number(high, 2)})" if low < high else ""
    return f"{number(row['ratio'], 2)} times{span}, "


def _unit(metric: str) -> str:
    return f" {unit_of(metric)}" if unit_of(metric) else ""
