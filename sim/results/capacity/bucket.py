"""What a rate limit does to calls that a gateway holds back in order: a token bucket as a queue."""

from __future__ import annotations

import numpy as np

MINUTE_S = 60.0
BURST_S = 60.0
"""A bucket holds a minute's worth (assumption, as `limit_burst_s`)."""
_NEAR = 1.0005
"""Within so much of the least."""


def waits(t_s: np.ndarray, sizes: np.ndarray, per_min: float, burst_s: float = BURST_S) -> np.ndarray:
    """Seconds that each call waits, first come first served: a bucket that fills at `per_min` and holds `burst_s` of that.

    Calls in the order of `t_s`, each of `sizes` tokens (or 1, for requests). What the bucket lacks is a backlog b that the rate works
    off (Lindley): b_k = max(0, b_(k-1) - r gap) + size, and a call waits until b is down to what the bucket holds. A call larger than the
    bucket waits for ever. In any window of D seconds at most holds + r D are let through.
    """
    rate, holds = per_min / MINUTE_S, per_min / MINUTE_S * burst_s
    through = np.cumsum(sizes, dtype=float) - rate * t_s
    backlog = through - np.minimum.accumulate(through - sizes)
    late = np.maximum(0.0, backlog - holds) / rate
    return np.where(sizes > holds, np.inf, late)


def quota(t_s: np.ndarray, sizes: np.ndarray, accepted: float, burst_s: float = BURST_S) -> float:
    """The least rate a minute at which at most a share `accepted` of the calls waits; none is larger than its bucket. 0 of nothing."""
    if not sizes.any():
        return 0.0
    low, high = float(sizes.max()) * MINUTE_S / burst_s, float(sizes.sum()) * MINUTE_S / burst_s
    if (waits(t_s, sizes, low, burst_s) > 0).mean() <= accepted:
        return low
    while high > low * _NEAR:
        middle = (low + high) / 2
        if (waits(t_s, sizes, middle, burst_s) > 0).mean() <= accepted:
            high = middle
        else:
            low = middle
    return high
