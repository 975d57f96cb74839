"""The sketch of percentiles: where a value falls, and what is read back, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.meter.histogram import BINS, GROWTH, LEAST, SIZES, Sketch


def sketch(*values: float) -> Sketch:
    out = Sketch()
    out.add(np.array(values))
    return out


def filled(**counts: int) -> Sketch:
    """So many values in each bin: `filled(b3=2)`."""
    out = Sketch()
    for name, count in counts.items():
        out.counts[int(name[1:])] = count
    return out


def test_edges_grow_by_half_a_per_cent_from_a_thousandth_on() -> None:
    """Bin k of 1, 2, ... holds what lies between 0.001 x 1.005^(k - 1) and 0.001 x 1.005^k; bin 0 the thousandth and what is less."""
    assert (LEAST, GROWTH) == (1e-3, 1.005)
    for value, place in ((0.0, 0), (-5.0, 0), (1e-3, 0), (1.0001e-3, 1), (1.0049e-3, 1), (1.0051e-3, 2), (1e-3 * 1.005**99.5, 100)):
        assert np.flatnonzero(sketch(value).counts).tolist() == [place], value
    assert SIZES[100] == pytest.approx(1e-3 * 1.005**99.5)
    assert sketch(1e30).counts[BINS - 1] == 1, "what is larger than all is in the last"


def test_all_values_are_counted() -> None:
    out = sketch(1.0, 1.0, 5.0, 0.0, 1e30)
    out.add(np.array([]))
    out.add(np.array([7.0]))
    assert out.counts.sum() == 6
    assert out.counts.max() == 2


def test_a_percentile_lies_between_the_edges_of_its_bin_by_the_share_of_it() -> None:
    """Four values in bin 100, none elsewhere: half of them lie below the middle of it, a quarter below a quarter. Without interpolation
    all would be its edge."""
    four = filled(b100=4)
    for share in (0.25, 0.5, 0.75, 1.0):
        assert four.percentile(share) == pytest.approx(1e-3 * 1.005 ** (99 + share), rel=1e-12)


def test_a_percentile_counts_over_the_bins() -> None:
    """1 in bin 10, 2 in bin 20, 5 in bin 30: of the eight, 1 lies below bin 11, 3 below bin 21; 4 are one fifth into bin 30."""
    found = filled(b10=1, b20=2, b30=5)
    for share, place, within in ((1 / 8, 10, 1.0), (2 / 8, 20, 0.5), (3 / 8, 20, 1.0), (4 / 8, 30, 0.2), (1.0, 30, 1.0)):
        assert found.place(share) == pytest.approx((place, within))
        assert found.percentile(share) == pytest.approx(1e-3 * 1.005 ** (place - 1 + within))
        assert found.below(place, within) == pytest.approx(8 * share), "the way back"


def test_a_percentile_is_within_half_a_per_cent() -> None:
    values = np.random.default_rng(1).lognormal(1.0, 2.0, 20_001)
    found = sketch(*values)
    for share in (0.01, 0.5, 0.95, 0.99):
        assert found.percentile(share) == pytest.approx(np.quantile(values, share), rel=0.005)


def test_waits_of_nothing_are_nothing_and_no_values_are_no_number() -> None:
    assert filled(b0=3, b50=1).percentile(0.5) == 0.0
    assert math.isnan(Sketch().percentile(0.5))


def test_what_is_larger_than_all_counts_too() -> None:
    """One of two lies in the last bin: all of them lie below its end, half of them below its beginning."""
    found = sketch(1.0, 1e30)
    assert found.place(1.0) == (BINS - 1, 1.0)
    assert found.percentile(0.5) == pytest.approx(1.0, rel=0.005)


def test_two_sketches_add_up() -> None:
    one, other = filled(b10=1, b20=2), filled(b20=3, b30=4)
    both = one.plus(other)
    assert {place: int(both.counts[place]) for place in (10, 20, 30)} == {10: 1, 20: 5, 30: 4}
    assert both.counts.sum() == 10
    assert (one.counts.sum(), other.counts.sum()) == (3, 7)
