"""Sums of hours: what was before does not count, and parts add up exactly."""

from __future__ import annotations

from sim.meter.capacity.sums import CapacitySums
from sim.meter.sums import UNITS
from sim.usage import Paid


def test_what_was_paid_before_does_not_count_and_two_add_up() -> None:
    one, other = CapacitySums(), CapacitySums()
    one.add(0, Paid(5.0, 100.0, 30.0), Paid(2.0, 40.0, 30.0))
    other.add(0, Paid(1.0, 10.0, 5.0), Paid())
    other.add(1, Paid(0.5, 1.0, 1.0), Paid())
    both = one.plus(other)
    assert dict(both.usd) == {0: 4 * UNITS, 1: UNITS // 2}
    assert dict(both.seconds) == {0: 70 * UNITS, 1: UNITS}
    assert dict(both.idle) == {0: 5 * UNITS, 1: UNITS}
    assert both.fixed_usd == 4.5
    assert one.plus(CapacitySums()) == one
