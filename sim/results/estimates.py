"""What replications say together: every metric with its interval, and with each replication left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from sim.meter.tally import Tally
from sim.results.metrics import HEADLINES, metrics
from sim.results.percentiles import Percentile
from sim.results.sample import Sample
from sim.scenario.scenario import Scenario
from sim.statistics import Estimate, jackknife, leave_one_out

BELOW_NOTHING = ("net_value_per_task_usd", "served_margin_low", "served_margin_high")
"""Metrics, or families of them, that may be less than 0."""


def within(metric: str, found: Estimate) -> Estimate:
    """An interval cut where the quantity itself ends: only worth less bill and a margin are below 0, no share, rate or index above 1."""
    family = metric.partition(".")[0]
    least = -math.inf if family in BELOW_NOTHING else 0.0
    most = 1.0 if family == "jain_index" or family.endswith(("_share", "_rate")) else math.inf
    return found._replace(ci_low=float(np.maximum(found.ci_low, least)), ci_high=float(np.minimum(found.ci_high, most)))


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
