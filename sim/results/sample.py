"""What paired comparison with another scenario needs: sums by replication."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

import numpy as np

from sim.errors import ConfigError, did_you_mean, of_kind

Value = TypeVar("Value")


class Sample(NamedTuple):
    """Metrics of a scenario, as far as a comparison with another needs them."""

    whole: Mapping[str, float]
    """By metric: its value from all replications."""
    without: Mapping[str, np.ndarray]
    """By metric: its values with each replication left out, in their order."""

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


def known(metric: str, found: Mapping[str, Value]) -> Value:
    """What is found of a metric. Raises `ConfigError` that names the likely one."""
    of_kind(metric, str, "mean: a metric is a text such as 'cost_per_task_usd'")
    if metric not in found:
        raise ConfigError(f"mean: '{metric}' is not a metric of this run; {did_you_mean(metric, found)}")
    return found[metric]
