"""The calls of a run's folder, session by session, however many there are: some tasks are in memory at a time."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.backends.build import price_of, with_router_fee
from sim.backends.models import names_of
from sim.backends.pricing import ONE_HOUR_S
from sim.errors import DataError
from sim.logs.logged import agent_of, parent_of
from sim.logs.writer import RunCall, RunSession
from sim.scenario.scenario import Scenario
from sim.settings.market import BackendSettings, CacheKind
from sim.usage import Dollars

if TYPE_CHECKING:
    import pandas as pd

AT_ONCE = 100_000
"""Rows in memory at a time, about; a task is never divided."""
_EVERY = 500
"""Of rows one is looked at to find where to divide them."""
_KEY = np.dtype([("replication", "<i8"), ("task", "<u8")])
_END = (math.inf, math.inf)
_FEES = len(Dollars._fields)
"""Of `RunCall.dollars`, which has writes of two lifetimes."""
_COPIED = (
    "request_s", "start_s", "first_token_s", "end_s", "input_tokens", "cache_read_tokens", "cache_write_tokens", "hour", "output_tokens",
    "reasoning_tokens",
)  # fmt: skip


def sessions_of(file: Path, scenario: Scenario, at_once: int = AT_ONCE) -> Iterator[RunSession]:
    """Of a `calls.parquet`, by replication and task. Raises `DataError` where it cannot be read."""
    lists = {name: _List(name, settings, scenario) for name, settings in scenario.chosen().items()}
    for rows in _parts(file, at_once):
        yield from _sessions(rows.sort_values(["replication", "task", "t_request_s", "attempt"], kind="stable"), lists, scenario)


def above_list_usd(file: Path, scenario: Scenario, at_once: int = AT_ONCE) -> float:
    """What the bill of a `calls.parquet` has above that of its tokens by the list: reads that bills show to save less, a router's fee."""
    lists = {name: (price_of(scenario, name, with_router_fee), price_of(scenario, name, _by_list)) for name in scenario.chosen()}
    if all(with_router_fee(own := scenario.used(model), scenario) == _by_list(own, scenario) for model in scenario.chosen().values()):
        return 0.0
    above = 0.0
    for rows in _parts(file, at_once):
        for name, calls in rows[rows["cost_usd"] != 0].groupby(rows["backend"].astype(str)):
            used = {column: calls[column].to_numpy() for column in calls.columns}
            charged, listed = (price.dollars_of(used).sum() for price in lists[str(name)])
            above += float(charged - listed)
    return above


def _parts(file: Path, at_once: int) -> Iterator[pd.DataFrame]:
    """The rows of some tasks at a time. Rows of a task lie near one another, so each part needs few groups of the file."""
    from pyarrow import ArrowException, parquet

    try:
        opened = parquet.ParquetFile(file)
    except (ArrowException, ValueError) as error:
        raise DataError(f"{file}: cannot be read ({error})") from None
    with opened as whole:
        spans, seen = [], []
        for group in range(whole.num_row_groups):
            rows = whole.read_row_group(group, ["replication", "task"]).to_pandas()
            keys = np.empty(len(rows), _KEY)
            keys["replication"], keys["task"] = rows["replication"], rows["task"]
            keys.sort()
            spans.append((keys[0].item(), keys[-1].item()))
            seen += keys[::_EVERY].tolist()
        cuts = sorted(set(sorted(seen)[:: max(1, at_once // _EVERY)]))
        for first, after in itertools.pairwise([*cuts, _END]):
            groups = [group for group, (low, high) in enumerate(spans) if low < after and high >= first]
            rows = whole.read_row_groups(groups).to_pandas()
            yield rows[_from(rows, first) & ~_from(rows, after)]


def _from(rows: pd.DataFrame, key: tuple[float, float]) -> pd.Series:
    """Which rows are of this replication and task, or of a later one."""
    replication, task = key
    return (rows["replication"] > replication) | ((rows["replication"] == replication) & (rows["task"] >= task))


def _lasting(model: BackendSettings, scenario: Scenario) -> BackendSettings:
    """As if all were kept for an hour."""
    return dataclasses.replace(with_router_fee(model, scenario), cache_1h_tokens=0, cache_ttl_s=max(model.cache_ttl_s, ONE_HOUR_S))


def _by_list(model: BackendSettings, scenario: Scenario) -> BackendSettings:
    """As whoever has the tokens alone reckons."""
    return dataclasses.replace(model, cache_discount_realised=1.0)


class _List:
    """What others call a backend, and what it charges."""

    def __init__(self, name: str, settings: BackendSettings, scenario: Scenario) -> None:
        self.settings = settings
        self.model = names_of(scenario.market.models)[name]
        self._price, self._lasting = (price_of(scenario, name, adapt) for adapt in (with_router_fee, _lasting))

    def dollars(self, rows: pd.DataFrame, hour: np.ndarray) -> np.ndarray:
        """In the order of `RunCall.dollars`, of calls of which so much is written for an hour; shape (calls, 6)."""
        used = {name: rows[name].to_numpy() for name in rows.columns}
        fresh, read, write, output, fees = self._price.dollars_of(used).T
        long = self._lasting.dollars_of({**used, "cache_write_tokens": hour})[:, 2]
        return np.column_stack([fresh, read, write - long, long, output, fees])

    def for_an_hour(self, rows: pd.DataFrame) -> np.ndarray:
        """Tokens written to be kept for an hour: all where that is the lifetime, else those of a head that is (as they are priced)."""
        written, settings = rows["cache_write_tokens"].to_numpy(np.int64), self.settings
        if settings.cache is not CacheKind.explicit or settings.cache_ttl_s >= ONE_HOUR_S:
            found: np.ndarray = written * (settings.cache is CacheKind.explicit)
            return found
        found = np.minimum(written, np.maximum(0, settings.long_lived_tokens - rows["cache_read_tokens"].to_numpy(np.int64)))
        return found


def _sessions(rows: pd.DataFrame, lists: dict[str, _List], scenario: Scenario) -> Iterator[RunSession]:
    dollars, hour = np.zeros((len(rows), _FEES + 1)), np.zeros(len(rows), np.int64)
    backends = rows["backend"].astype(str).to_numpy()
    for name in np.unique(backends).tolist():
        own = np.flatnonzero(backends == name)
        hour[own] = lists[name].for_an_hour(rows.iloc[own])
        dollars[own] = lists[name].dollars(rows.iloc[own], hour[own])
    dollars[rows["cost_usd"].to_numpy() == 0] = 0.0  # not billed, or taken by reserved units
    if scenario.as_billed:  # lifetimes and searches are those of a log, of which rows of a run say no more than the bill
        dollars[:, _FEES] += rows["cost_usd"].to_numpy() - dollars.sum(axis=1)
    began = scenario.start_time().timestamp()
    times = {f"{name}_s": rows[f"t_{name}_s"] + began for name in ("request", "start", "first_token", "end")}
    table = rows.assign(**times, hour=hour)
    numbers = zip(*(table[name].tolist() for name in _COPIED), strict=True)
    words = zip(
        *(table[name].tolist() for name in ("replication", "task", "agent", "depth", "turn", "attempt", "role", "status")), strict=True
    )
    tier = "batch" if scenario.batch else "standard"
    session = ""
    agents: dict[str, list[RunCall]] = {}
    for (replication, task, path, depth, turn, attempt, role, status), copied, backend, usd in zip(
        words, numbers, backends.tolist(), dollars.tolist(), strict=True
    ):
        if session != (name := f"{replication}.{task}"):
            if agents:
                yield RunSession(session, agents, began)
            session, agents = name, {}
        agent, each = agent_of(path), lists[backend]
        head = (agent, parent_of(path), depth, turn, attempt, role, backend, each.model, each.settings.vendor, tier, status)
        agents.setdefault(agent, []).append(RunCall._make((*head, *copied, tuple(usd))))
    if agents:
        yield RunSession(session, agents, began)
