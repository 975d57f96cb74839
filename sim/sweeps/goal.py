"""What a sweep looks for, as one number for an optimiser: the best scenario among those that succeed often enough."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.errors import ConfigError, did_you_mean
from sim.results.metrics import METRICS, MORE_IS_BETTER
from sim.settings.run import GoalSettings

if TYPE_CHECKING:
    import pandas as pd

BELOW = 1e18
"""More than any metric of a scenario comes to: what it counts as when it succeeds just too rarely."""
WORST = 2 * BELOW
"""A scenario that never succeeds, or that failed."""


def check_goal(goal: GoalSettings) -> None:
    """Raise `ConfigError` where a goal names no metric. Whoever is about to run what looks for one asks first."""
    known = [metric.name for metric in METRICS]
    if goal.metric not in known:
        raise ConfigError(f"goal.metric: '{goal.metric}' is not a metric; {did_you_mean(goal.metric, known)}")


def objective(goal: GoalSettings, metric: Callable[[str], float]) -> float:
    """What a scenario counts as, the least being best. `metric`: its value by name.

    Below the floor it is worse than all that reach it, whatever its price, and the worse the more it falls short, so that an
    optimiser finds its way back: (1 + shortfall) x `BELOW`, after Deb (2000), who lets any feasible point win over any other
    and compares infeasible ones by their violation alone.
    """
    value, success = metric(goal.metric), metric("success_rate")
    if goal.success_floor is not None and not success >= goal.success_floor:
        return BELOW * (1 + goal.success_floor - success) if math.isfinite(success) else WORST
    if not math.isfinite(value):
        return WORST
    return -value if goal.metric in MORE_IS_BETTER else value


def ranked(goal: GoalSettings, rows: pd.DataFrame) -> pd.DataFrame:
    """Scenarios of a sweep's table, the best first."""
    return rows.loc[_counts(goal, rows).sort_values(kind="stable").index]


def reached(goal: GoalSettings, rows: pd.DataFrame) -> pd.Series:
    """Whether each scenario of a sweep's table succeeds often enough (and has the metric)."""
    return _counts(goal, rows) < BELOW


def _counts(goal: GoalSettings, rows: pd.DataFrame) -> pd.Series:
    import pandas as pd

    return pd.Series([objective(goal, scenario.__getitem__) for scenario in rows.to_dict("records")], index=rows.index, dtype=float)
