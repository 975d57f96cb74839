"""What a call costs: four kinds of token, tiers by prompt length, times of day and week, regions, batch, and fees.

The rules are those of `genai_prices.calc_price` (a tier applies to the whole request), which the tests compare with.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np

from sim.backends.tariff import Tariff
from sim.call import BATCH, AsBilled
from sim.settings.market import TOKEN_KINDS, BackendSettings, CacheKind, PriceTier
from sim.usage import Dollars, Usage

ONE_HOUR_S = 3600.0
_COLUMNS, _HOUR = [0, 1, 2, 3, 5], 4
"""Of `Rates` with the fee behind them: those that a bill has a column for, and the hour's writes."""

_ROUNDING = 1e-9
"""Of sums of dollars, relative."""


class Rates(NamedTuple):
    """USD per token, by kind."""

    fresh: float
    cache_read: float
    cache_write: float
    output: float
    cache_write_1h: float = 0.0
    """Where one prompt is written for two lifetimes, the longer one's (`BackendSettings.cache_1h_tokens`)."""

    def times(self, factor: float) -> Rates:
        """Every price multiplied."""
        return Rates(*(rate * factor for rate in self))


class Price:
    """A backend's price list, compiled. `start` is the moment of simulated time 0."""

    def __init__(self, settings: BackendSettings, start: datetime = datetime(2026, 2, 16, tzinfo=UTC), *, batch: bool = False) -> None:
        factor = 1 + settings.fee
        a_token = factor * settings.regional_factor
        self.base = _rates(settings, None, batch).times(a_token)
        tiers = sorted(settings.tiers, key=lambda tier: tier.above_tokens)
        self._tiers = [(tier.above_tokens, _rates(settings, tier, batch).times(a_token)) for tier in tiers]
        tariff = Tariff(settings.windows, start)
        self.multiplier, self.multipliers = tariff.multiplier, tariff.multipliers
        """The factor on every price at a moment, and of many moments."""
        self._fee_usd = settings.request_usd * factor
        self._head = settings.long_lived_tokens
        self.first_tier = self._tiers[0][0] if self._tiers else 2**63
        self.changes = bool(tariff)
        """Whether a price depends on the moment."""

    def number(self, t_s: float) -> int:
        """Which of its lists is in force (`DatedPrice`)."""
        return 0

    def rates(self, input_tokens: int, t_s: float) -> Rates:
        """Prices of a request with `input_tokens` of prompt that arrives at simulated second `t_s`."""
        rates = self._tier(input_tokens)
        return rates.times(self.multiplier(t_s)) if self.changes else rates

    def _tier(self, input_tokens: int) -> Rates:
        rates = self.base
        for above, tier in self._tiers:
            if input_tokens > above:
                rates = tier
        return rates

    def lists(self) -> list[tuple[int, Rates]]:
        """Prices by the length of a prompt: each with the tokens that a prompt has more of."""
        return [(-1, self.base), *self._tiers]

    def fee(self, t_s: float) -> float:
        """What a request of that moment costs whatever its tokens, USD."""
        return self._fee_usd * self.multiplier(t_s) if self.changes else self._fee_usd

    def dollars(self, usage: Usage, t_s: float = 0.0) -> Dollars:
        """The bill of one call, by kind of token."""
        rates = self._tier(usage.input_tokens)
        if not self.changes:
            return self._bill(usage, rates, self._fee_usd)
        factor = self.multiplier(t_s)
        return self._bill(usage, rates.times(factor), self._fee_usd * factor)

    def at_base(self, usage: Usage) -> Dollars:
        """The same by the list, at no particular time."""
        return self._bill(usage, self._tier(usage.input_tokens), self._fee_usd)

    def _bill(self, usage: Usage, rates: Rates, fee_usd: float) -> Dollars:
        """What has no tokens was refused, or is not billed: it has no fee either. Of a head that is read in part the rest is written."""
        written = usage.cache_write_tokens
        for_an_hour = min(written, max(0, self._head - usage.cache_read_tokens)) if self._head else 0
        return Dollars(
            usage.fresh_tokens * rates.fresh,
            usage.cache_read_tokens * rates.cache_read,
            (written - for_an_hour) * rates.cache_write + for_an_hour * rates.cache_write_1h,
            usage.output_tokens * rates.output,
            fee_usd if usage.total_tokens else 0.0,
        )

    def dollars_of(self, rows: Any) -> np.ndarray:
        """The bills of many calls (an array of call rows), by kind of token, and fees: shape (calls, 5), USD."""
        prompt = rows["input_tokens"]
        dollars = np.empty((len(prompt), 5))
        for column, name in enumerate(("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")):
            dollars[:, column] = rows[name]
        dollars[:, 0] -= dollars[:, 1] + dollars[:, 2]
        dollars[:, 4] = prompt + dollars[:, 3] > 0
        for_an_hour = np.minimum(dollars[:, 2], np.maximum(0, self._head - dollars[:, 1]))
        dollars[:, 2] -= for_an_hour
        rates = np.array([*self.base, self._fee_usd])
        if self._tiers:
            tier = np.searchsorted([above for above, _ in self._tiers], prompt, side="left")
            rates = np.array([[*rates, self._fee_usd] for rates in (self.base, *(rates for _, rates in self._tiers))])[tier]
        if self.changes:
            rates = rates * self.multipliers(rows["t_request_s"])[:, None]
        dollars *= rates[..., _COLUMNS]
        dollars[:, 2] += for_an_hour * rates[..., _HOUR]
        return dollars


class ReplayedPrice(Price):
    """The same for recorded calls: those that a log says went through a batch queue have its prices."""

    def __init__(self, settings: BackendSettings, start: datetime, *, batch: bool = False) -> None:
        super().__init__(settings, start, batch=batch)
        self._of_batch = None if batch else type(self)(settings, start, batch=True)

    def recorded(self, usage: Usage, as_billed: AsBilled, t_s: float) -> float:
        """The bill of one call, USD."""
        price = self._of_batch if as_billed.tier == BATCH and self._of_batch else self
        return price._recorded(usage, as_billed, t_s)

    def _recorded(self, usage: Usage, as_billed: AsBilled, t_s: float) -> float:
        return self.dollars(usage, t_s).total

    def dollars_of(self, rows: Any) -> np.ndarray:
        """By kind of token, of rows that have their cost: what costs less than the list went through the batch queue."""
        dollars = super().dollars_of(rows)
        if self._of_batch:
            less = rows["cost_usd"] < dollars.sum(axis=1) * (1 - _ROUNDING)
            dollars[less] = self._of_batch.dollars_of(_some(rows, less))
        return dollars


class RecordedPrice(ReplayedPrice):
    """The same where a log says for how long each write is kept, and how often the backend searched."""

    def __init__(self, settings: BackendSettings, start: datetime, *, batch: bool = False) -> None:
        super().__init__(settings, start, batch=batch)
        self._search_usd = settings.web_search_usd_per_1k / 1000 * (1 + settings.fee)
        short = replace(settings, cache_1h_tokens=0, cache_ttl_s=min(settings.cache_ttl_s, ONE_HOUR_S - 1))
        self._by_lifetime = Price(short, start, batch=batch)

    def _recorded(self, usage: Usage, as_billed: AsBilled, t_s: float) -> float:
        """Nothing for an attempt that is not billed."""
        if not usage.total_tokens:
            return 0.0
        searches, hour = as_billed.web_searches * self._search_usd, as_billed.write_1h_tokens
        if hour < 0:
            return self.dollars(usage, t_s).total + searches
        rates = self._by_lifetime.rates(usage.input_tokens, t_s)
        longer = min(hour, usage.cache_write_tokens) * (rates.cache_write_1h - rates.cache_write)
        return self._by_lifetime.dollars(usage, t_s).total + longer + searches

    def dollars_of(self, rows: Any) -> np.ndarray:
        """By kind of token; what rows cost beyond that is the hour's writes, or searches where nothing was written."""
        dollars = super().dollars_of(rows)
        more = rows["cost_usd"] - dollars.sum(axis=1)
        wrote = rows["cache_write_tokens"] > 0
        dollars[wrote, 2] += more[wrote]
        dollars[~wrote, 4] += more[~wrote]
        return dollars


class DatedPrice(Price):
    """Several price lists, each from a moment on: a call is billed by the one in force when it is asked for."""

    def __init__(self, lists: Sequence[tuple[float, Price]]) -> None:
        self._from_s = [from_s for from_s, _ in lists]
        self._prices = [price for _, price in lists]
        first = self._prices[0]
        self.base = first.base
        self.first_tier = min(price.first_tier for price in self._prices)
        self.changes = True
        self.multiplier, self.multipliers = first.multiplier, first.multipliers  # windows are those of the backend, in every list

    def number(self, t_s: float) -> int:
        """Of the list in force at a simulated second."""
        return max(0, bisect_right(self._from_s, t_s) - 1)

    def _at(self, t_s: float) -> Any:
        return self._prices[self.number(t_s)]

    def rates(self, input_tokens: int, t_s: float) -> Rates:
        """By the list in force."""
        rates: Rates = self._at(t_s).rates(input_tokens, t_s)
        return rates

    def fee(self, t_s: float) -> float:
        """By the list in force."""
        fee: float = self._at(t_s).fee(t_s)
        return fee

    def dollars(self, usage: Usage, t_s: float = 0.0) -> Dollars:
        """By the list in force."""
        dollars: Dollars = self._at(t_s).dollars(usage, t_s)
        return dollars

    def at_base(self, usage: Usage) -> Dollars:
        """By the first list."""
        return self._prices[0].at_base(usage)

    def recorded(self, usage: Usage, as_billed: AsBilled, t_s: float) -> float:
        """By the list in force; of recorded lists alone (`RecordedPrice`)."""
        usd: float = self._at(t_s).recorded(usage, as_billed, t_s)
        return usd

    def dollars_of(self, rows: Any) -> np.ndarray:
        """Each row by the list in force at its request."""
        numbers = np.maximum(0, np.searchsorted(self._from_s, rows["t_request_s"], side="right") - 1)
        dollars = np.empty((len(numbers), 5))
        for number in np.unique(numbers).tolist():
            mine = numbers == number
            dollars[mine] = self._prices[number].dollars_of(_some(rows, mine))
        return dollars


_PRICED_BY = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "t_request_s", "cost_usd")
"""Columns of a row that its bill depends on."""


def _some(rows: Any, which: np.ndarray) -> dict[str, np.ndarray]:
    names = rows if isinstance(rows, dict) else rows.dtype.names
    return {name: rows[name][which] for name in _PRICED_BY if name in names}


def _rates(settings: BackendSettings, tier: PriceTier | None, batch: bool) -> Rates:
    """A price that is not given falls back: a tier's to the base one, an hour's cache to 5 minutes', a cache's to fresh input.

    Where only a share of the cache discount is realised, reads cost read + (1 - share) (fresh - read).
    """
    share = {kind: 1 - settings.batch_discounts.get(kind, settings.batch_discount) if batch else 1.0 for kind in TOKEN_KINDS}

    def price(kind: str, name: str = "") -> float | None:
        name = name or f"{kind}_usd_per_mtok"
        of_tier = getattr(tier, name) if tier else None
        value = getattr(settings, name) if of_tier is None else of_tier
        return None if value is None else float(value) * share[kind]

    fresh, output = price("input") or 0.0, price("output") or 0.0
    read, write = price("cache_read"), price("cache_write")
    hour = price("cache_write", "cache_write_1h_usd_per_mtok")
    write = fresh if write is None or settings.cache is not CacheKind.explicit else write
    hour = write if hour is None or settings.cache is not CacheKind.explicit else hour
    if settings.cache_ttl_s >= ONE_HOUR_S:
        write = hour
    if read is not None and settings.cache_discount_realised != 1:
        read += (1 - settings.cache_discount_realised) * (fresh - read)
    return Rates(fresh, fresh if read is None else read, write, output, hour).times(1e-6)
