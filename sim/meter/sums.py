"""Sums of floats that come out the same in whatever order they are taken: whole numbers of 2^-84.

So parts of a run that were simulated apart add up to the very bits of the whole, and prices twice as high to twice the bill.
"""

from __future__ import annotations

from typing import Any

import numpy as np

UNITS = 1 << 84
"""In 1 (a second, a dollar): a float above 5e-10 is a whole number of them. Sums are good up to 2^49."""
_STEPS = (14, 30, 40)
"""Bits of the parts in which a value is read."""
PARTS = len(_STEPS)


def split(values: np.ndarray) -> list[np.ndarray]:
    """Each value as whole numbers of 2^-14, of 2^-44 and of 2^-84: floats that add up exactly as far as 2^53."""
    parts, rest = [], values
    for bits in _STEPS:
        rest = rest * 2.0**bits
        parts.append(np.rint(rest))
        rest = rest - parts[-1]
    return parts


def joined(sums: Any) -> int:
    """The sums of all parts as one number of units."""
    units = 0
    for bits, part in zip(_STEPS, sums, strict=True):
        units = (units << bits) + int(part)
    return units


def close(sums: np.ndarray) -> np.ndarray:
    """The sums of all parts (one array each) as floats, the same in whatever order they were taken."""
    total, bits = np.zeros(sums.shape[1:]), 0
    for part, more in zip(sums, _STEPS, strict=True):
        bits += more
        total = total + part * 2.0**-bits
    return total


def exact(values: np.ndarray) -> int:
    """The sum of up to 16,384 values, in units; of many that are 0 (waits, fees) at once."""
    if not values.any():
        return 0
    return joined([part.astype(np.int64).sum() for part in split(values)])


def real(units: Any) -> Any:
    """Units as a float, correctly rounded; for an array of them an array."""
    return (units / UNITS).astype(float) if isinstance(units, np.ndarray) else units / UNITS


def reals(sums: np.ndarray) -> np.ndarray:
    """Rows of sums of parts as floats, each correctly rounded: the same as `real(joined(row))` of each."""
    first, second, third = sums.T
    two, three = sum(_STEPS[:2]), sum(_STEPS)
    found: np.ndarray = (first * 2.0 ** _STEPS[1] + second) * 2.0**-two + third * 2.0**-three  # both are exact: rounded once
    for large in np.flatnonzero((np.abs(first) >= 2.0**22) | (np.abs(second) >= 2.0**52)).tolist():
        found[large] = real(joined(sums[large]))
    return found


def where(mask: np.ndarray) -> Any:
    """An index of the rows that a mask picks; of all of them without a copy."""
    return slice(None) if mask.all() else mask


def grouped(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct values of whole numbers, and for each number the place of its value: `np.unique`, faster where they lie close."""
    numbers = numbers.astype(np.int64)
    if not len(numbers):
        return numbers, numbers
    low, high = int(numbers.min()), int(numbers.max())
    if high - low > 4 * len(numbers):
        return np.unique(numbers, return_inverse=True)
    offset = numbers - low
    seen = np.zeros(high - low + 1, bool)
    seen[offset] = True
    return np.flatnonzero(seen) + low, (np.cumsum(seen) - 1)[offset]
