"""Lines and shared servers against the textbook's means, in the steady state (one-call tasks, Poisson arrivals)."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from sim.results.result import Result
from sim.settings.run import RetrySettings
from sim.settings.workload import WorkloadKind
from sim.theory import queues, stations
from sim.validate.target import Check, Target, agent, backend, many, near, world

MARGIN = 0.04
TASKS, REPLICATIONS = 15_000, 12
FEW = 6000
"""Tasks where less is enough for that margin."""
EXPONENTIAL: dict[str, Any] = {"dist": "exponential", "mean": 10_000}
"""Output tokens of a service of 1 s at 10,000 tokens a second: so many that rounding to whole ones is nothing."""
ONCE = RetrySettings(attempts=1)


def served(
    load: float, slots: int | None, work: Any = None, *, tasks: int = TASKS, retry: RetrySettings = ONCE,
    arrive: dict[str, Any] | None = None, horizon_s: float | None = None, **changes: Any,
) -> Result:  # fmt: skip
    """One-call tasks whose service takes 1 s in the mean; `arrive`: other settings of the workload."""
    one = backend(ttft_s=0.0, decode_tokens_per_s=10_000, slots=slots, **changes)
    every_s = {"dist": "exponential", "mean": 1 / (load * (slots or 1))}
    sent = world(
        agent(turns=1, output_tokens=EXPONENTIAL if work is None else work), one, every_s=every_s, retry=retry, horizon_s=horizon_s
    )
    return many(dataclasses.replace(sent, workload=dataclasses.replace(sent.workload, **arrive or {})), tasks, REPLICATIONS)


def lines() -> list[Target]:
    """Mean waits in endless lines."""
    spread = 0.8
    lognormal = {"dist": "lognormal", "median": 10_000 * math.exp(-(spread**2) / 2), "sigma": spread}
    uneven = queues.general_line(rate=0.6, service_s=1, cv2=math.exp(spread**2) - 1)
    geometric = {"batch_size": {"dist": "geometric", "mean": 2}}
    one, four = queues.line(rate=0.6, service_s=1), queues.line(rate=2.8, service_s=1, slots=4)
    steady = queues.general_line(rate=0.6, service_s=1, cv2=0)
    batches = queues.batch_line(rate=0.25, size=2, size2=6, service_s=1)
    return [
        near("M/M/1 at 0.6, wait in s", one.wait_s, served(0.6, 1).mean("mean_line_wait_s"), MARGIN, "Erlang 1917"),
        near("M/M/4 at 0.7, wait in s", four.wait_s, served(0.7, 4).mean("mean_line_wait_s"), MARGIN, "Erlang 1917"),
        near("M/D/1 at 0.6, wait in s", steady.wait_s, served(0.6, 1, 10_000).mean("mean_line_wait_s"), MARGIN, "Pollaczek 1930"),
        near(
            "M/G/1 at 0.6, lognormal, wait in s", uneven.wait_s, served(0.6, 1, lognormal).mean("mean_line_wait_s"), 0.06,
            "Pollaczek 1930, Khinchine 1932",
        ),
        near(
            "M[X]/M/1 at 0.5, geometric batches, wait in s", batches.wait_s,
            served(0.25, 1, arrive=geometric).mean("mean_line_wait_s"), MARGIN,
            "Gaver 1959",
        ),
        near("M/G/inf, wait in s", 0.0, served(5.0, None, tasks=FEW).mean("mean_line_wait_s"), source="nobody waits"),
    ]  # fmt: skip


def doors() -> list[Target]:
    """Calls that are turned away or lose patience, and users who wait for one another."""
    short = queues.short_line(rate=2, service_s=1, slots=2, room=4)
    leaving = stations.impatient(rate=3, service_s=1, slots=3, patience_s=2)
    few = stations.closed_line(users=8, think_s=4, service_s=1, slots=2)
    patience = RetrySettings(attempts=1, patience_s={"dist": "exponential", "mean": 2})
    people = {"kind": WorkloadKind.users, "users": 8, "tasks_per_user": None, "session_gap_s": {"dist": "exponential", "mean": 4}}
    refused = served(1.0, 2, tasks=FEW, queue_limit=4)
    left = served(1.0, 3, tasks=FEW, retry=patience)
    closed = served(1.0, 2, tasks=FEW, arrive=people, horizon_s=4000.0)
    lost = served(1.0, 4, 10_000, tasks=FEW, queue_limit=0)
    return [
        near(
            "M/D/4/4 at 1, share turned away", queues.erlang_b(offered=4, slots=4), lost.mean("rate_limited_share"), MARGIN, "Erlang 1917"
        ),
        near("M/M/2/6 at 1, share turned away", short.lost, refused.mean("rate_limited_share"), MARGIN, "Kleinrock 1975"),
        near("M/M/2/6 at 1, wait in s", short.wait_s, refused.mean("mean_line_wait_s"), MARGIN, "Kleinrock 1975"),
        near("M/M/3+M at 1, share that leaves", leaving.lost, left.mean("timeout_share"), MARGIN, "Palm 1946"),
        near("8 users, 2 slots, wait in s", few.wait_s, closed.mean("mean_line_wait_s"), MARGIN, "Palm 1947"),
    ]  # fmt: skip


def sharing() -> list[Target]:
    """Processor sharing: mean stay S / (1 - rho), whatever the distribution of the work; and with a limit on how many share."""
    out = []
    alone = stations.shared(rate=0.6, service_s=1, slowdown=1.0)
    for kind, work in (("M", EXPONENTIAL), ("D", 10_000)):
        stay_s = served(0.6, None, work, decode_slowdown=1.0).mean("task_latency_mean_s")
        out.append(near(f"M/{kind}/1-PS at 0.6, stay in s", alone.stay_s, stay_s, MARGIN, "Kleinrock 1976"))
    batched = stations.shared(rate=1.5, service_s=1, slowdown=0.25, slots=4)
    stay_s = served(0.375, 4, tasks=FEW, decode_slowdown=0.25).mean("task_latency_mean_s")
    return [*out, near("4 share, 1 / (1 + 0.25 (n - 1)), stay in s", batched.stay_s, stay_s, MARGIN, "birth-death, Kleinrock 1976")]


CHECKS: list[Check] = [lines, doors, sharing]
