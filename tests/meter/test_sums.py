"""Sums and digests that do not depend on the order of what is summed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from sim.meter import digest as fingerprint
from sim.meter.sums import UNITS, exact, joined, real, reals, split

RANDOM = np.random.default_rng(1)


def test_a_sum_is_the_same_bits_in_any_order_and_parts() -> None:
    values = np.minimum(RANDOM.lognormal(0, 12, 10_000), 2.0**29)  # from 1e-20 of a dollar: further apart than any bills
    sums = {exact(values), exact(values[::-1]), exact(RANDOM.permutation(values)), exact(values[:777]) + exact(values[777:])}
    assert len(sums) == 1
    truth = sum(map(Fraction, values.tolist()))
    assert abs(Fraction(sums.pop(), UNITS) - truth) <= Fraction(len(values), 2 * UNITS)


def test_parts_of_one_value_are_the_value() -> None:
    for value in (0.0, 1e-9, 0.1, -3.7, 123456.789, 5.0e14):
        assert real(joined([part[0] for part in split(np.array([value]))])) == value
    np.testing.assert_array_equal(real(np.array([[UNITS // 4, 3 * UNITS]], dtype=object)), [[0.25, 3.0]])


def test_many_sums_of_parts_are_rounded_as_each_is() -> None:
    """Bills from a cent to millions, of one call and of thousands; those too large for two floats among them."""
    values = np.minimum(RANDOM.lognormal(0, 5, 4000), 2.0**40)
    calls = RANDOM.integers(1, 3000, len(values))
    sums = np.stack(split(values), axis=1) * calls[:, None]
    sums[:3] = np.array([[0.0, 0.0, 0.0], [2.0**22 - 1, 2.0**52 - 1, 2.0**53 - 1], [2.0**22, 1.0, 1.0]])
    assert reals(sums).tolist() == [real(joined(parts)) for parts in sums.tolist()]
    assert reals(sums[:0]).tolist() == []


def _rows() -> np.ndarray:
    rows = np.zeros(1000, dtype=[("task", "<u8"), ("status", "u1"), ("cost", "<f8")])
    rows["task"], rows["cost"] = np.arange(1000), RANDOM.random(1000)
    return rows


def test_a_digest_knows_no_order_but_every_bit() -> None:
    rows = _rows()
    digest = fingerprint.of_rows(rows, 1)
    assert digest == fingerprint.of_rows(RANDOM.permutation(rows), 1)
    assert digest == fingerprint.added(fingerprint.of_rows(rows[:1], 1), fingerprint.of_rows(rows[1:], 1))
    assert digest != fingerprint.of_rows(rows, 2)
    swapped = rows.copy()
    swapped["cost"][[0, 1]] = swapped["cost"][[1, 0]]
    assert digest != fingerprint.of_rows(swapped, 1)  # the same sums, otherwise paired
    for byte in range(500 * rows.dtype.itemsize, 501 * rows.dtype.itemsize):
        changed = rows.copy()
        changed.view(np.uint8)[byte] ^= 1
        assert digest != fingerprint.of_rows(changed, 1), byte


def test_digests_of_many_runs_do_not_meet() -> None:
    rows = _rows()[:3]
    found = set()
    for task in range(20_000):
        rows["task"][1] = task
        found.add(fingerprint.of_rows(rows, 1) >> 32)
    assert len(found) > 20_000 - 5  # 32 of its bits alone: 0.05 chance meetings expected
