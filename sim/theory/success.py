"""Closed forms of what tries, budgets and choices come to: retries, verifiers, cascades, hazards, logits (F7 to F13, F15 to F17)."""

from __future__ import annotations

import functools
import math
from statistics import NormalDist

import numpy as np

from sim.errors import ConfigError
from sim.theory.arguments import bounded


@bounded(shares="success correlation", counts="tries")
def retries(*, success: float, tries: int, correlation: float = 0.0) -> tuple[float, float]:
    """F7: (expected tries, probability of success) of trying until tests pass, R times at most.

    Independent tries: E M = (1 - (1-p)^R) / p, P = 1 - (1-p)^R. With a `correlation` of the tries' latent scores the same, averaged over
    the difficulty they share.
    """
    chances, weights = _given_difficulty(success, correlation)
    missed = 1 - chances
    expected = sum(float(weights @ missed**j) for j in range(tries))
    return expected, 1 - float(weights @ missed**tries)


@bounded(above_zero="a b", counts="tries")
def retries_beta(*, a: float, b: float, tries: int) -> tuple[float, float]:
    """F7b: the same as `retries` where tasks' own chances are Beta(a, b).

    E M = sum over j < R of B(a, b+j) / B(a, b), P = 1 - B(a, b+R) / B(a, b).
    """
    missed = [1.0]
    for j in range(tries):
        missed.append(missed[-1] * (b + j) / (a + b + j))
    return math.fsum(missed[:-1]), 1 - missed[-1]


@bounded(chances="success")
def cost_per_success(*, success: float, cost_right: float, cost_wrong: float) -> float:
    """F7: $ by success of independent tries, c_s + c_f (1-p)/p: the same for every limit R."""
    return cost_right + cost_wrong * (1 - success) / success


@bounded(shares="failure", counts="attempts")
def backoff_wait(*, failure: float, attempts: int, base_s: float, cap_s: float) -> float:
    """F8: expected seconds of backoff by call with full jitter: sum over j <= R-2 of f^(j+1) min(cap, b 2^j) / 2."""
    return math.fsum(failure ** (j + 1) * min(cap_s, base_s * 2.0**j) / 2 for j in range(attempts - 1))


@bounded(shares="success true_positive false_positive", counts="tries")
def best_of(*, success: float, tries: int, true_positive: float, false_positive: float) -> float:
    """F9: probability that a random one of the accepted answers is right (of all, where none was accepted); independent tries.

    A = p al + (1-p) be; P = (1 - (1-A)^N) p al / A + (1-A)^N p (1-al) / (1-A). The same holds for a loop that stops at the first accepted
    answer (F10).
    """
    right, accepted = success * true_positive, success * true_positive + (1 - success) * false_positive
    none = (1 - accepted) ** tries
    found = (1 - none) * right / accepted if accepted else 0.0
    return found + (none * success * (1 - true_positive) / (1 - accepted) if accepted < 1 else 0.0)


@bounded(shares="success true_positive false_positive", counts="tries")
def verify_tries(*, success: float, tries: int, true_positive: float, false_positive: float) -> float:
    """F10: expected tries of a loop that stops at the first accepted answer: (1 - (1-A)^R) / A."""
    accepted = success * true_positive + (1 - success) * false_positive
    return (1 - (1 - accepted) ** tries) / accepted if accepted else float(tries)


@bounded(shares="success", counts="tries")
def majority(*, success: float, tries: int) -> float:
    """F9: probability that more than half of N independent answers are right: a binomial tail."""
    return sum(math.comb(tries, k) * success**k * (1 - success) ** (tries - k) for k in range(tries // 2 + 1, tries + 1))


@bounded(shares="first second correlation")
def both_succeed(first: float, second: float, correlation: float) -> float:
    """Probability that two tries with a correlation of their latent scores both succeed."""
    chances, weights = _given_difficulty(first, correlation)
    others, _ = _given_difficulty(second, correlation)
    return float(weights @ (chances * others))


@bounded(shares="first second correlation")
def phi_of(first: float, second: float, correlation: float) -> float:
    """The same as the correlation of the two successes (phi), which is what data show."""
    if not (0 < first < 1 and 0 < second < 1):
        raise ConfigError(f"first={first:g}, second={second:g}: must lie between 0 and 1, or nothing varies")
    both = both_succeed(first, second, correlation)
    return (both - first * second) / math.sqrt(first * (1 - first) * second * (1 - second))


@bounded(shares="first second correlation true_positive false_positive")
def cascade(
    *, first: float, second: float, correlation: float = 0.0, true_positive: float = 1.0, false_positive: float = 0.0
) -> tuple[float, float]:
    """F11: (probability that it succeeds, probability that the second is asked); with these defaults, tests do not err.

    With e1 = p1 (1-al), e0 = q1 (1-be): P = p1 al + e1 p2|1 + e0 p2|0, and the second is asked in e1 + e0.
    """
    both = both_succeed(first, second, correlation)
    asked_right, asked_wrong = first * (1 - true_positive), (1 - first) * (1 - false_positive)
    after_right = both / first if first else 0.0
    after_wrong = (second - both) / (1 - first) if first < 1 else 0.0
    return first * true_positive + asked_right * after_right + asked_wrong * after_wrong, asked_right + asked_wrong


@bounded(shares="lead worker", counts="workers")
def team_success(*, lead: float, worker: float, workers: int, exponent: float) -> float:
    """Probability that a lead and the m workers who have reported solve a task: 1 - (1-p_l) (1-p_w)^(m^s - 1)."""
    return 1 - (1 - lead) * float((1 - worker) ** (workers**exponent - 1))


@bounded(shares="step", counts="turns")
def turns_until_lost(*, step: float, turns: int) -> float:
    """F12: expected turns of a try that stops at its first wrong one, each right with probability `step`: (1 - p^n) / (1 - p)."""
    return (1 - step**turns) / (1 - step) if step < 1 else float(turns)


@bounded(chances="step", counts="turns tries")
def step_retries(*, step: float, turns: int, tries: int) -> tuple[float, float]:
    """F12: (probability that all turns succeed, expected calls) where a turn is asked for at most R times and a lost one is the end.

    P = p_s^n with p_s = 1 - (1-p)^R; calls = p_s / p x (1-P) / (1-p_s).
    """
    kept = 1 - (1 - step) ** tries
    done = kept**turns
    return done, kept / step * ((1 - done) / (1 - kept) if kept < 1 else turns)


@bounded(counts="workers")
def longest_of(*, workers: int, mean: float) -> float:
    """F15: expected time of the last of k workers with exponential times: H_k x mean, not the mean."""
    return mean * sum(1 / k for k in range(1, workers + 1))


@bounded(counts="workers points")
def longest_lognormal(*, workers: int, mean: float, sigma: float, points: int = 20_000) -> float:
    """F15 with lognormal times: E max = integral of the quantile of u^(1/k), evenly spaced in the tail's own probability."""
    normal = NormalDist()
    quantiles = (math.exp(sigma * normal.inv_cdf(((i + 0.5) / points) ** (1 / workers)) - sigma**2 / 2) for i in range(points))
    return mean * math.fsum(quantiles) / points


def cost_per_hour(*, usd: float, seconds: float) -> float:
    """F16: dollars a busy hour of one agent, (steps an hour) x ($ a step); both of a step, or both of a task. nan if it takes no time."""
    return usd / seconds * 3600 if seconds else math.nan


@bounded(any_sign="gain extra_cost", above_zero="scale")
def logit_share(*, gain: float, extra_cost: float, scale: float) -> float:
    """F17: share that takes the dearer backend, 1 / (1 + exp(-(V dP - dC) / mu))."""
    return 1 / (1 + math.exp(-(gain - extra_cost) / scale))


@bounded(shares="share", above_zero="scale")
def logit_elasticity(*, share: float, cost: float, scale: float) -> float:
    """F17: elasticity of that share to its own bill: -(1-s) C_A / mu."""
    return -(1 - share) * cost / scale


@bounded(above_zero="mean")
def tasks_until_spent(*, budget: float, mean: float, sd: float) -> float:
    """F13: tasks of independent cost that are begun until a budget is crossed, B/c + (s^2 + c^2) / (2 c^2) (renewal theory, B >> c)."""
    return budget / mean + (sd**2 + mean**2) / (2 * mean**2)


@functools.cache
def given_difficulty(points: int = 201) -> tuple[np.ndarray, np.ndarray]:
    """Difficulties, and how common each of these is (standard normal; Gauss-Legendre over +-8 standard deviations)."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    theta = 8 * nodes
    weights = weights * np.exp(-(theta**2) / 2)
    return theta, weights / weights.sum()


def _given_difficulty(success: float, correlation: float) -> tuple[np.ndarray, np.ndarray]:
    """Chances of success at many difficulties, and how common each of these is."""
    theta, weights = given_difficulty()
    normal = NormalDist()
    if correlation >= 1 or success in (0, 1):
        chances = [float(normal.cdf(t) < success) for t in theta]
    else:
        ability, common, own = normal.inv_cdf(success), math.sqrt(correlation), math.sqrt(1 - correlation)
        chances = [normal.cdf((ability - common * t) / own) for t in theta]
    return np.array(chances), weights
