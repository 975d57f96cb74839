"""A log's bill as it was billed, and by our price lists: the tokens that were recorded, each call at the backend of its own model."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping

import numpy as np

from sim.backends.build import price_over_time
from sim.backends.models import backends_of
from sim.backends.pricing import ONE_HOUR_S
from sim.call import BATCH, STANDARD
from sim.errors import of_kind
from sim.logs.log import Log
from sim.logs.logged import SINCE_1970_S
from sim.scenario.scenario import Scenario
from sim.scenario.told.numbers import counted, dollars
from sim.settings.market import BackendSettings, CacheKind
from sim.usage import Dollars

KINDS = Dollars._fields
WRITE, FEES = KINDS.index("cache_write"), KINDS.index("fees")
BLOCK_ROWS = 65_536
"""Priced at a time, so that logs of millions of calls need no memory beside their own."""


class LogBill:
    """Every call of a log with its dollars, by kind of token."""

    def __init__(self, log: Log, scenario: Scenario, models: Mapping[str, str] | None = None) -> None:
        """`models` says which backend serves a model that no rule finds (`sim.backends.models`); calls that name no model are those
        of the scenario's first backend. Raises `ConfigError` for a backend that there is not."""
        of_kind(log, Log, "LogBill takes a log, as sim.logs.read returns it, and a scenario")
        of_kind(scenario, Scenario, "LogBill takes a log and a scenario, as sim.load returns it")
        if models is not None:
            of_kind(models, Mapping, "models takes a mapping NAME: BACKEND")
        self.log, self.scenario = log, scenario
        self.market = scenario.market.models
        self.unasked = sorted(set(models or ()) - set(log.models))
        """Of `models`, those that the log has not."""
        self.backends = backends_of(log.models, self.market, {"": scenario.backends[0], **(models or {})})
        calls = log.calls
        places = {backend: place for place, backend in enumerate(self.market)}
        number = [places[self.backends[name]] if name in self.backends else -1 for name in log.models]
        self.backend: np.ndarray = np.array(number, np.int16)[calls["model"]]
        """By call, its number in the market; -1: of a model that has none."""
        self._batch = calls["tier"] == log.tiers.index(BATCH) if BATCH in log.tiers else np.zeros(len(calls), bool)
        self.dollars, self.write_tokens = np.empty((len(calls), len(KINDS))), np.empty(len(calls), np.int64)
        for some in blocks(len(calls)):
            self.dollars[some], self.write_tokens[some] = self.charge(calls[some], some)
        """By call and kind of token, USD (nan: of a model that has no price here); and tokens written to the cache."""
        failed = np.array([status != "ok" for status in log.statuses])[calls["status"]]
        self.dollars[failed & (calls["cost_usd"] == 0)] = 0.0

    def __repr__(self) -> str:
        calls, unpriced = int(self.log.calls["calls"].sum()), sum(self.unknown.values())
        billed = "not said" if np.isnan(self.billed).all() else dollars(total(self.billed))
        idle = f"; models: the log has no {', '.join(self.unasked)}" if self.unasked else ""
        left = f"; {counted(unpriced, 'call')} of models without a price here" if unpriced else ""
        said = f"Bill of {counted(calls, 'call')} of {counted(len(self.log.models), 'model')}: {dollars(total(self.priced))} by our prices"
        return f"{said}, as billed {billed}{left}{idle}\nBy call: .priced, .billed, .dollars; what else it could have come to: sim.what_if"

    def charge(self, calls: np.ndarray, places: slice | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Dollars by kind of token, shape (calls, kinds), and tokens written, had the calls at these places of the log been `calls`.

        Where a log tells reads alone, an explicit cache is written all that is not read.
        """
        dollars, writes = np.full((len(calls), len(KINDS)), np.nan), np.maximum(calls["cache_write_tokens"], 0)
        alone, of_batch, of_backend = calls["calls"] == 1, self._batch[places], self.backend[places]
        for number, (name, settings) in enumerate(self.market.items()):
            for batch, one in itertools.product((False, True), repeat=2):
                rows = np.flatnonzero((of_backend == number) & (of_batch == batch) & (alone == one))
                if len(rows):  # a sum of many calls says nothing of how long each prompt is
                    prices = settings if one else dataclasses.replace(settings, tiers=[])
                    writes[rows] = _written(calls[rows], settings)
                    dollars[rows] = self._priced(calls[rows], writes[rows], name, prices, batch)
        return dollars, writes

    def _priced(self, calls: np.ndarray, writes: np.ndarray, name: str, settings: BackendSettings, batch: bool) -> np.ndarray:
        """What was written for an hour has its own price."""
        start = self.scenario.start_time()
        began = np.where(calls["start_s"] > SINCE_1970_S, calls["start_s"] - start.timestamp(), np.nan_to_num(calls["start_s"]))
        names = ("input_tokens", "cache_read_tokens", "output_tokens")
        usage = {**{kind: calls[kind] for kind in names}, "cache_write_tokens": writes, "t_request_s": began}
        as_set, short, long = (
            price_over_time(each, self.scenario.events_of(name), start, batch=batch).dollars_of(usage)
            for each in (
                settings,
                dataclasses.replace(settings, cache_1h_tokens=0, cache_ttl_s=min(settings.cache_ttl_s, ONE_HOUR_S - 1)),
                dataclasses.replace(settings, cache_1h_tokens=0, cache_ttl_s=ONE_HOUR_S),
            )
        )
        hour = np.divide(calls["cache_write_1h_tokens"], writes, out=np.zeros(len(calls)), where=writes > 0)
        short[:, WRITE] += hour * (long[:, WRITE] - short[:, WRITE])
        found = np.where(calls["cache_write_1h_tokens"][:, None] < 0, as_set, short)
        found[:, FEES] += calls["web_searches"] * settings.web_search_usd_per_1k / 1000 * (1 + settings.fee)
        return found

    @property
    def priced(self) -> np.ndarray:
        """By call, our dollars; nan: of a model that has no price here."""
        found: np.ndarray = self.dollars.sum(axis=1)
        return found

    @property
    def billed(self) -> np.ndarray:
        """By call, dollars as billed; nan: the log has none."""
        found: np.ndarray = self.log.calls["cost_usd"]
        return found

    @property
    def unknown(self) -> dict[str, int]:
        """Calls by models that have no backend."""
        numbers = np.bincount(self.log.calls["model"], minlength=len(self.log.models))
        return {name: int(many) for name, many in zip(self.log.models, numbers, strict=True) if many and name not in self.backends}

    def tiers(self) -> dict[str, int]:
        """Calls by tiers of service that no price here knows: taken at the standard one."""
        numbers = np.bincount(self.log.calls["tier"], minlength=len(self.log.tiers))
        return {name: int(many) for name, many in zip(self.log.tiers, numbers, strict=True) if name not in (STANDARD, BATCH)}

    def writes_unsaid(self) -> int:
        """Calls of which the log tells no cache writes and that are priced with some: all that they did not read."""
        return int(((self.log.calls["cache_write_tokens"] < 0) & (self.write_tokens > 0)).sum())

    def beyond_window(self) -> int:
        """Calls whose prompt is longer than the context window of the backend at whose price it stands."""
        windows = np.array([*(settings.context_window_tokens for settings in self.market.values()), np.inf])
        return int(((self.log.calls["calls"] == 1) & (self.log.calls["input_tokens"] > windows[self.backend])).sum())

    def lifetimes_unsaid(self) -> int:
        """Calls whose cache writes have no lifetime in the log, where it makes a difference: taken as the backend's."""
        dearer = [settings.cache_write_1h_usd_per_mtok is not None for settings in self.market.values()]
        unsaid = (self.log.calls["cache_write_1h_tokens"] < 0) & (self.write_tokens > 0)
        return int((unsaid & np.array([*dearer, False])[self.backend]).sum())


def _written(calls: np.ndarray, settings: BackendSettings) -> np.ndarray:
    """Tokens written to the cache, by call."""
    writes = calls["cache_write_tokens"]
    takes = (calls["input_tokens"] >= settings.cache_min_tokens) & (settings.cache is CacheKind.explicit)
    return np.where(writes < 0, np.where(takes, calls["input_tokens"] - calls["cache_read_tokens"], 0), writes)


def blocks(many: int) -> list[slice]:
    """Some rows at a time."""
    return [slice(at, at + BLOCK_ROWS) for at in range(0, many, BLOCK_ROWS)]


def total(values: np.ndarray) -> float:
    """The sum of what is there."""
    return float(np.nansum(values))


def sums(values: np.ndarray, groups: np.ndarray, many: int) -> list[float]:
    """By group, the sum of what is there."""
    found: list[float] = np.bincount(groups, np.nan_to_num(values), many).tolist()
    return found
