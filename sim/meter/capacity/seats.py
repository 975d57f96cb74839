"""What subscriptions covered, what went beyond, and how long people waited: sums that add up to the bill at list prices."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sim.meter.sums import real

Units = Counter[int]
"""By a backend's place: dollars in units of `sim.meter.sums`, so that nothing is rounded."""


@dataclass
class SeatSums:
    """Of attempts that ended within the run; additive."""

    used: Units = field(default_factory=Counter)
    """Covered by seats, at list prices."""
    overflow: Units = field(default_factory=Counter)
    """Beyond a window, paid by the list."""
    outside: Units = field(default_factory=Counter)
    """What no plan covers: another vendor's, or after its route was closed."""
    blocked_units: int = 0
    """Seconds in which seats waited for a window; what several calls of a user wait for at once counts once."""
    blocked_seats: int = 0
    """Seats that waited at all."""

    def plus(self, other: SeatSums) -> SeatSums:
        """Both together."""
        return SeatSums(
            self.used + other.used, self.overflow + other.overflow, self.outside + other.outside,
            self.blocked_units + other.blocked_units, self.blocked_seats + other.blocked_seats,
        )  # fmt: skip

    @property
    def used_usd(self) -> float:
        """All backends together."""
        return float(real(self.used.total()))

    @property
    def overflow_usd(self) -> float:
        """All backends together."""
        return float(real(self.overflow.total()))

    @property
    def outside_usd(self) -> float:
        """All backends together."""
        return float(real(self.outside.total()))

    @property
    def blocked_s(self) -> float:
        """All seats together."""
        return float(real(self.blocked_units))
