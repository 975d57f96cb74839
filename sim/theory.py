"""Closed forms: the simulator's twin without a clock.

Notation: a prompt starts with `base` = B = S + T tokens (system prompt and tool schemas + task); each turn has
`output` = o billed tokens and makes the context `growth` = g = kept output + tool result longer; n turns.
F-numbers are those of the project's table of formulas; each is derived in one line where it stands.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np


class Tokens(NamedTuple):
    """What is billed; `calls` may be an expected number too."""

    input: float
    output: float
    calls: float

    @property
    def total(self) -> float:
        """Input and output."""
        return self.input + self.output

    def times(self, factor: float) -> Tokens:
        """So many of the same."""
        return Tokens(*(value * factor for value in self))

    def plus(self, other: Tokens) -> Tokens:
        """Both."""
        return Tokens(*(a + b for a, b in zip(self, other, strict=True)))


class CacheSplit(NamedTuple):
    """Input by what the cache does with it."""

    read: float
    write: float

    @property
    def hit_rate(self) -> float:
        """Share of input that is read (F4c)."""
        return self.read / (self.read + self.write)


def chat_tokens(*, exchanges: int, system: float, first: float, message: float, answer: float, kept: float | None = None) -> Tokens:
    """F1: m exchanges. The j-th prompt holds the system prompt, j messages and j - 1 answers.

    In = m S + u m(m+1)/2 + y m(m-1)/2 when the `first` message is as long as the others (u = `message`).
    """
    m, stays = exchanges, answer if kept is None else kept
    pairs = m * (m - 1) / 2
    return Tokens(m * (system + first) + (message + stays) * pairs, m * answer, m)


def loop_tokens(*, base: float, growth: float, output: float, turns: float, pairs: float | None = None) -> Tokens:
    """F2, F3: a loop of n turns that sends its whole context every turn: In = n B + g n(n-1)/2.

    For random n give E[n] and `pairs` = E[n(n-1)]/2 (`pairs_of`, `pairs_geometric`, ...): mean turns alone would halve
    the quadratic part of a geometric n.
    """
    quadratic = turns * (turns - 1) / 2 if pairs is None else pairs
    return Tokens(turns * base + growth * quadratic, turns * output, turns)


def pairs_geometric(mean: float) -> float:
    """F3: E[n(n-1)]/2 = (1-q)/q^2 for n = 1, 2, ... stopping with probability q = 1/mean after each turn."""
    q = 1 / mean
    return (1 - q) / q**2


def turns_truncated(mean: float, most: int) -> tuple[float, float]:
    """F3: (E n, E[n(n-1)]/2) of a geometric n cut at `most` turns."""
    q = 1 / mean
    a = 1 - q
    return (1 - a**most) / q, a * (1 - most * a ** (most - 1) + (most - 1) * a**most) / (1 - a) ** 2


def pairs_poisson(extra: float) -> float:
    """F3: E[n(n-1)]/2 = (l^2 + 2 l)/2 for n = 1 + Poisson(l)."""
    return (extra**2 + 2 * extra) / 2


def pairs_of(turns: Callable[[float], float], points: int = 100_000) -> tuple[float, float]:
    """(E n, E[n(n-1)]/2) of any n given by its quantile function, by averaging over evenly spaced quantiles."""
    values = [max(1, round(turns((i + 0.5) / points))) for i in range(points)]
    return math.fsum(values) / points, math.fsum(n * (n - 1) / 2 for n in values) / points


def cache_split(*, base: float, growth: float, turns: float, miss: float = 0.0, pairs: float | None = None) -> CacheSplit:
    """F4, F4b: with a breakpoint at the end of each prompt, a turn reads the prompt before it and writes the rest.

    R = (n-1) B + g (n-1)(n-2)/2, W = B + g (n-1), R + W = In; with probability `miss` a turn finds its entry expired and
    writes what it would have read: R' = (1-m) R, W' = W + m R. For random n, `pairs` = E[n(n-1)]/2.
    """
    n = turns
    quadratic = n * (n - 1) / 2 if pairs is None else pairs
    read = (n - 1) * base + growth * (quadratic - (n - 1))
    write = base + growth * (n - 1)
    return CacheSplit((1 - miss) * read, write + miss * read)


def miss_exponential(ttl_s: float, mean_gap_s: float) -> float:
    """F4b: P(gap > TTL) = exp(-TTL/tau) for exponential gaps."""
    return math.exp(-ttl_s / mean_gap_s)


def compacted_tokens(
    *, base: float, growth: float, output: float, turns: int, window: float, summary: float, restored: float = 0.0
) -> Tokens:
    """F5: a loop that summarises its context when the next prompt would exceed `window`.

    The first segment has n1 = floor((Wd-B)/g) + 1 turns, later ones, which start at B2 = B + s, n2 = floor((Wd-B2)/g) + 1;
    K = 1 + floor((n-n1-1)/n2) compactions, each billed for the context at that moment and s of output.
    """
    again = base + summary + restored
    n1 = math.floor((window - base) / growth) + 1
    n2 = math.floor((window - again) / growth) + 1
    if turns <= n1:
        return loop_tokens(base=base, growth=growth, output=output, turns=turns)
    compactions = 1 + (turns - n1 - 1) // n2
    last = turns - n1 - (compactions - 1) * n2
    first = loop_tokens(base=base, growth=growth, output=output, turns=n1)
    full = loop_tokens(base=again, growth=growth, output=output, turns=n2).times(compactions - 1)
    rest = loop_tokens(base=again, growth=growth, output=output, turns=last)
    summaries = Tokens(base + growth * n1 + (compactions - 1) * (again + growth * n2), compactions * summary, compactions)
    return first.plus(full).plus(rest).plus(summaries)


def tree_tokens(*, lead: Tokens, worker: Tokens, fanout: int, depth: int, report: float, turns_after: float) -> Tokens:
    """F6: d levels of leads with k children each, k^d workers at the bottom.

    In = (k^d - 1)/(k - 1) x {lead's own loop + (n_o - a) k s} + k^d x worker's loop: the k reports of s tokens stand in the
    `turns_after` = n_o - a prompts after the spawn. Inherited contexts: give `worker` the base B_w + H.
    """
    leads = sum(fanout**level for level in range(depth))
    reading = Tokens(turns_after * fanout * report, 0, 0)
    return lead.plus(reading).times(leads).plus(worker.times(fanout**depth))


def divided_tokens(
    *, base: float, growth: float, output: float, turns: int, workers: int, warmup: int, report: float, reads: int
) -> Tokens:
    """F6c: one job of N turns dealt out over k isolated workers, e warm-up turns each, whose reports of s tokens are read c times.

    Shares differ by at most one turn, so the sum is exact. One worker alone (k = 1) neither warms up nor reports.
    """
    if workers == 1:
        return loop_tokens(base=base, growth=growth, output=output, turns=turns)
    share, rest = divmod(turns, workers)
    long = loop_tokens(base=base, growth=growth, output=output, turns=share + 1 + warmup).times(rest)
    short = loop_tokens(base=base, growth=growth, output=output, turns=share + warmup).times(workers - rest)
    return long.plus(short).plus(Tokens(reads * workers * report, 0, 0))


def best_division(*, turns: float, growth: float, overhead: float) -> float:
    """F6c: the k that minimises N B + g N(N/k - 1)/2 + k h: k* = N sqrt(g / (2 h))."""
    return turns * math.sqrt(growth / (2 * overhead))


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


def reflexion_tokens(*, base: float, growth: float, output: float, turns: float, success: float, tries: int, kept: float) -> Tokens:
    """F7c: sum over j < R of (1-p)^j times a loop on a prompt that is j times `kept` tokens longer; independent tries."""
    total = Tokens(0, 0, 0)
    for j in range(tries):
        total = total.plus(loop_tokens(base=base + j * kept, growth=growth, output=output, turns=turns).times((1 - success) ** j))
    return total


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


def _given_difficulty(success: float, correlation: float, points: int = 201) -> tuple[np.ndarray, np.ndarray]:
    """Chances of success at many difficulties, and how common each of these is (Gauss-Legendre over +-8 standard deviations)."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    theta = 8 * nodes
    weights = weights * np.exp(-(theta**2) / 2)
    normal = NormalDist()
    if correlation >= 1 or success in (0, 1):
        chances = [float(normal.cdf(t) < success) for t in theta]
    else:
        ability, common, own = normal.inv_cdf(success), math.sqrt(correlation), math.sqrt(1 - correlation)
        chances = [normal.cdf((ability - common * t) / own) for t in theta]
    return np.array(chances), weights / weights.sum()


def tasks_until_spent(*, budget: float, mean: float, sd: float) -> float:
    """F13: tasks of independent cost that are begun until a budget is crossed, B/c + (s^2 + c^2) / (2 c^2) (renewal theory, B >> c)."""
    return budget / mean + (sd**2 + mean**2) / (2 * mean**2)


def debate_tokens(*, base: float, answer: float, debaters: int, rounds: int) -> Tokens:
    """F9: m agents that read the whole board, t rounds: In = m t B + m^2 y t (t-1) / 2."""
    m, t = debaters, rounds
    return Tokens(m * t * base + m * m * answer * t * (t - 1) / 2, m * t * answer, m * t)
