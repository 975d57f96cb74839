"""What moves a metric, for people: names, sentences and tables of a tornado and of Sobol indices."""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd

from sim.report.findings.effects import sentences
from sim.report.numbers import compact, dollars, number, percent
from sim.report.reference.labels import metric_name, setting_name, value_name
from sim.results.metrics import unit_of
from sim.sweeps.sensitivity import Tornado

PRICE = "_usd_per_mtok"
_PLACES = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
WIDE = 0.3
"""Half of an interval over the swing from which on it is said with the swing."""
MOST_NAMED = 2
"""Settings that are named of those that cannot be told apart."""


def names_of(keys: pd.Series) -> list[str]:
    """The settings for people; by their whole keys where two would be called the same."""
    names = [setting_name(key) for key in keys]
    return [key if names.count(name) > 1 else name for key, name in zip(keys, names, strict=True)]


def written(metric: str, value: float) -> str:
    """A value of the metric in a sentence."""
    unit = unit_of(metric)
    if unit.startswith("USD"):
        return dollars(value)
    if metric.endswith(("_rate", "share")) or "_share." in metric:
        return percent(value)
    return f"{compact(value)}{' ' + unit if unit else ''}"


def axis_of(metric: str) -> str:
    """What stands under an axis of the metric: `cost per success (USD)`."""
    unit = unit_of(metric)
    return metric_name(metric) + (f" ({unit})" if unit else "")


def _word(key: str) -> str:
    """A setting in a sentence: without its unit, and `turns` rather than `turns (mean)`."""
    return re.sub(r" \((mean|median)\)", "", setting_name(key))


def tornado_finding(found: Tornado) -> str:
    """Which setting moves the metric most, from what to what, how sure that is, which come next, and where prices come: two sentences."""
    table, metric = found.table, found.metric
    keys, top = list(table["setting"]), table.iloc[0]
    if not top["swing"] > 0:
        return f"None of these settings moves {metric_name(metric)}."
    low, high = (f"{written(metric, top[f'at_{end}'])} at {value_name(keys[0], top[end])}" for end in ("low", "high"))
    sure = f" (±{written(metric, _half(top))})" if _half(top) > WIDE * top["swing"] else ""
    ends = f"{_word(keys[0])}: {low}, {high}{sure}"
    alike = [key for key, row in zip(keys[1:], _rows(table)[1:], strict=True) if not _apart(top, row)]
    if alike:
        clauses = [f"what moves {metric_name(metric)} most is not sure, perhaps {ends}", _not_apart([keys[0], *alike])]
    else:
        clauses = [f"{metric_name(metric)} is moved most by {ends}", *_next(table, metric, keys)]
    placed = _prices([key if _placed(table, place) else "" for place, key in enumerate(keys)])
    return " ".join(f"{text}." for text in sentences([*clauses, placed])[:2])


def _next(table: pd.DataFrame, metric: str, keys: list[str]) -> list[str]:
    """The second, if it can be told from those after it; else all that it cannot be told from."""
    if len(keys) < 2:
        return []
    rows = _rows(table)
    alike = [key for key, row in zip(keys[2:], rows[2:], strict=True) if not _apart(rows[1], row)]
    return [_not_apart([keys[1], *alike], "next: ")] if alike else [f"then by {_word(keys[1])} (swing {written(metric, rows[1]['swing'])})"]


def _not_apart(keys: list[str], before: str = "") -> str:
    """`tool result, output and 2 more cannot be told apart (95 %)`."""
    named, more = [_word(key) for key in keys[:MOST_NAMED]], len(keys) - MOST_NAMED
    said = f"{', '.join(named)} and {more} more" if more > 0 else " and ".join(named)
    return f"{before}{said} cannot be told apart (95\u00a0%)"


def _rows(table: pd.DataFrame) -> list[Any]:
    return [row for _, row in table.iterrows()]


def _half(row: Any) -> float:
    """Half of the 95 % interval of a swing: that of the wider of its two ends."""
    halves = [(row[f"difference_{end}_ci_high"] - row[f"difference_{end}_ci_low"]) / 2 for end in ("at_low", "at_high")]
    return max([half for half in halves if math.isfinite(half)], default=0.0)


def _apart(above: Any, below: Any) -> bool:
    """Whether two swings differ by more than their intervals (as if they were independent: paired runs are closer)."""
    return bool(above["swing"] - below["swing"] > math.hypot(_half(above), _half(below)))


def _placed(table: pd.DataFrame, place: int) -> bool:
    """Whether a setting can be told from the ones beside it."""
    beside = [(other, other + 1) for other in (place - 1, place) if 0 <= other < len(table) - 1]
    return all(_apart(table.iloc[above], table.iloc[below]) for above, below in beside)


def places_of(table: pd.DataFrame) -> list[str]:
    """`1`, `2 to 4`: the places that each setting may have, as far as swings can be told apart."""
    rows, said = _rows(table), []
    for place, row in enumerate(rows):
        first = 1 + sum(_apart(other, row) for other in rows[:place])
        last = len(rows) - sum(_apart(row, other) for other in rows[place + 1 :])
        said.append(str(first) if first == last else f"{first} to {last}")
    return said


def sobol_finding(table: pd.DataFrame) -> str:
    """How much of the variance comes from the first settings, alone and together with others, and where prices come."""
    metric, keys, top = table.attrs["metric"], list(table["setting"]), table.iloc[0]
    if math.isnan(top["ST"]):
        return f"None of these settings moves {metric_name(metric)}."
    said = f"{percent(top['S1'])} of the variance of {metric_name(metric)} comes from {_word(keys[0])} alone, "
    said += f"{percent(top['ST'])} with its interactions"
    if len(keys) > 1:
        after = table.iloc[1]
        near = after["ST"] + after["ST_conf"] >= top["ST"] - top["ST_conf"]
        said += f"; {'as much perhaps from' if near else 'next is'} {_word(keys[1])} ({percent(after['ST'])})"
    spread = " to ".join(written(metric, table.attrs[end]) for end in ("p05", "p95"))
    return f"{said}. Nine tenths of the combinations give {spread}{f'; {prices}' if (prices := _prices(keys)) else ''}."


def _prices(keys: list[str]) -> str:
    """`cache read price comes fifth, cache write price sixth of 7`: prices that are not among the first two."""
    ranks = [(rank, _word(key)) for rank, key in enumerate(keys, 1) if key.endswith(PRICE) and rank > 2]
    if not ranks:
        return ""
    places = [f"{name} {'comes ' if not i else ''}{_PLACES[rank] if rank < len(_PLACES) else rank}" for i, (rank, name) in enumerate(ranks)]
    return f"{', '.join(places)} of {len(keys)}"


def tornado_listing(found: Tornado) -> pd.DataFrame:
    """The table for people: what is changed, and what the metric comes to; half of the paired 95 % interval with the changes."""
    table = found.table
    unit = unit_of(found.metric) or found.metric
    out = {"setting": names_of(table["setting"])}
    out |= {name: _values(table, name) for name in ("low", "base", "high")}
    out |= {f"{unit} {name.replace('_', ' ')}": [number(value) for value in table[name]] for name in ("at_low", "at_high")}
    out |= {
        f"change {end}": [_change(row, f"difference_{end.replace(' ', '_')}") for row in table.to_dict("records")]
        for end in ("at low", "at high")
    }
    return pd.DataFrame(out | {"swing": [number(value) for value in table["swing"]], "place": places_of(table)})


def _values(table: pd.DataFrame, end: str) -> list[str]:
    """Of each setting at one end of its range, with its unit."""
    values = zip(table["setting"], table[end], strict=True)
    return [value_name(key, round_to(value)) if math.isfinite(value) else "-" for key, value in values]


def round_to(value: float) -> float:
    """Four significant digits."""
    return float(f"{value:.4g}")


def _change(row: dict[Any, Any], name: str) -> str:
    half = (row[f"{name}_ci_high"] - row[f"{name}_ci_low"]) / 2
    return f"{'+' if row[name] > 0 else ''}{number(row[name])}" + (f" ±{number(half, 2)}" if half > 0 else "")


def sobol_listing(table: pd.DataFrame) -> pd.DataFrame:
    """The table for people: a row a setting, its range, and both indices with half of their 95 % intervals."""
    out = {"setting": names_of(table["setting"])}
    out |= {name: _values(table, name) for name in ("low", "high")}
    for name, heading in (("S1", "by itself (S1)"), ("ST", "with interactions (ST)")):
        out[heading] = [f"{value:.3f} ±{half:.3f}" for value, half in zip(table[name], table[f"{name}_conf"], strict=True)]
    return pd.DataFrame(out)
