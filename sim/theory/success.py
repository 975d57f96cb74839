"""Closed forms of what tries, budgets and choices come to: retries, verifiers, cascades, hazards, logits (F7 to F13, F15, F17)."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np


def retries(*, success: float, tries: int, correlation: float = 0.0) -> tuple[float, float]:
    """F7: (expected tries, probability of success) of trying until tests pass, R times at most.

    Independent tries: E M = (1 - (1-p)^R) / p, P = 1 - (1-p)^R. With a `correlation` of the tries' latent scores the same, averaged over
    the difficulty they share.
    """
    chances, weights = _given_difficulty(success, correlation)
    missed = 1 - chances
    expected = sum(float(weights @ missed**j) for j in range(tries))
    return expected, 1 - float(weights @ missed**tries)


def cost_per_success(*, success: float, cost_right: float, cost_wrong: float) -> float:
    """F7: $ by success of independent tries, c_s + c_f (1-p)/p: the same for every limit R."""
    return cost_right + cost_wrong * (1 - success) / success


def backoff_wait(*, failure: float, attempts: int, base_s: float, cap_s: float) -> float:
    """F8: expected seconds of backoff by call with full jitter: sum over j <= R-2 of f^(j+1) min(cap, b 2^j) / 2."""
    return math.fsum(failure ** (j + 1) * min(cap_s, base_s * 2.0**j) / 2 for j in range(attempts - 1))


def best_of(*, success: float, tries: int, true_positive: float, false_positive: float) -> float:
    """F9: probability that a random one of the accepted answers is right (of all, where none was accepted); independent tries.

    A = p al + (1-p) be; P = (1 - (1-A)^N) p al / A + (1-A)^N p (1-al) / (1-A). The same holds for a loop that stops at the first accepted
    answer (F10).
    """
    right, accepted = success * true_positive, success * true_positive + (1 - success) * false_positive
    none = (1 - accepted) ** tries
    found = (1 - none) * right / accepted if accepted else 0.0
    return found + (none * success * (1 - true_positive) / (1 - accepted) if accepted < 1 else 0.0)


def verify_tries(*, success: float, tries: int, true_positive: float, false_positive: float) -> float:
    """F10: expected tries of a loop that stops at the first accepted answer: (1 - (1-A)^R) / A."""
    accepted = success * true_positive + (1 - success) * false_positive
    return (1 - (1 - accepted) ** tries) / accepted if accepted else float(tries)


def majority(*, success: float, tries: int) -> float:
    """F9: probability that more than half of N independent answers are right: a binomial tail."""
    return sum(math.comb(tries, k) * success**k * (1 - success) ** (tries - k) for k in range(tries // 2 + 1, tries + 1))


def both_succeed(first: float, second: float, correlation: float) -> float:
    """Probability that two tries with a correlation of their latent scores both succeed."""
    chances, weights = _given_difficulty(first, correlation)
    others, _ = _given_difficulty(second, correlation)
    return float(weights @ (chances * others))


def phi_of(first: float, second: float, correlation: float) -> float:
    """The same as the correlation of the two successes (phi), which is what data show."""
    both = both_succeed(first, second, correlation)
    return (both - first * second) / math.sqrt(first * (1 - first) * second * (1 - second))


def cascade(*, first: float, second: float, correlation: float = 0.0) -> tuple[float, float]:
    """F11 with perfect tests: (probability that it succeeds, probability that the second is asked)."""
    return first + second - both_succeed(first, second, correlation), 1 - first


def turns_until_lost(*, step: float, turns: int) -> float:
    """F12: expected turns of a try that stops at its first wrong one, each right with probability `step`: (1 - p^n) / (1 - p)."""
    return (1 - step**turns) / (1 - step)


def longest_of(*, workers: int, mean: float) -> float:
    """F15: expected time of the last of k workers with exponential times: H_k x mean, not the mean."""
    return mean * sum(1 / k for k in range(1, workers + 1))


def logit_share(*, gain: float, extra_cost: float, scale: float) -> float:
    """F17: share that takes the dearer backend, 1 / (1 + exp(-(V dP - dC) / mu))."""
    return 1 / (1 + math.exp(-(gain - extra_cost) / scale))


def logit_elasticity(*, share: float, cost: float, scale: float) -> float:
    """F17: elasticity of that share to its own bill: -(1-s) C_A / mu."""
    return -(1 - share) * cost / scale


def tasks_until_spent(*, budget: float, mean: float, sd: float) -> float:
    """F13: tasks of independent cost that are begun until a budget is crossed, B/c + (s^2 + c^2) / (2 c^2) (renewal theory, B >> c)."""
    return budget / mean + (sd**2 + mean**2) / (2 * mean**2)


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
