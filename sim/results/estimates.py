"""What replications say together: every metric with its interval, and with each replication left out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.meter.tally import Tally
from sim.results.metrics import Percentile, metrics
from sim.scenario.scenario import Scenario
from sim.statistics import Estimate, jackknife, leave_one_out

if TYPE_CHECKING:
    import pandas as pd

HEADLINES = ("cost_per_task_usd", "tokens_per_task", "success_rate", "cost_per_success_usd", "cache_hit_rate", "task_latency_p50_s")
"""What `precision` is asked of, and what a sweep's table compares with its baseline."""


class Sample(NamedTuple):
    """Metrics of a scenario, as far as a comparison with another needs them."""

    whole: Mapping[str, float]
    """From all replications."""
    without: Mapping[str, np.ndarray]
    """From all replications but one, in their order."""

    @property
    def replications(self) -> int:
        """How many there are; 0 where there are too few to leave one out."""
        return len(next(iter(self.without.values()), ()))

    def first(self, n: int) -> Sample:
        """What the first n replications say, to first order: from the jackknife's pseudo-values."""
        have = self.replications
        if n == have:
            return self
        whole, without = {}, {}
        for name, left_out in self.without.items():
            own = (have * self.whole[name] - (have - 1) * left_out)[:n]
            whole[name] = float(own.mean())
            without[name] = (n * whole[name] - own) / (n - 1)
        return Sample(whole, without)


def read_sample(folder: Path) -> Sample | None:
    """The metrics that a run left in its folder (`summary.csv`, `replications.csv`); None where it left none."""
    files = folder / "summary.csv", folder / "replications.csv"
    if not all(file.exists() for file in files):
        return None
    summary, left_out = read_table(files[0]).set_index("metric"), read_table(files[1])
    return Sample(dict(summary["mean"]), {str(name): part["without"].to_numpy() for name, part in left_out.groupby("metric", sort=False)})


def read_table(file: Path) -> pd.DataFrame:
    """A CSV of ours, its numbers to the last bit."""
    import pandas as pd

    older: dict[str, Any] = {"float_precision": "round_trip"} if pd.__version__ < "3" else {}
    return pd.read_csv(file, **older)


class Estimates:
    """All metrics of a scenario from the tallies of its replications."""

    def __init__(self, scenario: Scenario, tallies: Sequence[Tally]) -> None:
        self.metrics = metrics(scenario)
        self.tallies = tallies
        pooled = tallies[0]
        for tally in tallies[1:]:
            pooled = pooled.plus(tally)
        self.pooled = pooled

    @cached_property
    def sample(self) -> Sample:
        """Values, and values with each replication left out."""
        others = leave_one_out(self.tallies, Tally.plus)
        whole = {name: metric(self.pooled) for name, metric in self.metrics.items()}
        without = {}
        for name, metric in self.metrics.items():
            if isinstance(metric, Percentile):
                without[name] = metric.without(self.pooled, self.tallies)
            else:
                without[name] = np.array([metric(other) for other in others])
        return Sample(whole, without)

    @cached_property
    def intervals(self) -> dict[str, Estimate]:
        """Every metric with its 95 % interval: t for means, jackknife for ratios of sums, Woodruff's for percentiles."""
        found = {}
        for name, metric in self.metrics.items():
            if isinstance(metric, Percentile):
                found[name] = metric.interval(self.pooled, self.tallies)
            else:
                found[name] = jackknife(self.sample.whole[name], self.sample.without[name])
        return found

    @property
    def widths(self) -> dict[str, float]:
        """Relative half-width of each headline whose value is a number other than 0; inf where it has no interval."""
        known = [name for name in HEADLINES if self.sample.whole[name] and not math.isnan(self.sample.whole[name])]
        widths = {name: self.intervals[name].relative_half_width for name in known}
        return {name: math.inf if math.isnan(width) else width for name, width in widths.items()}
