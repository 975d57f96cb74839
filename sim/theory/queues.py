"""Waiting lines in the steady state (F14): mean waits, numbers and losses where tasks of one call arrive at random.

Rates are calls a second, times seconds; `load` is the share of the slots' capacity that is asked for, `cv2` a squared coefficient of
variation (0 constant, 1 exponential). Arrivals are Poisson; a backend with an endless line needs a load below 1 (else `ConfigError`).
Lines are first come, first served. What shares or gives up is in `sim.theory.stations`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.errors import ConfigError
from sim.theory.arguments import bounded


class Steady(NamedTuple):
    """Means in the steady state."""

    wait_s: float
    """In line, of a call that is let in (whether or not it has to wait)."""
    stay_s: float
    """In line and in service."""
    waiting: float
    """Calls in line at a moment."""
    present: float
    """Calls in line and in service at a moment."""
    lost: float = 0.0
    """Share of calls that are never served."""


@bounded(counts="slots", above_zero="offered")
def erlang_b(*, offered: float, slots: int) -> float:
    """Share of calls turned away where nobody may wait (M/G/c/c, Erlang 1917): `offered` = rate x mean service, whatever its distribution.

    Recursion B(k) = a B(k-1) / (k + a B(k-1)), which neither overflows nor cancels.
    """
    lost = 1.0
    for k in range(1, slots + 1):
        lost = offered * lost / (k + offered * lost)
    return lost


@bounded(counts="slots")
def erlang_c(*, offered: float, slots: int) -> float:
    """Probability that a call has to wait with exponential service and an endless line (M/M/c, Erlang 1917): B / (1 - load (1 - B))."""
    load = stable(offered / slots)
    lost = erlang_b(offered=offered, slots=slots)
    return lost / (1 - load * (1 - lost))


@bounded(counts="slots")
def line(*, rate: float, service_s: float, slots: int = 1) -> Steady:
    """M/M/c, and M/M/1 with one slot (Erlang 1917): W = C S / (c (1 - load)); exponential service."""
    offered = rate * service_s
    wait_s = erlang_c(offered=offered, slots=slots) * service_s / (slots - offered)
    return _of_wait(rate, service_s, wait_s)


@bounded()
def general_line(*, rate: float, service_s: float, cv2: float) -> Steady:
    """M/G/1 (Pollaczek 1930, Khinchine 1932), M/D/1 with `cv2` = 0: W = load S (1 + cv2) / (2 (1 - load)); one slot."""
    load = stable(rate * service_s)
    return _of_wait(rate, service_s, load * service_s * (1 + cv2) / (2 * (1 - load)))


@bounded(counts="slots", above_zero="rate service_s")
def short_line(*, rate: float, service_s: float, slots: int, room: int) -> Steady:
    """M/M/c/K: a call that finds all slots taken and `room` others in line is turned away; any load (birth-death, Kleinrock 1975).

    `wait_s` and `stay_s` are those of the calls that are let in.
    """
    n = np.arange(1, slots + room + 1)
    share = stationary(rate * service_s / np.minimum(n, slots))
    present = float(share @ np.arange(slots + room + 1))
    lost = float(share[-1])
    return of_present(rate * (1 - lost), present, present - rate * (1 - lost) * service_s, lost)


def priority_waits(*, rates: Sequence[float], services_s: Sequence[float], cv2s: Sequence[float]) -> list[float]:
    """Mean waits by class, the most urgent first, one slot, nobody is interrupted (Cobham 1954): R / ((1 - s(k-1)) (1 - s(k))).

    R = sum of rate E[S^2] / 2 is what is left of the service under way, s(k) the load of the classes up to k.
    """
    left = math.fsum(r * s * s * (1 + v) / 2 for r, s, v in zip(rates, services_s, cv2s, strict=True))
    waits, before = [], 0.0
    for rate, service_s in zip(rates, services_s, strict=True):
        upto = stable(before + rate * service_s)
        waits.append(left / ((1 - before) * (1 - upto)))
        before = upto
    return waits


@bounded(from_one="size size2")
def batch_line(*, rate: float, size: float, size2: float, service_s: float, cv2: float = 1.0) -> Steady:
    """M[X]/G/1: batches come at `rate`, of `size` = E[X] and `size2` = E[X^2] calls, to one slot (Gaver 1959; Burke 1975).

    A batch waits as one customer of M/G/1 whose service is the sum of its calls', and a call of it for those before it besides:
    W = rate E[B^2] / (2 (1 - load)) + S E[X(X-1)] / (2 E[X]), E[B^2] = S^2 (E[X] cv2 + E[X^2]).
    """
    load = stable(rate * size * service_s)
    whole = rate * service_s**2 * (size * cv2 + size2) / (2 * (1 - load))
    return _of_wait(rate * size, service_s, whole + service_s * (size2 - size) / (2 * size))


def stationary(ratios: np.ndarray) -> np.ndarray:
    """Shares of time in states 0..n of a birth-death chain; `ratios[k-1]` = births in k-1 over deaths in k.

    Summed in logarithms, so that a thousand slots neither overflow nor vanish.
    """
    logs = np.concatenate([[0.0], np.cumsum(np.log(ratios))])
    weights = np.exp(logs - logs.max())
    shares: np.ndarray = weights / weights.sum()
    return shares


def of_present(rate: float, present: float, waiting: float, lost: float = 0.0) -> Steady:
    """From mean numbers to mean times, by Little's law; `rate`: of those who are let in."""
    return Steady(waiting / rate, present / rate, waiting, present, lost)


def stable(load: float) -> float:
    """The load, if a line can bear it."""
    if not 0 < load < 1:
        raise ConfigError(f"load={load:.4g}: must be above 0 and below 1, or the line grows without end; add slots or send less")
    return load


def _of_wait(rate: float, service_s: float, wait_s: float) -> Steady:
    return Steady(wait_s, wait_s + service_s, rate * wait_s, rate * (wait_s + service_s))
