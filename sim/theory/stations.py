"""Steady states where calls share a server, lose patience, come from a few users, or are split and joined (F14).

Units and errors as in `sim.theory.queues`.
"""

from __future__ import annotations

import numpy as np

from sim.errors import ConfigError
from sim.theory.arguments import bounded
from sim.theory.queues import Steady, of_present, stable, stationary

_MOST_STATES = 2**23


@bounded(counts="slots", above_zero="rate service_s")
def shared(*, rate: float, service_s: float, slowdown: float, slots: int | None = None) -> Steady:
    """Continuous batching: each of n calls at once decodes at 1 / (al + be n) tokens a second; beyond `slots` of them the rest wait.

    `service_s` = (al + be) x tokens is the time of a call that is alone, `slowdown` = be / (al + be): a birth-death chain with deaths
    n / (S (1 + slowdown (n - 1))), E T = E N / rate. With `slots`, exponential work (Kleinrock 1976); without, any distribution, as the
    server is symmetric (Kelly 1979), and E T = S / (1 - rate S slowdown).
    """
    offered = rate * service_s
    if slots is None:
        stay_s = service_s / (1 - (stable(offered * slowdown) if slowdown else 0.0))
        return Steady(0.0, stay_s, 0.0, rate * stay_s)
    n = np.arange(1, slots + 1)
    ratios = offered * (1 + slowdown * (n - 1)) / n
    share, beyond = stationary(ratios), stable(float(ratios[-1]))
    full = float(share[-1])
    longer = full * beyond / (1 - beyond)  # with calls in line: a geometric tail
    serving = float(share @ np.arange(slots + 1)) + slots * longer
    waiting = longer / (1 - beyond)
    total = 1 + longer
    return of_present(rate, (serving + waiting) / total, waiting / total)


@bounded(counts="slots", above_zero="rate service_s patience_s")
def impatient(*, rate: float, service_s: float, slots: int, patience_s: float) -> Steady:
    """Erlang A, M/M/c+M (Palm 1946): a call leaves the line after an exponential time of mean `patience_s`; any load.

    Deaths c / S + (n - c) / patience beyond c calls; share lost = waiting / (rate x patience). `wait_s` is that of all calls, served or
    lost, and so is `stay_s`. `ConfigError` where more than eight million states would matter.
    """
    most = slots + 64
    while True:
        n = np.arange(1, most + 1)
        ratios = rate / (np.minimum(n, slots) / service_s + np.maximum(n - slots, 0) / patience_s)
        share = stationary(ratios)
        if ratios[-1] < 1 and share[-1] < 1e-16 * (1 - ratios[-1]):
            break
        most *= 2
        if most > _MOST_STATES:
            raise ConfigError(f"patience_s={patience_s:g}: too long for this load; leave it out")
    numbers = np.arange(most + 1)
    waiting = float(share @ np.maximum(numbers - slots, 0))
    return of_present(rate, float(share @ numbers), waiting, waiting / (rate * patience_s))


@bounded(counts="users slots", above_zero="think_s service_s")
def closed_line(*, users: int, think_s: float, service_s: float, slots: int = 1) -> Steady:
    """Machine repair (Palm 1947): `users` who each think, exponential, and then send a call, exponential, to `slots`; any load.

    Births (users - n) / think. The rate that results is users / (think + `stay_s`).
    """
    n = np.arange(1, users + 1)
    share = stationary((users - n + 1) / think_s * service_s / np.minimum(n, slots))
    numbers = np.arange(users + 1)
    present, waiting = float(share @ numbers), float(share @ np.maximum(numbers - slots, 0))
    return of_present((users - present) / think_s, present, waiting)


@bounded()
def fork_join(*, rate: float, service_s: float) -> float:
    """Mean seconds until both halves of a task are done, each in its own M/M/1: T = (12 - load) / 8 x S / (1 - load).

    Exact for two (Flatto and Hahn 1984; Nelson and Tantawi 1988): Poisson tasks, independent exponential halves.
    """
    load = stable(rate * service_s)
    return (12 - load) / 8 * service_s / (1 - load)


@bounded(above_zero="callers room")
def batched(*, callers: float, reading_s: float, decoding_s: float, slowdown: float, room: float, beside_s: float = 0.0) -> float:
    """Calls a second of one server under continuous batching, where `callers` ask again as soon as they are answered.

    A call takes `reading_s` of the device, which nobody shares, `decoding_s` of it if it is alone, shared as in `shared`, and
    `beside_s` beside it; no more than `room` run at once. In a round of n = min(callers, room) calls the device reads n prompts and
    decodes once for all: X = n / (n R + D (1 + slowdown (n - 1)) + beside). Exact for one caller, and as n grows; in between how rounds
    overlap makes a few percent of difference.
    """
    n = min(callers, room)
    return n / (n * reading_s + decoding_s * (1 + slowdown * (n - 1)) + beside_s)
