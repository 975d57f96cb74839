"""How likely a cache entry has expired when the next call comes (F4b), for any distributions of waits, and for retries."""

from __future__ import annotations

import numpy as np

from sim.settings.market import CacheKind
from sim.theory.expected.moments import Nodes, exceeds, nodes
from sim.theory.expected.sizes import Sizes
from sim.theory.expected.spent import Site


def expiry(site: Site, sizes: Sizes, *waits: Nodes) -> float:
    """P(a cache entry has expired): the answer's decoding, retries and some waits outlast it. F4b for any distributions."""
    backend = site.backend
    if backend.cache is CacheKind.none:
        return 0.0
    parts = [*waits]
    if backend.decode_tokens_per_s and not site.batch:
        noise = nodes({"dist": "lognormal", "median": 1, "sigma": backend.noise_sigma}, 240)
        parts.append(sizes.words.coarse(960).scaled(1 / backend.decode_tokens_per_s).times(noise))
    if backend.error_rate:
        parts.append(_tried_again(site))
    return exceeds(parts, backend.cache_ttl_s)


def _tried_again(site: Site) -> Nodes:
    """Seconds that failed attempts and backoff put before the one that succeeds; a fourth retry and on: at its mean."""
    retry, failure = site.retry, site.backend.error_rate
    again = site.backend.network_rtt_s + site.backend.ttft_s
    so_far, values, weights = Nodes(np.zeros(1), np.ones(1)), [], []
    for tries in range(retry.attempts):
        values.append(so_far.values)
        weights.append(so_far.weights * failure**tries)
        cap = min(retry.backoff_cap_s, retry.backoff_base_s * 2.0**tries)
        more = nodes({"dist": "uniform", "low": 0, "high": cap}, 60) if tries < 2 else Nodes(np.array([cap / 2]), np.ones(1))
        so_far = so_far.plus(more, again)
    all_weights = np.concatenate(weights)
    return Nodes(np.concatenate(values), all_weights / all_weights.sum())
