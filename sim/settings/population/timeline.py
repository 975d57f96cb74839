"""What happens on a market on which day: launches, prices, terms."""

from __future__ import annotations

from dataclasses import dataclass

from sim.settings.bounds import alone
from sim.settings.traits import ALONE, Feature


class MarketEventKind(Feature):
    """What happens."""

    launch = "launch", ALONE
    """A model comes: whoever has heard of it can choose it, and for a while likes it for being new (`habits`)."""
    price = "price", ALONE
    """All prices of a model are multiplied, e.g. by 0 in a free promotion, until the last day."""
    terms = "terms", ALONE
    """A flat rate no longer covers third-party agents: part of a segment comes over, spread evenly over the days."""


@dataclass(kw_only=True)
class MarketEvent:
    """Something that people meet, on one day or from one to another."""

    kind: MarketEventKind = alone()
    day: str = alone()
    """First day, e.g. 2026-02-12."""
    last_day: str = alone("")
    """Last day, included; empty: a price holds for good, terms bring everybody on one day."""
    model: str = alone("")
    """launch, price: backend id."""
    succeeds: bool = alone(False)
    """launch: it takes the place of an earlier model of about its price and quality, so it can be chosen from the first day on, and is new
    all the same for who hears of it."""
    multiplier: float = alone(1.0, low=0, high=100)
    """price: of every price."""
    segment: str = alone("")
    """terms: who comes over; has to be one `from_outside`."""
    share: float = alone(0.0, low=0, high=1)
    """terms: of the people of that segment."""
    source: str = alone("")
