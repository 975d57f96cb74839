"""Lines and shared servers against the textbook's means, in the steady state (one-call tasks, Poisson arrivals)."""

from __future__ import annotations

import math
from typing import Any

from sim.result import Result
from sim.validation.target import Check, Target, agent, backend, many, world

MARGIN = 0.04
TASKS, REPLICATIONS = 15_000, 12
EXPONENTIAL: dict[str, Any] = {"dist": "exponential", "mean": 10_000}
"""Output tokens of a service of 1 s at 10,000 tokens a second: so many that rounding to whole ones is nothing."""


def served(load: float, slots: int | None, work: Any = None, **changes: Any) -> Result:
    """One-call tasks whose service takes 1 s in the mean."""
    one = backend(ttft_s=0.0, decode_tokens_per_s=10_000, slots=slots, **changes)
    every_s = {"dist": "exponential", "mean": 1 / (load * (slots or 1))}
    return many(world(agent(turns=1, output_tokens=EXPONENTIAL if work is None else work), one, every_s=every_s), TASKS, REPLICATIONS)


def erlang_wait_s(load: float, slots: int) -> float:
    """Mean wait of M/M/c with services of 1 s: Erlang's C over c (1 - rho)."""
    offered = load * slots
    below = math.fsum(offered**k / math.factorial(k) for k in range(slots))
    full = offered**slots / math.factorial(slots) / (1 - load)
    return full / (below + full) / (slots * (1 - load))


def lines() -> list[Target]:
    """Mean waits; one slot also by Pollaczek and Khinchine: W = rho (1 + cv^2) / (2 (1 - rho))."""
    spread = 0.8
    lognormal = {"dist": "lognormal", "median": 10_000 * math.exp(-(spread**2) / 2), "sigma": spread}
    return [
        Target("M/M/1 at 0.6, wait in s", 1.5, served(0.6, 1).mean("mean_wait_s"), MARGIN, "Erlang 1917"),
        Target("M/M/4 at 0.7, wait in s", erlang_wait_s(0.7, 4), served(0.7, 4).mean("mean_wait_s"), MARGIN, "Erlang 1917"),
        Target("M/D/1 at 0.6, wait in s", 0.75, served(0.6, 1, 10_000).mean("mean_wait_s"), MARGIN, "Pollaczek 1930, Khinchine 1932"),
        Target(
            "M/G/1 at 0.6, lognormal, wait in s", 0.75 * math.exp(spread**2), served(0.6, 1, lognormal).mean("mean_wait_s"), 0.06,
            "Pollaczek 1930, Khinchine 1932",
        ),
        Target("M/G/inf, wait in s", 0.0, served(5.0, None).mean("mean_wait_s"), source="nobody waits"),
    ]  # fmt: skip


def sharing() -> list[Target]:
    """Processor sharing: mean stay S / (1 - rho), whatever the distribution of the work."""
    out = []
    for kind, work in (("M", EXPONENTIAL), ("D", 10_000)):
        stay_s = served(0.6, None, work, decode_slowdown=1.0).mean("task_latency_mean_s")
        out.append(Target(f"M/{kind}/1-PS at 0.6, stay in s", 2.5, stay_s, MARGIN, "Kleinrock 1976"))
    return out


CHECKS: list[Check] = [lines, sharing]
