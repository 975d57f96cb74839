"""The provider's side of a run in print: who takes in what, what it takes, what is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sim.report.numbers import compact, number
from sim.report.tables import aligned
from sim.results.provider.sides import ALL

COLUMNS = {
    "kwh": "kWh", "usd_per_kwh": "USD/kWh", "cost_usd": "cost, USD", "margin": "margin", "compute_tax": "to GPUs",
    "electricity_share": "to power",
}  # fmt: skip
"""Heading of what has two ends."""
IN_PERCENT = ("margin", "compute_tax", "electricity_share")


def provider_text(found: pd.DataFrame, name: str, names: Mapping[str, str]) -> str:
    """The table of `Result.providers` and a sentence below it; empty where it is. `name`: of the settings (`provider=...`)."""
    return "" if found.empty else f"{aligned(provider_table(found, name, names))}\n\n{provider_finding(found)}."


def provider_table(found: pd.DataFrame, name: str, names: Mapping[str, str]) -> pd.DataFrame:
    """The table for people."""
    who = [names.get(each, each) for each in found["who"]]
    shown = {
        f"Who serves ({name})": who,
        "in": list(found["served_in"]),
        "tokens": [compact(tokens) if tokens else "" for tokens in found["tokens"]],
        "revenue, USD": [number(usd) for usd in found["revenue_usd"]],
    }
    for column, heading in COLUMNS.items():
        shown[heading] = [span(each, column) if each["tokens"] else "" for each in found.to_dict("records")]
    return pd.DataFrame(shown)


def provider_finding(found: pd.DataFrame) -> str:
    """Revenue, and what of it goes to machines and to power; what lies between a low and a high end is said so."""
    [every] = found[found["who"] == ALL].to_dict("records")
    to_gpus, to_power, a_kwh = (span(every, column) for column in ("compute_tax", "electricity_share", "usd_per_kwh"))
    return (
        f"Of the ${number(every['revenue_usd'])} that users pay {to_gpus} go to GPUs and, in that, {to_power} to electricity: "
        f"${a_kwh} a kilowatt-hour. Energy and rent are settings, not measurements of these models; a range has all doubts at their low "
        "ends at once, then all at their high ones"
    )


def span(row: Mapping[str, Any], column: str) -> str:
    """`low to high` of a column, once where both are written alike."""
    low, high = (row[f"{column}_{end}"] for end in ("low", "high"))
    if column in IN_PERCENT:
        return f"{_between(100 * low, 100 * high)}\N{NO-BREAK SPACE}%"
    return _between(low, high)


def _between(low: float, high: float) -> str:
    first, last = number(low, 2), number(high, 2)
    return first if first == last else f"{first} to {last}"
