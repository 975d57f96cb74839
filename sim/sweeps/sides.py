"""What is compared of folders: the scenarios that they hold, which of them stand against which, and the bill's way between two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.errors import DataError
from sim.results.files import NOTES, REPLICATIONS, SUMMARY, Files
from sim.results.kept.manifest import check_as_saved, read_note
from sim.results.sample import Sample
from sim.scenario.text import SETTINGS
from sim.statistics import Estimate, jackknife
from sim.sweeps.folder import check_runs, runs_of, settings_of
from sim.sweeps.sweep import row

if TYPE_CHECKING:
    import pandas as pd

KINDS = {
    "fresh input": ("", "cost_fresh_input_usd"),
    "cache writes": ("cache_write_tokens", "cost_cache_write_usd"),
    "cache reads": ("cache_read_tokens", "cost_cache_read_usd"),
    "output": ("output_tokens", "cost_output_usd"),
}
"""By kind of token: the metrics of its tokens and of its dollars; fresh input is what is left of the input."""
OTHERS = {"fees": "cost_fees_usd", "servers": "cost_servers_usd", "reserved units": "cost_units_usd"}
"""Parts of the bill that are no tokens."""
EXACT = 1e-9
"""By how much, as a share of the bill, its parts may miss it: by rounding."""


class Side(NamedTuple):
    """A scenario of a folder."""

    folder: Path
    axes: Mapping[str, str]
    """What a sweep gave it and not all of its scenarios alike; of a run of its own nothing."""
    settings: dict[str, Any]
    """As plain values."""
    sample: Sample
    notes: dict[str, str]
    digest: str


def sides(folder: Path) -> list[Side]:
    """The scenarios of a run's or a sweep's folder that have a result. Raises `DataError` where there are none, or are not as saved."""
    runs = runs_of(folder) or [folder]
    check_runs(folder)
    notes = [read_note(run) for run in runs]
    given = [note.get("axes", {}) for note in notes]
    varied = [key for key in dict.fromkeys(key for each in given for key in each) if len({each.get(key) for each in given}) > 1]
    found = []
    for run, note in zip(runs, notes, strict=True):
        files = Files(run)
        if not note.get("failed") and files.has(SUMMARY):
            check_as_saved(run, SUMMARY, REPLICATIONS, NOTES, SETTINGS)
        if not note.get("failed") and (sample := files.sample()) is not None and (settings := settings_of([run])):
            axes = {key: str(note["axes"][key]) for key in varied if key in note.get("axes", {})}
            found.append(Side(run, axes, settings, sample, files.json(NOTES), str(note.get("digest", ""))))
    if not found:
        raise DataError(f"{folder}: holds no run that has ended, nor a sweep of such")
    return found


def every_metric(folders: Mapping[str, Sequence[Side]]) -> pd.DataFrame:
    """A row a scenario: its folder, what it was swept to, every metric with its interval."""
    import pandas as pd

    rows = [row({"folder": name, **side.axes}, Files(side.folder).summary()) for name, all_of in folders.items() for side in all_of]
    return pd.DataFrame(rows)


def pairs(a: Sequence[Side], b: Sequence[Side]) -> list[tuple[Side, Side]]:
    """Each scenario of `b` with the one of `a` that is swept to the same values where both are; what has none, or several, is left out."""
    found = []
    for theirs in b:
        rivals = [ours for ours in a if all(ours.axes[key] == theirs.axes[key] for key in set(ours.axes) & set(theirs.axes))]
        if len(rivals) == 1:
            found.append((rivals[0], theirs))
    return found


def way(a: Sample, b: Sample) -> dict[str, Estimate]:
    """What takes the bill of a to that of b, a replication (USD): the number of tasks, then by kind of token how many a task takes, then
    what one costs, and what is no token. With 95 % intervals, paired; empty where the parts are not the whole difference.

    Exact in this order: each step changes one factor and leaves those after it as they are in a, those before it as in b.
    """
    n = min(a.replications, b.replications)
    ours, theirs = (a.first(n), b.first(n)) if n > 1 else (a, b)
    whole = _steps(ours.whole, theirs.whole)
    whole_usd = max(ours.whole["cost_usd"], theirs.whole["cost_usd"])
    missing = sum(whole.values()) - (theirs.whole["cost_usd"] - ours.whole["cost_usd"])
    if not abs(missing) <= EXACT * whole_usd:
        return {}
    without = [_steps(_at(ours, i), _at(theirs, i)) for i in range(n if n > 1 else 0)]
    found = {name: jackknife(value, np.array([each[name] for each in without])) for name, value in whole.items()}
    return {name: each for name, each in found.items() if np.nanmax(np.abs(each)) > EXACT * whole_usd}


def _at(sample: Sample, left_out: int) -> dict[str, float]:
    return {name: float(values[left_out]) for name, values in sample.without.items() if len(values)}


def _steps(a: Mapping[str, float], b: Mapping[str, float]) -> dict[str, float]:
    before, after = a["tasks"], b["tasks"]
    steps = {"tasks": 0.0}
    for kind in KINDS:
        ours, theirs = _tokens(a, kind), _tokens(b, kind)
        usd, to_usd = (each[KINDS[kind][1]] for each in (a, b))
        alike = ours * after / before if before and after else ours  # tokens of a, at b's number of tasks
        price = usd / ours if ours else to_usd / theirs if theirs else 0.0
        steps["tasks"] += price * (alike - ours)
        steps[f"{kind}: tokens a task"] = price * (theirs - alike)
        steps[f"{kind}: price"] = to_usd - price * theirs
    return steps | {name: b.get(metric, 0.0) - a.get(metric, 0.0) for name, metric in OTHERS.items()}


def _tokens(values: Mapping[str, float], kind: str) -> float:
    metric = KINDS[kind][0]
    return values[metric] if metric else values["input_tokens"] - values["cache_read_tokens"] - values["cache_write_tokens"]
