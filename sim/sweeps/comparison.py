"""Scenarios against one another under common random numbers: paired differences, a baseline, who may be best."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import ConfigError, did_you_mean
from sim.results.metrics import HEADLINES, MORE_IS_BETTER
from sim.results.result import Result
from sim.results.sample import Sample
from sim.results.saved import SavedResult
from sim.statistics import Estimate, jackknife, may_be_least

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "a", "b", "difference", "difference_ci_low", "difference_ci_high", "ratio", "ratio_ci_low", "ratio_ci_high", "verdict",
)  # fmt: skip
"""Of `compare`: the metric in both, their paired difference and ratio with 95 % intervals, and what that says."""
NOTHING = "no difference seen"
"""Verdict where the interval of a difference holds 0."""
_ROUNDING = 1e-12
"""Part of a number that sums over a thousand replications may be off by: their last digits."""


def compare(a: Result | SavedResult, b: Result | SavedResult, confidence: float = 0.95) -> pd.DataFrame:
    """Paired differences b - a and ratios b / a of every metric both have, with intervals.

    Replications are paired by their random numbers, so what is common to both scenarios cancels out. Column `verdict` is `more`,
    `less` or `no difference seen`, by whether the interval of the difference holds 0. Where one has more replications than
    the other, those that both have are compared. `attrs["warning"]`: their seeds differ, so nothing cancels out; empty where they
    do not.
    """
    import pandas as pd

    if wrong := [type(each).__name__ for each in (a, b) if not isinstance(each, (Result, SavedResult))]:
        raise ConfigError(f"compare takes two results, of sim.simulate or sim.load_run, not {' and '.join(wrong)}")
    n = min(len(each.replications) if isinstance(each, Result) else int(each.summary["n"].iloc[0]) for each in (a, b))
    mine, yours = (_first(each, n) for each in (a, b))
    _check_confidence(confidence)
    rows = {name: paired(mine, yours, name, confidence) for name in mine.whole if name in yours.whole}
    from sim.sweeps.told.compared import Comparison  # a DataFrame, and those are imported late

    found = Comparison(pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS)).rename_axis("metric"))
    found.attrs["warning"] = unpaired([str(each.scenario.seed) for each in (a, b)])
    return found


def unpaired(seeds: Collection[str]) -> str:
    """What to say where random numbers are not shared; empty where they are."""
    different = sorted(set(seeds))
    if len(different) < 2:
        return ""
    return f"Seeds differ ({', '.join(different)}): random numbers are not shared, so intervals are wider than need be."


def _first(result: Result | SavedResult, n: int) -> Sample:
    if isinstance(result, SavedResult):
        return result.sample.first(n) if n > 1 else result.sample
    return (result if len(result.replications) == n else Result(result.scenario, result.replications[:n])).sample


def _check_confidence(confidence: float) -> None:
    """Raise `ConfigError` for a share that is none: 95 is not 0.95."""
    if not isinstance(confidence, Real) or not 0 < confidence < 1:
        raise ConfigError(f"confidence={confidence!r}: must be a share above 0 and below 1, such as 0.95")


def paired(a: Sample, b: Sample, metric: str, confidence: float = 0.95) -> tuple[float | str, ...]:
    """One metric of two scenarios with as many replications, in the order of `COLUMNS`."""
    before, after = a.whole[metric], b.whole[metric]
    x, y = a.without[metric], b.without[metric]
    difference = _without_rounding(jackknife(after - before, y - x, confidence), max(abs(before), abs(after)))
    ratio = jackknife(after / before, y / x, confidence) if before and x.all() else (float("nan"),) * 3
    return (before, after, *difference, *ratio, _verdict(difference.ci_low, difference.ci_high))


def _without_rounding(found: Estimate, size: float) -> Estimate:
    """A difference of two numbers of that size, and an interval around it, that are no wider than their last digits are none."""
    least = _ROUNDING * size
    mean = 0.0 if abs(found.mean) <= least else found.mean
    low, high = (mean if abs(end - found.mean) <= least else end for end in (found.ci_low, found.ci_high))
    return Estimate(mean, low, high)


def _verdict(low: float, high: float) -> str:
    if low > 0:
        return "more"
    return "less" if high < 0 else NOTHING


def judged(
    table: pd.DataFrame, axes: Sequence[Mapping[str, str]], samples: Sequence[Sample | None], baseline: Mapping[str, str]
) -> pd.DataFrame:
    """A sweep's table with what can be said between its rows: which may be best, and each against the baseline, if one is named.

    Columns: `best_<metric>` (see `best`), and by headline `<metric>_difference`, `<metric>_ratio`, both with `_ci_low` and
    `_ci_high`, and `<metric>_verdict`. A scenario that failed (None) has none of them.
    """
    import pandas as pd

    metric = "cost_per_success_usd" if any(best(samples, "cost_per_success_usd")) else "cost_per_task_usd"
    more = pd.DataFrame({f"best_{metric}": best(samples, metric)}, index=table.index)
    rows = pd.DataFrame(against(axes, samples, baseline) if baseline else [{} for _ in samples], index=table.index)
    return pd.concat([table, more, rows], axis=1)


def against(axes: Sequence[Mapping[str, str]], samples: Sequence[Sample | None], baseline: Mapping[str, str]) -> list[dict[str, Any]]:
    """For each scenario its headlines against those of the scenario with the baseline's settings, and otherwise its own."""
    check_baseline(baseline, {key: {axis[key] for axis in axes} for key in (axes[0] if baseline else ())})
    places = {frozenset(axis.items()): sample for axis, sample in zip(axes, samples, strict=True)}
    bases = [places.get(frozenset({**axis, **baseline}.items())) for axis in axes]
    return [_row(base, sample) if base and sample else {} for base, sample in zip(bases, samples, strict=True)]


def check_baseline(baseline: Mapping[str, str], axes: Mapping[str, Collection[str]]) -> None:
    """Raise `ConfigError` where no scenario of a sweep has the baseline's settings; an axis without values: nobody knows them yet."""
    for key, value in baseline.items():
        if key not in axes:
            known = {each for each in axes if not each.startswith(("+", "baseline"))}
            raise ConfigError(f"baseline.{key}: not an axis of the sweep; {did_you_mean(key, known)}")
        if axes[key] and value not in axes[key]:
            raise ConfigError(f"baseline.{key}={value}: not in the sweep; {did_you_mean(value, axes[key])}")


def _row(base: Sample, sample: Sample) -> dict[str, Any]:
    n = min(base.replications, sample.replications)
    row: dict[str, Any] = {}
    for metric in HEADLINES if n > 1 else ():
        values = paired(base.first(n), sample.first(n), metric)
        if not np.isnan([base.whole[metric], sample.whole[metric]]).any():
            row |= {f"{metric}_{name}": value for name, value in zip(COLUMNS[2:], values[2:], strict=True)}
    return row


def best(samples: Sequence[Sample | None], metric: str, confidence: float = 0.95) -> list[str]:
    """For each scenario whether it is best by a metric: `yes`, `maybe` (it cannot be told from the best), `no`, or empty.

    With this confidence the one that is truly best is among those that are not `no`, whatever the number of scenarios
    (`sim.statistics.may_be_least`). Empty where there is no value, or no two replications to compare.
    """
    _check_confidence(confidence)
    known = {place: each for place, each in enumerate(samples) if each and np.isfinite(each.whole.get(metric, np.nan))}
    words = [""] * len(samples)
    n = min((each.replications for each in known.values()), default=0)
    if n < 2:
        return words
    sign = -1 if metric in MORE_IS_BETTER else 1
    cut = [each.first(n) for each in known.values()]
    kept = may_be_least([sign * each.whole[metric] for each in cut], np.array([sign * each.without[metric] for each in cut]).T, confidence)
    for place, may in zip(known, kept, strict=True):
        words[place] = "no" if not may else "yes" if kept.sum() == 1 else "maybe"
    return words
