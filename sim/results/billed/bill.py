"""A log's bill as it was billed, and by our price lists: the tokens that were recorded, each call at the backend of its own model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from sim.backends.pricing import ONE_HOUR_S, Price
from sim.logs.log import Log
from sim.results.billed.models import backends_of
from sim.scenario.scenario import Scenario
from sim.settings.market import BackendSettings, CacheKind

KINDS = ("fresh_input", "cache_read", "cache_write", "output")
_SINCE_1970_S = 1e8
"""A start above it is a moment; below, seconds since the start of a run or session."""
_TIERS = ("standard", "batch")
"""Of service: those that prices are known of."""


class LogBill:
    """Every call of a log with its dollars, by kind of token."""

    def __init__(self, log: Log, scenario: Scenario, models: Mapping[str, str] | None = None) -> None:
        """`models` says which backend serves a model that no rule finds (`sim.results.billed.models`); calls that name no model are those
        of the scenario's first backend. Raises `ConfigError` for a backend that there is not."""
        self.log, self.scenario = log, scenario
        self.market = scenario.market.models
        self.backends = backends_of(log.models, self.market, {"": scenario.backends[0], **(models or {})})
        calls = log.calls
        places = {backend: place for place, backend in enumerate(self.market)}
        self.backend = np.array([places[self.backends[name]] if name in self.backends else -1 for name in log.models], int)[calls["model"]]
        """By call, its number in the market; -1: of a model that has none."""
        self.write_tokens = np.maximum(calls["write_5m_tokens"], 0) + calls["write_1h_tokens"]
        """Where a log tells reads alone, an explicit cache is written all that is not read."""
        self.dollars = np.full((len(calls), len(KINDS)), np.nan)
        """By call and kind of token, USD; nan: of a model that has no price here."""
        batch = calls["tier"] == log.tiers.index("batch") if "batch" in log.tiers else np.zeros(len(calls), bool)
        for place, settings in enumerate(self.market.values()):
            for cheap in (False, True):
                rows = np.flatnonzero((self.backend == place) & (batch == cheap))
                if len(rows):
                    self.dollars[rows] = self._priced(calls[rows], rows, settings, cheap)
        self.dollars[(np.array([status != "ok" for status in log.statuses])[calls["status"]]) & (calls["cost_usd"] == 0)] = 0.0

    def _priced(self, calls: np.ndarray, rows: np.ndarray, settings: BackendSettings, batch: bool) -> np.ndarray:
        """What is written for an hour has its own price."""
        start = self.scenario.start_time()
        unsaid = calls["write_5m_tokens"] < 0
        if settings.cache is CacheKind.explicit:
            rest = calls["input_tokens"] - calls["cache_read_tokens"]
            kept = unsaid & (calls["input_tokens"] >= settings.cache_min_tokens)
            self.write_tokens[rows[kept]] = rest[kept]
        writes = self.write_tokens[rows]
        hour = np.where(unsaid, writes * (settings.cache_ttl_s >= ONE_HOUR_S), calls["write_1h_tokens"])
        began = calls["start_s"]
        began = np.where(began > _SINCE_1970_S, began - start.timestamp(), np.nan_to_num(began))
        usage = {
            "input_tokens": calls["input_tokens"],
            "cache_read_tokens": calls["cache_read_tokens"],
            "cache_write_tokens": writes,
            "output_tokens": calls["output_tokens"],
            "t_request_s": began,
        }
        ttls = [min(settings.cache_ttl_s, ONE_HOUR_S - 1), ONE_HOUR_S]
        short, long = (Price(dataclasses.replace(settings, cache_ttl_s=ttl), start, batch=batch).dollars_of(usage) for ttl in ttls)
        share = np.divide(hour, writes, out=np.zeros(len(rows)), where=writes > 0)
        short[:, 2] += share * (long[:, 2] - short[:, 2])
        return short

    @property
    def priced(self) -> np.ndarray:
        """By call, our dollars; nan: of a model that has no price here."""
        return self.dollars.sum(axis=1)

    @property
    def billed(self) -> np.ndarray:
        """By call, dollars as billed; nan: the log has none."""
        return self.log.calls["cost_usd"]

    @property
    def unknown(self) -> dict[str, int]:
        """Calls by models that have no backend."""
        numbers = np.bincount(self.log.calls["model"], minlength=len(self.log.models))
        return {name: int(many) for name, many in zip(self.log.models, numbers, strict=True) if name not in self.backends}

    def tiers(self) -> dict[str, int]:
        """Calls by tiers of service that no price here knows: taken at the standard one."""
        numbers = np.bincount(self.log.calls["tier"], minlength=len(self.log.tiers))
        return {name: int(many) for name, many in zip(self.log.tiers, numbers, strict=True) if name not in _TIERS}


def total(values: np.ndarray) -> float:
    """The sum of what is there."""
    return float(np.nansum(values))


def sums(values: np.ndarray, groups: np.ndarray, many: int) -> Sequence[float]:
    """By group, the sum of what is there."""
    return np.bincount(groups, np.nan_to_num(values), many).tolist()
