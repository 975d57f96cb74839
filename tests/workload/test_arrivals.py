"""Tasks that are begun by the thousand come when those begun one by one do, to the bit."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from sim.sampling.decisions import GAPS
from sim.sampling.distributions import distribution
from sim.sampling.streams import Streams
from sim.scenario.shards import Shard
from sim.settings.workload import DemandWindow, WorkloadSettings
from sim.workload.arrivals import GAPS_PER_PAGE, Arrivals
from sim.workload.demand import Demand

MONDAY = datetime(2026, 2, 16, tzinfo=UTC)
SECONDS: dict[str, Any] = {"dist": "exponential", "mean": 7.0}
TWO_OR_SO: dict[str, Any] = {"dist": "geometric", "mean": 2.0}
STREAMS = Streams(3, 1)
MOST = 5000


def arrivals(shard: Shard, **settings: Any) -> tuple[Arrivals, WorkloadSettings]:
    work = WorkloadSettings(interarrival_s=SECONDS, **settings)
    return Arrivals(work, Demand(work, MONDAY), STREAMS.draws, shard), work


def one_by_one(found: Arrivals) -> list[tuple[int, float]]:
    """(number, moment) of the first of them."""
    said = [(number, 0.0) for number in found.there]
    for moment, tasks in found:
        said += [(task, moment) for task in tasks]
        if len(said) >= MOST:
            break
    return said[:MOST]


def together(found: Arrivals, work: WorkloadSettings) -> list[tuple[int, float]]:
    gap_s = distribution(work.interarrival_s).quantile()

    def gaps(first_page: int, pages: int) -> np.ndarray:
        drawn = [u for page in range(first_page, first_page + pages) for u in STREAMS.draws(GAPS, 0, 0, page, GAPS_PER_PAGE)]
        return np.array([*map(gap_s, drawn)])

    said: list[tuple[int, float]] = []
    for numbers, moments in found.together(gaps):
        said += zip(numbers.tolist(), moments.tolist(), strict=True)
        if len(said) >= MOST:
            break
    return said[:MOST]


@pytest.mark.parametrize("shard", [Shard(), Shard(0, 7), Shard(6, 7), Shard(90, 100)])
@pytest.mark.parametrize(
    "settings",
    [
        {"tasks": 1},
        {"tasks": 700},
        {"tasks": None, "backlog": 9},
        {"tasks": 5, "backlog": 5},
        {"tasks": 900, "batch_size": TWO_OR_SO},
        {"tasks": None, "batch_size": 3},
        {"tasks": None, "hours": [DemandWindow(from_h=9, until_h=18, times=2.0)], "otherwise": 0.0},
    ],
    ids=str,
)
def test_the_same_numbers_at_the_same_moments(shard: Shard, settings: dict[str, Any]) -> None:
    found, work = arrivals(shard, **settings)
    expected = one_by_one(found)
    assert together(found, work) == expected
    assert all(shard.has(number) for number, _ in expected)


def test_where_demand_fades_nobody_comes_any_more() -> None:
    """A millionth a week later: of seconds of usual demand there are 604,800 / ln 10^6 in all."""
    found, work = arrivals(Shard(1, 20), tasks=None, growth_per_week=1e-6)
    expected = one_by_one(found)
    assert len(expected) == pytest.approx(604_800 / math.log(1e6) / 7 / 20, rel=0.1)
    assert together(found, work) == expected
