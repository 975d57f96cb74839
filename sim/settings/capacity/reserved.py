"""Reserved units of a provider (Azure's PTU, Google's GSU), as they are set: how much they take, and what they cost by the hour."""

from __future__ import annotations

from dataclasses import dataclass

from sim.settings.bounds import alone, setting
from sim.settings.traits import ALONE

_SHARED = ALONE._replace(
    looks=True, unsolved="{key}: which calls find units free", undealt="{key}: its units take the calls of all tasks together"
)


@dataclass
class ReservedSettings:
    """So much a minute of a backend for a fixed price; what comes beyond is paid by the list (it spills), and never turned away.

    A call is taken whole while the last `window_s` seconds have left anything, so it may overdraw them (as Azure's documents have it);
    output counts as it will be, and with shared decoding when it is there. What units take costs nothing by the token."""

    units: int = setting(0, low=0, high=1_000_000, traits=_SHARED)
    """0: none are reserved."""
    name: str = alone("unit")
    """What one is called: PTU, GSU."""
    usd_per_h: float = alone(0.0, low=0)
    """Of a unit, for every hour of the run."""
    tokens_per_min: float | None = alone(None, above=0)
    """Weighted tokens that a unit takes; needed."""
    input_weight: float = alone(1.0, low=0)
    """Of input that is not read from a cache."""
    cache_read_weight: float = alone(1.0, low=0)
    output_weight: float = alone(1.0, low=0)
    window_s: float = alone(60.0, above=0)
    """What is not used within so many seconds is lost. Assumption: a minute (Google says that it depends on model and units)."""
    least: int = alone(1, low=1)
    """Units that can be had at least, if any."""
    step: int = alone(1, low=1)
    """And in steps of so many."""
