"""How a new thing spreads: the Bass model (F18)."""

from __future__ import annotations

import math

from sim.errors import ConfigError


def bass_share(t: float, *, p: float, q: float) -> float:
    """F18: share that has taken it up by `t`, (1 - e^-(p+q)t) / (1 + (q/p) e^-(p+q)t) (Bass 1969).

    `p` innovation and `q` imitation, both by unit of `t`; a closed market that is too large for chance. `ConfigError` unless p > 0, q >= 0.
    """
    if not (p > 0 and q >= 0):
        raise ConfigError(f"p={p:g}, q={q:g}: innovation must be above 0, imitation at least 0")
    left = math.exp(-(p + q) * max(t, 0.0))
    return (1 - left) / (1 + q / p * left)
