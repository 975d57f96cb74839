"""What capacity that is paid by the hour came to, beside the bill of calls: exact sums, so that parts of a run add up to the whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sim.meter.sums import UNITS, real
from sim.usage import Paid

Units = Counter[int]
"""By a backend's place: dollars or seconds in units of `sim.meter.sums`."""


@dataclass
class CapacitySums:
    """Of one replication, or of several added up."""

    usd: Units = field(default_factory=Counter)
    """For all hours, idle ones too."""
    seconds: Units = field(default_factory=Counter)
    """Of servers, each counted."""
    idle: Units = field(default_factory=Counter)
    """Of them, those in which a server had no call."""

    def add(self, backend: int, paid: Paid, before: Paid) -> None:
        """What a backend has come to since `before`."""
        for name, units in (("usd", self.usd), ("seconds", self.seconds), ("idle_s", self.idle)):
            units[backend] += int(getattr(paid, name) * UNITS) - int(getattr(before, name) * UNITS)

    def plus(self, other: CapacitySums) -> CapacitySums:
        """Both together."""
        return CapacitySums(_sum(self.usd, other.usd), _sum(self.seconds, other.seconds), _sum(self.idle, other.idle))

    @property
    def fixed_usd(self) -> float:
        """On top of what calls cost, all backends together."""
        return float(real(self.usd.total()))


def _sum(one: Units, other: Units) -> Units:
    """A counter's own sum leaves out what is not above 0."""
    total = Counter(one)
    total.update(other)
    return total
