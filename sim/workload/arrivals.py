"""Open arrivals: when which tasks come that nobody in particular sends, one gap after another."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

from sim.sampling.decisions import GAPS, SIZES
from sim.sampling.distributions import distribution, whole
from sim.scenario.shards import Shard
from sim.settings.workload import WorkloadSettings
from sim.workload.demand import Demand

GAPS_PER_PAGE = 64
"""Of the pages of random numbers."""
MOST_PAGES, MOST_BATCHES = 2048, 4096
"""Whose tasks are begun together at most, by whoever takes many."""
Draws = Callable[..., tuple[float, ...]]
"""`sim.sampling.streams.Streams.draws`"""


class TakesMany(Protocol):
    """Who begins tasks of nobody in particular by the thousand, with no event between one and the next."""

    def gaps(self, first_page: int, pages: int) -> np.ndarray:
        """(pages x 64,) seconds of usual demand between one arrival and the next."""

    def work_all(self, numbers: np.ndarray, moments: np.ndarray) -> None:
        """Begin tasks of these numbers at these moments, which rise."""


class Arrivals:
    """Tasks that are dealt to one shard, in the order in which they come."""

    def __init__(self, settings: WorkloadSettings, demand: Demand, draws: Draws, shard: Shard) -> None:
        self._settings = settings
        self._demand = demand
        self._draws = draws
        self._shard = shard
        size = distribution(settings.batch_size)
        self._size_of, self._alone = whole(size, 1), size.support() == (1.0, 1.0)
        self._last = settings.tasks or sys.maxsize
        self.there = range(shard.number, settings.backlog, shard.of)
        """Numbers of those that are there from the start."""

    def __iter__(self) -> Iterator[tuple[float, range]]:
        """When others come, and their numbers."""
        for moment, tasks in self._batches():
            begins_s = self._demand.after(0.0, moment) if self._demand.changes else moment
            if begins_s == math.inf:
                return
            yield begins_s, tasks

    def together(self, gaps: Callable[[int, int], np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """All as arrays of numbers and of moments: some hundred tasks at first, then thousands. `gaps`: `TakesMany.gaps`."""
        yield np.array(self.there, np.int64), np.zeros(len(self.there))
        if self._alone:
            yield from self._one_by_one(gaps)
        else:
            batches = iter(self)
            while some := list(itertools.islice(batches, MOST_BATCHES)):
                numbers = np.array([*itertools.chain.from_iterable(tasks for _, tasks in some)], np.int64)
                yield numbers, np.repeat([moment for moment, _ in some], [len(tasks) for _, tasks in some])

    def _one_by_one(self, gaps: Callable[[int, int], np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Those that do not come in batches."""
        shard, shards = self._shard
        number, moment, page, pages = self._settings.backlog, 0.0, 0, 1
        while number < self._last:
            between = gaps(page, pages)
            between[0] += moment
            moments = np.cumsum(between)  # one after another, as Python would
            moment = moments[-1]
            mine = slice((shard - number) % shards, self._last - number, shards)
            begins_s = moments[mine]
            if self._demand.changes:
                begins_s = np.array([self._demand.after(0.0, each) for each in begins_s.tolist()])
            ever = int(np.searchsorted(begins_s, math.inf))
            yield (np.arange(number, number + len(moments))[mine])[:ever], begins_s[:ever]
            if ever < len(begins_s):
                return
            number, page, pages = number + len(moments), page + pages, min(2 * pages, MOST_PAGES)

    def _batches(self) -> Iterator[tuple[float, range]]:
        """When which tasks come, were demand always the same. Other shards' gaps are passed over a page at a time."""
        gap_s = distribution(self._settings.interarrival_s).quantile()
        number, last, moment, draws = self._settings.backlog, self._last, 0.0, self._draws
        shard, shards = self._shard
        for page in itertools.count():
            _, *moments = itertools.accumulate(map(gap_s, draws(GAPS, 0, 0, page, GAPS_PER_PAGE)), initial=moment)
            moment = moments[-1]
            if self._alone:
                places = range((shard - number) % shards, min(GAPS_PER_PAGE, last - number), shards)
                yield from ((moments[place], range(number + place, number + place + 1)) for place in places)
                number += GAPS_PER_PAGE
            else:
                for begins_s, u_size in zip(moments, draws(SIZES, 0, 2, page, GAPS_PER_PAGE), strict=True):
                    following = min(number + self._size_of(u_size), last)
                    mine = number + (shard - number) % shards
                    if mine < following:
                        yield begins_s, range(mine, following, shards)
                    number = following
            if number >= last:
                return
