"""How many units to reserve for a workload: as many as almost every window takes, or the cheapest blend of units and spill."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from sim.backends.build import price_of, with_router_fee
from sim.errors import ConfigError, of_kind
from sim.results.capacity.asked import HOUR_S
from sim.results.result import Result
from sim.results.saved import SavedResult
from sim.scenario.told.numbers import dollars, number
from sim.settings.capacity.reserved import ReservedSettings

if TYPE_CHECKING:
    import pandas as pd

WINDOWS_S = (1.0, 5.0, 30.0)
"""Windows of which the one that takes most units decides, as `slosizer` has them."""
BLEND_S = 1.0
"""The window in which what goes beyond units spills."""


@dataclass(frozen=True)
class Blend:
    """So many units, and the rest by the list."""

    units: int
    units_usd_per_h: float
    spilled_usd_per_h: float
    spilled_windows: float
    """Share of windows in which something spills."""

    @property
    def usd_per_h(self) -> float:
        """Both."""
        return self.units_usd_per_h + self.spilled_usd_per_h


@dataclass(frozen=True)
class Reserve:
    """What is asked of one backend, in units."""

    settings: ReservedSettings
    needed: dict[float, np.ndarray]
    """By window in seconds: units that each window takes, empty ones too, of all replications."""
    listed_usd: np.ndarray
    """Of each window of `BLEND_S`: what its calls cost by the list."""
    hours: float
    """First to last request, all replications together."""

    def __repr__(self) -> str:
        best, usual = self.cheapest(), self.units()
        cheapest = f"cheapest are {best.units:,}, {dollars(best.usd_per_h)} an hour with what spills"
        said = f"Reserve: {usual:,} units take 99 % of windows; {cheapest}"
        return f"{said}\nOver {number(self.hours)} hours: .units(share), .blend(units), .cheapest()"

    def units(self, share: float = 0.99) -> int:
        """The least that can be had with which this share of windows, of whichever length, finds units enough. Raises `ConfigError`."""
        if isinstance(share, bool) or not isinstance(share, Real) or not 0 <= share <= 1:
            raise ConfigError(f"share={share!r:.80}: must be a share from 0 to 1, such as 0.99")
        return self.rounded(max(float(np.quantile(needed, share)) for needed in self.needed.values()))

    def blend(self, units: int) -> Blend:
        """So many units: what goes beyond them in a window spills in proportion. Raises `ConfigError`."""
        if isinstance(units, bool) or not isinstance(units, int | np.integer) or units < 0:
            raise ConfigError(f"units={units!r:.80}: must be a whole number from 0 on")
        needed = self.needed[BLEND_S]
        beyond = np.divide(np.maximum(needed - units, 0.0), needed, out=np.zeros_like(needed), where=needed > 0)
        spilled_usd = float(beyond @ self.listed_usd) / self.hours
        return Blend(units, units * self.settings.usd_per_h, spilled_usd, float((beyond > 0).mean()))

    def cheapest(self) -> Blend:
        """The blend that costs least, of all that can be had, none among them."""
        most = self.rounded(float(self.needed[BLEND_S].max()))
        return min(map(self.blend, [0, *range(self.rounded(0.0), most + 1, self.settings.step)]), key=lambda blend: blend.usd_per_h)

    def rounded(self, units: float) -> int:
        """The next number of units that can be had."""
        return math.ceil(max(float(self.settings.least), units) / self.settings.step) * self.settings.step


def reserve(result: Result | SavedResult, backend: str) -> Reserve:
    """Of a run with log=full, by the terms under `market.models.<backend>.reserved`; attempts that were not billed ask for nothing.

    Windows begin with the first request of each replication. Source of the two rules: slosizer 0.3.1 (MIT), to which tests hold both.
    Raises `ConfigError` where there are no terms, or no calls.
    """
    of_kind(result, Result | SavedResult, "reserve takes a result, of sim.simulate")
    scenario = result.scenario
    if backend not in scenario.backends:
        raise ConfigError(f"{backend}: not among backends=[{','.join(scenario.backends)}]")
    settings = scenario.market.models[backend].reserved
    if settings.tokens_per_min is None:
        raise ConfigError(f"market.models.{backend}.reserved.tokens_per_min=null: how much does a unit take? See conf/reserved/")
    price = price_of(scenario, backend, with_router_fee)
    rows = result.calls[result.calls["backend"] == backend]
    rows = rows[rows["input_tokens"] + rows["output_tokens"] > 0]
    if len(rows) < 2:
        raise ConfigError(f"{backend}: the run has {len(rows)} billed calls of it, too few to say what they need")
    needed: dict[float, list[np.ndarray]] = {window: [] for window in WINDOWS_S}
    listed, seconds = [], 0.0
    for _, mine in rows.groupby("replication"):
        t_s = mine["t_request_s"].to_numpy(float) - float(mine["t_request_s"].min())
        work = _weighted(settings, mine)
        for window, of in needed.items():
            of.append(_by_window(t_s, work, window) / (settings.tokens_per_min / 60.0 * window))
        columns = {name: mine[name].to_numpy() for name in mine.columns if mine[name].dtype.kind in "iuf"}
        listed.append(_by_window(t_s, price.dollars_of(columns).sum(axis=1), BLEND_S))
        seconds += float(t_s.max())
    together = {window: np.concatenate(parts) for window, parts in needed.items()}
    return Reserve(settings, together, np.concatenate(listed), seconds / HOUR_S)


def _weighted(settings: ReservedSettings, rows: pd.DataFrame) -> np.ndarray:
    whole, read, output = (rows[name].to_numpy(float) for name in ("input_tokens", "cache_read_tokens", "output_tokens"))
    weighted: np.ndarray = (whole - read) * settings.input_weight + read * settings.cache_read_weight + output * settings.output_weight
    return weighted


def _by_window(t_s: np.ndarray, amounts: np.ndarray, window_s: float) -> np.ndarray:
    places = np.floor(t_s / window_s).astype(np.int64)
    return np.bincount(places, amounts, int(places.max()) + 1)
