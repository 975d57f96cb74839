"""What moves a metric: one setting at a time (a tornado), or all at once (Sobol indices).

All runs share their random numbers, so a metric is a function of the settings alone: differences are paired, and
none of the variance that Sobol indices share out is noise.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.errors import ConfigError, did_you_mean, of_kind
from sim.meter.tally import Tally
from sim.results.metrics import metrics
from sim.results.result import Result
from sim.results.simulate import simulate_each
from sim.sampling.distributions import distribution
from sim.scenario.custom import check_progress
from sim.scenario.scenario import Scenario
from sim.settings.run import Log
from sim.sweeps.comparison import compare
from sim.sweeps.sweep import replaced
from sim.sweeps.told.headline import of_tornado, tornado_html

if TYPE_CHECKING:
    import pandas as pd

Ranges = Mapping[str, Sequence[float]]
"""[low, high] by dotted key, also of a parameter inside a quantity: `{"agent.turns.mean": (20, 120)}`."""
RunsDone = Callable[[int, int], object]
"""Told after each run: how many have ended, of how many."""


@dataclasses.dataclass(frozen=True)
class Tornado:
    """What each setting alone does to a metric."""

    metric: str
    base: float
    """The metric with every setting as it is."""
    table: pd.DataFrame
    """The largest swing first: setting, base, low, high, the metric `at_low` and `at_high`, its `difference_at_low` and
    `difference_at_high` to the base with their paired 95 % intervals, and the `swing` from the least to the most of the three."""

    def __repr__(self) -> str:
        return of_tornado(self.metric, self.base, self.table)

    def _repr_html_(self) -> str:
        return tornado_html(self.metric, self.base, self.table)


def tornado(scenario: Scenario, ranges: Ranges, metric: str = "cost_per_success_usd", progress: RunsDone | None = None) -> Tornado:
    """Run a scenario as it is, then with one setting at a time at the low and at the high end of its range.

    Settings that are whole numbers are rounded. Raises `ConfigError` before the first run when a range cannot be.
    """
    import pandas as pd

    known = _ranges(scenario, ranges, metric, progress)
    points = [{}, *({each.key: end} for each in known for end in (each.low, each.high))]
    base, *ends = _simulated(scenario, points, progress)
    level = _value(base, metric, {})
    rows = []
    for each, low, high in zip(known, ends[::2], ends[1::2], strict=True):
        row: dict[str, Any] = {"setting": each.key, "base": each.base, "low": each.low, "high": each.high}
        row |= {"at_low": low.mean(metric), "at_high": high.mean(metric)}
        row |= _difference(base, low, metric, "at_low") | _difference(base, high, metric, "at_high")
        moved = (0.0, row["difference_at_low"], row["difference_at_high"])
        rows.append(row | {"swing": max(moved) - min(moved)})
    return Tornado(metric, level, pd.DataFrame(rows).sort_values("swing", ascending=False, kind="stable", ignore_index=True))


def _difference(base: Result, end: Result, metric: str, where: str) -> dict[str, Any]:
    found = compare(base, end).loc[metric]
    return {f"difference_{where}{tail}": float(found[f"difference{tail}"]) for tail in ("", "_ci_low", "_ci_high")}


def sobol(
    scenario: Scenario,
    ranges: Ranges,
    metric: str = "cost_per_success_usd",
    samples: int = 128,
    progress: RunsDone | None = None,
) -> pd.DataFrame:
    """Share out the variance of a metric over settings that are independent and uniform over their ranges (Sobol 2001).

    S1 is the share that a setting accounts for by itself, ST with all its interactions; `S1_conf` and `ST_conf` are half of
    their 95 % intervals (bootstrap). The largest ST comes first. Of a whole number each value is equally likely. It takes
    samples x (settings + 2) runs, `samples` being a power of 2. `attrs` holds the metric's mean, 5th and 95th percentile.
    """
    import pandas as pd
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as sampling

    if not isinstance(samples, int | np.integer) or samples < 2 or samples & (samples - 1):
        raise ConfigError(f"samples={samples!r}: must be a power of 2, such as 64 or 128")
    known = _ranges(scenario, ranges, metric, progress)
    problem = {"num_vars": len(known), "names": [each.key for each in known], "bounds": [each.bounds for each in known]}
    drawn = sampling.sample(problem, samples, calc_second_order=False, seed=scenario.seed)
    points = [{each.key: each.nearest(x) for each, x in zip(known, point, strict=True)} for point in drawn.tolist()]
    values = _values(scenario, points, metric, progress)
    if np.ptp(values):
        found = analysis.analyze(problem, values, calc_second_order=False, seed=scenario.seed + 1)
    else:
        found = dict.fromkeys(("S1", "S1_conf", "ST", "ST_conf"), math.nan)
    data = {"setting": problem["names"], "low": [each.low for each in known], "high": [each.high for each in known]}
    table = pd.DataFrame(data | {name: found[name] for name in ("S1", "S1_conf", "ST", "ST_conf")})
    table = table.sort_values("ST", ascending=False, kind="stable", ignore_index=True)
    low, high = np.quantile(values, (0.05, 0.95))
    table.attrs = {"metric": metric, "mean": float(values.mean()), "p05": float(low), "p95": float(high), "runs": len(points)}
    return table


def _values(scenario: Scenario, points: Sequence[Mapping[str, float]], metric: str, progress: RunsDone | None) -> np.ndarray:
    """The metric at each point; points that rounding has made equal are run once."""
    different = list({tuple(point.values()): point for point in points}.values())
    runs = _simulated(scenario, different, progress)
    value = {tuple(point.values()): _value(run, metric, point) for point, run in zip(different, runs, strict=True)}
    return np.array([value[tuple(point.values())] for point in points])


def _value(run: Result, metric: str, point: Mapping[str, float]) -> float:
    value = metrics(run.scenario)[metric](functools.reduce(Tally.plus, run.tallies))
    if math.isnan(value):
        where = ", ".join(f"{key}={x:g}" for key, x in point.items()) or "this scenario"
        raise ConfigError(f"metric={metric}: has no value at {where} (an unknown quality, or too few tasks)")
    return value


def _simulated(scenario: Scenario, points: Sequence[Mapping[str, float]], progress: RunsDone | None) -> typing.Iterator[Result]:
    """Run each point; all are checked before the first. What cannot matter is left out: the log, backends that are not used."""
    market = dataclasses.replace(scenario.market, models={name: scenario.market.models[name] for name in scenario.backends})
    lean = dataclasses.replace(scenario, market=market, log=Log.none)
    scenarios = [replaced(lean, point).check() for point in points]
    return _each(scenarios, progress)


def _each(scenarios: Sequence[Scenario], progress: RunsDone | None) -> typing.Iterator[Result]:
    for done, result in enumerate(simulate_each(scenarios), 1):
        yield result
        if progress is not None:
            progress(done, len(scenarios))


OF_A_RUN = ("seed", "replications", "replications_most", "processes", "shards", "shards_run", "log_sample", "batch")
"""Settings that move no metric but by chance: with other replications nothing is paired."""


class _Range(NamedTuple):
    """A setting and the values it may take."""

    key: str
    base: float
    """As it is; a quantity's mean; nan where it is null."""
    low: float
    high: float
    whole: bool

    @property
    def bounds(self) -> list[float]:
        """To draw from: half a unit more at each end of a whole number, so that rounding makes its values equally likely."""
        return [self.low - 0.5, self.high + 0.5] if self.whole else [self.low, self.high]

    def nearest(self, x: float) -> float:
        """The value that a draw stands for."""
        return min(max(round(x), self.low), self.high) if self.whole else x


def _ranges(scenario: Scenario, ranges: Ranges, metric: str, progress: RunsDone | None) -> list[_Range]:
    """The ranges, checked; raises `ConfigError` for the first that cannot be, and for other arguments that cannot."""
    of_kind(scenario, Scenario, "what moves a metric takes a scenario, as sim.load returns it")
    of_kind(ranges, Mapping | None, "ranges: [low, high] by key, such as {agent.fanout: [2, 8]}")
    of_kind(metric, str, "metric: a text such as 'cost_per_task_usd'")
    check_progress(progress, "how many runs have ended", "of how many")
    scenario.check()
    if scenario.precision is not None:
        raise ConfigError(
            f"precision={scenario.precision:g}: must be null here: every run takes the same `replications`, so that they pair"
        )
    known = metrics(scenario)
    if metric not in known:
        raise ConfigError(f"metric={metric}: {did_you_mean(metric, known)}")
    if not ranges:
        raise ConfigError("ranges: name at least one setting, e.g. {agent.fanout: [2, 8]}")
    return [_range(scenario, key, span) for key, span in ranges.items()]


def _range(scenario: Scenario, key: str, span: Any) -> _Range:
    of_kind(key, str, "ranges: names of settings are texts such as 'agent.fanout'")
    if key in OF_A_RUN:
        raise ConfigError(f"ranges: {key}: says how a scenario is run, not what it is; name a setting of agents, models or work")
    given, span = span, [x.item() if isinstance(x, np.generic) else x for x in span] if isinstance(span, Sequence | np.ndarray) else []
    numbers = len(span) == 2 and all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in span)
    if not numbers or not all(abs(x) <= sys.float_info.max for x in span):
        raise ConfigError(f"ranges: {key}={given!s:.80}: must be [low, high], two finite numbers")
    replaced(scenario, {key: span[0]})
    whole = _is_whole(scenario, key)
    low, high = (round(x) if whole else float(x) for x in span)
    if not low < high:
        raise ConfigError(f"ranges: {key}={list(span)}: low must be less than high{' (a whole number)' if whole else ''}")
    for end in (low, high):
        replaced(scenario, {key: end}).check()
    unused = key.split(".")[2] if key.startswith("market.models.") else scenario.backends[0]
    if unused not in scenario.backends:
        raise ConfigError(f"ranges: {key}: '{unused}' is not among backends; {did_you_mean(unused, scenario.backends)}")
    return _Range(key, _base(scenario, key), low, high, whole)


def _base(scenario: Scenario, key: str) -> float:
    """A setting as it is; what a backend's own settings leave open, such as its quality, as the backend in use has it."""
    path = key.split(".")
    found = _reached(scenario, path)
    if found is None and path[:2] == ["market", "models"]:
        found = _reached(scenario.chosen(), path[2:])
    return _mean(found)


def _reached(settings: Any, path: Sequence[str]) -> Any:
    return functools.reduce(lambda owner, name: owner[name] if isinstance(owner, dict) else getattr(owner, name), path, settings)


def _mean(value: Any) -> float:
    return math.nan if value is None else distribution(value).mean


def _is_whole(scenario: Scenario, key: str) -> bool:
    """Whether a setting must be a whole number; raises `ConfigError` when it is no number at all."""
    *path, name = key.split(".")
    owner = _reached(scenario, path)
    if isinstance(owner, dict):
        kinds = {type(owner[name])}
        quantity = counts = False
    else:
        hint = typing.get_type_hints(type(owner))[name]
        kinds = set(typing.get_args(hint) or (hint,))
        bounds = next(field for field in dataclasses.fields(owner) if field.name == name).metadata
        quantity, counts = bounds.get("quantity", False), bounds.get("whole", False)
    if not quantity and not kinds & {int, float}:
        raise ConfigError(f"ranges: {key}: is not a number")
    return counts or (int in kinds and not isinstance(owner, dict))
