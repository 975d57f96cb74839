"""The provider's side of a bill: what tokens take in energy and machines, and what is left of their price.

Whatever is uncertain has a low and a high end, and so has all that follows from it: ends are carried through together, so a range is
as wide as all doubts at once make it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import NamedTuple

from sim.settings.provider.fleet import ProviderSettings

WH_PER_KWH, TOKENS_PER_MTOK = 1e3, 1e6


class Between(NamedTuple):
    """A quantity that is known to lie between two ends."""

    low: float
    high: float

    def plus(self, other: Between) -> Between:
        """Both together."""
        return Between(self.low + other.low, self.high + other.high)

    def times(self, other: Between) -> Between:
        """Of quantities that are not negative."""
        return Between(self.low * other.low, self.high * other.high)

    def over(self, other: Between) -> Between:
        """The same divided: least of this by most of the other. inf, or nan, where there is nothing to divide by."""
        return Between(_ratio(self.low, other.high), _ratio(self.high, other.low))

    def scaled(self, factor: float) -> Between:
        """Multiplied by what is known."""
        return Between(self.low * factor, self.high * factor)


NOTHING = Between(0.0, 0.0)


class Side(NamedTuple):
    """What some tokens take, and bring."""

    tokens: float
    revenue_usd: float
    kwh: Between
    """With what cooling and power supply add (PUE)."""
    gpu_hours: Between
    electricity_usd: Between
    """Inside `cost_usd`: whoever rents a machine rents its power."""
    cost_usd: Between
    """Cost of goods: the rent of the machines for so long as they work on these tokens."""

    @property
    def margin(self) -> Between:
        """Gross margin: the share of revenue that is left."""
        tax = self.compute_tax
        return Between(1 - tax.high, 1 - tax.low)

    @property
    def compute_tax(self) -> Between:
        """The share of revenue that goes to machines."""
        return self.cost_usd.over(Between(self.revenue_usd, self.revenue_usd))

    @property
    def electricity_share(self) -> Between:
        """The share of revenue that goes to electricity."""
        return self.electricity_usd.over(Between(self.revenue_usd, self.revenue_usd))

    @property
    def usd_per_kwh(self) -> Between:
        """Revenue of a kilowatt-hour."""
        return Between(self.revenue_usd, self.revenue_usd).over(self.kwh)


class Fleet(NamedTuple):
    """The machines behind a backend, and what they take."""

    prefill_wh_per_mtok: Between
    """Energy of the machines alone for a million tokens of prompts that no cache had."""
    cached_wh_per_mtok: Between
    """For a million that a cache had."""
    decode_wh_per_mtok: Between
    """For a million of output."""
    pue: Between
    """Energy of the site over that of its machines."""
    gpu_kw: Between
    """Power of a GPU with its part of the machine."""
    gpu_usd_per_h: Between
    """Rent of a GPU, power included."""
    usd_per_kwh: Between

    def serves(self, fresh: float, cached: float, output: float, revenue_usd: float) -> Side:
        """What so many tokens of each kind take: machines draw their power while they work, so hours follow from energy."""
        parts = ((self.prefill_wh_per_mtok, fresh), (self.cached_wh_per_mtok, cached), (self.decode_wh_per_mtok, output))
        wh = NOTHING
        for each, tokens in parts:
            wh = wh.plus(each.scaled(tokens / TOKENS_PER_MTOK))
        machines_kwh = wh.scaled(1 / WH_PER_KWH)
        kwh, hours = machines_kwh.times(self.pue), machines_kwh.over(self.gpu_kw)
        tokens = fresh + cached + output
        return Side(tokens, revenue_usd, kwh, hours, kwh.times(self.usd_per_kwh), hours.times(self.gpu_usd_per_h))


def fleet_of(provider: ProviderSettings, backend: str, place: str) -> Fleet:
    """The machines behind a backend as `provider` has them, with the electricity of a place (KeyError: one that it does not know)."""
    settings = provider.fleet_of(backend)
    pairs = {each.name: Between(*getattr(settings, each.name)) for each in dataclasses.fields(settings)}
    return Fleet(**pairs, usd_per_kwh=Between(*provider.usd_per_kwh[place]))


def together(sides: Iterable[Side]) -> Side:
    """All of them as one."""
    whole = Side(0.0, 0.0, NOTHING, NOTHING, NOTHING, NOTHING)
    for one in sides:
        ends = (mine.plus(its) for mine, its in zip(whole[2:], one[2:], strict=True))
        whole = Side(whole.tokens + one.tokens, whole.revenue_usd + one.revenue_usd, *ends)
    return whole


def _ratio(above: float, below: float) -> float:
    if below:
        return above / below
    return math.inf if above > 0 else math.nan
