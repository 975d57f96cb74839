"""What capacity that is paid by the hour came to, beside the bill of calls: exact sums, so that parts of a run add up to the whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields

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

    units_usd: Units = field(default_factory=Counter)
    """For all hours of reserved units, used or not."""
    listed: Units = field(default_factory=Counter)
    """What the calls that units took would have cost by the list; they cost nothing."""
    used: Units = field(default_factory=Counter)
    """Weighted tokens that units took, in units of `sim.meter.sums` too."""
    room: Units = field(default_factory=Counter)
    """Weighted tokens that they might have taken."""
    taken: Units = field(default_factory=Counter)
    """Attempts that units took, as plain numbers."""
    spilled: Units = field(default_factory=Counter)
    """Attempts that found none free."""

    def add(self, backend: int, paid: Paid, before: Paid) -> None:
        """What a backend has come to since `before`."""
        for name, units in (("usd", self.usd), ("seconds", self.seconds), ("idle_s", self.idle)):
            units[backend] += int(getattr(paid, name) * UNITS) - int(getattr(before, name) * UNITS)

    def plus(self, other: CapacitySums) -> CapacitySums:
        """Both together."""
        return CapacitySums(**{each.name: _sum(getattr(self, each.name), getattr(other, each.name)) for each in fields(self)})

    @property
    def fixed_usd(self) -> float:
        """On top of what calls cost, all backends together."""
        return float(real(self.usd.total() + self.units_usd.total()))


def _sum(one: Units, other: Units) -> Units:
    """A counter's own sum leaves out what is not above 0."""
    total = Counter(one)
    total.update(other)
    return total
