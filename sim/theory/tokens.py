"""Closed forms of what agents send: chats, loops, caches, compaction, trees, divided jobs (F1 to F6, F7c, debates).

Notation: a prompt starts with `base` = B = S + T tokens (system prompt and tool schemas + task); each turn has
`output` = o billed tokens and makes the context `growth` = g = kept output + tool result longer; n turns.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from sim.errors import ConfigError
from sim.theory.arguments import bounded


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


@bounded()
def chat_tokens(
    *, exchanges: float, system: float, first: float, message: float, answer: float, kept: float | None = None, pairs: float | None = None
) -> Tokens:
    """F1: m exchanges. The j-th prompt holds the system prompt, j messages and j - 1 answers.

    In = m S + u m(m+1)/2 + y m(m-1)/2 when the `first` message is as long as the others (u = `message`).
    For random m give E[m] and `pairs` = E[m(m-1)]/2; for several chats together, the sums of both.
    """
    m, stays = exchanges, answer if kept is None else kept
    earlier = m * (m - 1) / 2 if pairs is None else pairs
    return Tokens(m * (system + first) + (message + stays) * earlier, m * answer, m)


@bounded()
def loop_tokens(*, base: float, growth: float, output: float, turns: float, pairs: float | None = None) -> Tokens:
    """F2, F3: a loop of n turns that sends its whole context every turn: In = n B + g n(n-1)/2.

    For random n give E[n] and `pairs` = E[n(n-1)]/2 (`pairs_of`, `pairs_geometric`, ...): mean turns alone would halve
    the quadratic part of a geometric n.
    """
    quadratic = turns * (turns - 1) / 2 if pairs is None else pairs
    return Tokens(turns * base + growth * quadratic, turns * output, turns)


@bounded(from_one="mean")
def pairs_geometric(mean: float) -> float:
    """F3: E[n(n-1)]/2 = (1-q)/q^2 for n = 1, 2, ... stopping with probability q = 1/mean after each turn."""
    q = 1 / mean
    return (1 - q) / q**2


@bounded(from_one="mean", counts="most")
def turns_truncated(mean: float, most: int) -> tuple[float, float]:
    """F3: (E n, E[n(n-1)]/2) of a geometric n cut at `most` turns."""
    q = 1 / mean
    a = 1 - q
    return (1 - a**most) / q, a * (1 - most * a ** (most - 1) + (most - 1) * a**most) / (1 - a) ** 2


@bounded()
def pairs_poisson(extra: float) -> float:
    """F3: E[n(n-1)]/2 = (l^2 + 2 l)/2 for n = 1 + Poisson(l)."""
    return (extra**2 + 2 * extra) / 2


def pairs_of(turns: Callable[[float], float], points: int = 100_000) -> tuple[float, float]:
    """(E n, E[n(n-1)]/2) of any n given by its quantile function, by averaging over evenly spaced quantiles."""
    values = [max(1, round(turns((i + 0.5) / points))) for i in range(points)]
    return math.fsum(values) / points, math.fsum(n * (n - 1) / 2 for n in values) / points


@bounded(shares="miss")
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


@bounded(shares="miss")
def loop_usd(
    *, base: float, growth: float, output: float, turns: float, read: float, write: float, produced: float, miss: float = 0.0,
    pairs: float | None = None,
) -> float:  # fmt: skip
    """F4: dollars of a loop with a cache, p_r R + p_w W + p_o n o; the three prices in dollars a token (of output: `produced`).

    F4d: as n grows, the bills of two backends come to the ratio of their prices of cache reads, whatever the list says.
    """
    split = cache_split(base=base, growth=growth, turns=turns, miss=miss, pairs=pairs)
    return split.read * read + split.write * write + turns * output * produced


@bounded(above_zero="read")
def reads_overtake_writes(*, read: float, write: float) -> float:
    """F4c: turns from which reading the cache costs more than writing it, n = 2 p_w / p_r + 2 (exact where B is small against g n)."""
    return 2 * write / read + 2


@bounded(above_zero="mean_gap_s")
def miss_exponential(ttl_s: float, mean_gap_s: float) -> float:
    """F4b: P(gap > TTL) = exp(-TTL/tau) for exponential gaps."""
    return math.exp(-ttl_s / mean_gap_s)


@bounded(counts="turns", above_zero="growth")
def compacted_tokens(
    *, base: float, growth: float, output: float, turns: int, window: float, summary: float, restored: float = 0.0
) -> Tokens:
    """F5: a loop that summarises its context when the next prompt would exceed `window`.

    The first segment has n1 = floor((Wd-B)/g) + 1 turns, later ones, which start at B2 = B + s, n2 = floor((Wd-B2)/g) + 1;
    K = 1 + floor((n-n1-1)/n2) compactions, each billed for the context at that moment and s of output.
    """
    again = base + summary + restored
    if window < again:
        raise ConfigError(f"window={window:g}: must be at least {again:g}, what stands in the prompt after a summary, or it never ends")
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


@bounded()
def best_window(*, again: float, growth: float, extra: float) -> float:
    """F5b: the window of the least cost a turn, W* = B2 + sqrt(2 g (B2 + F / p)), as in Wilson's economic order quantity (1934).

    `again` = B2 = B + s tokens stand in the prompt after a compaction; a turn costs p (B2 + W)/2 and its share of compactions
    (p W + F) g / (W - B2), p the price of what is read again. `extra` = F / p: what a compaction costs besides its prompt, in tokens read:
    s p_o / p uncached, s (p_o + p_w) / p where the head of the prompt stays cached, (s p_o + B2 p_w) / p where it does not.
    Continuous: the bill is flat around it, so whole turns matter little. With a loss d V of value by compaction add d V to F.
    """
    return again + math.sqrt(2 * growth * (again + extra))


@bounded(counts="fanout", others="lead worker depth")
def tree_tokens(*, lead: Tokens, worker: Tokens, fanout: int, depth: int, report: float, turns_after: float) -> Tokens:
    """F6: d levels of leads with k children each, k^d workers at the bottom.

    In = (k^d - 1)/(k - 1) x {lead's own loop + (n_o - a) k s} + k^d x worker's loop: the k reports of s tokens stand in the
    `turns_after` = n_o - a prompts after the spawn. Inherited contexts: give `worker` the base B_w + H.
    """
    leads = sum(fanout**level for level in range(depth))
    reading = Tokens(turns_after * fanout * report, 0, 0)
    return lead.plus(reading).times(leads).plus(worker.times(fanout**depth))


@bounded(counts="turns workers")
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


@bounded(above_zero="overhead")
def best_division(*, turns: float, growth: float, overhead: float) -> float:
    """F6c: the k that minimises N B + g N(N/k - 1)/2 + k h: k* = N sqrt(g / (2 h))."""
    return turns * math.sqrt(growth / (2 * overhead))


@bounded(shares="success", counts="tries")
def reflexion_tokens(*, base: float, growth: float, output: float, turns: float, success: float, tries: int, kept: float) -> Tokens:
    """F7c: sum over j < R of (1-p)^j times a loop on a prompt that is j times `kept` tokens longer; independent tries."""
    total = Tokens(0, 0, 0)
    for j in range(tries):
        total = total.plus(loop_tokens(base=base + j * kept, growth=growth, output=output, turns=turns).times((1 - success) ** j))
    return total


@bounded(counts="debaters rounds")
def debate_tokens(*, base: float, answer: float, debaters: int, rounds: int) -> Tokens:
    """F9: m agents that read the whole board, t rounds: In = m t B + m^2 y t (t-1) / 2."""
    m, t = debaters, rounds
    return Tokens(m * t * base + m * m * answer * t * (t - 1) / 2, m * t * answer, m * t)
