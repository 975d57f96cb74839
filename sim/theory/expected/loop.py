"""What one agent is expected to spend, turn by turn: F1 to F5, F7c, F8 and F12 for any distribution of turns, with windows and tiers.

Turn t happens with probability P(n > t). Where sizes vary its expected prompt is the one that their means make, for growth and
turns are independent. Only what hangs on a threshold (compaction, tiers, the shortest cached prompt) needs sizes that are constant or
too far from it to matter. What is not solved is nan, and `why` says why.
"""

from __future__ import annotations

import math

import numpy as np

from sim.sampling.distributions import distribution
from sim.settings.market import BackendSettings, Billed, CacheKind
from sim.settings.profile import LoopSettings
from sim.theory.expected.expiry import expiry
from sim.theory.expected.moments import Nodes, nodes, survival
from sim.theory.expected.sizes import Sizes, constant
from sim.theory.expected.spent import NOTHING, Site, Solved, Spent, Work
from sim.theory.success import backoff_wait

FAR, RARE = 10.0, 1e-4
"""A threshold is out of reach when at most this share of input lies within so many standard deviations of it."""
MOST_TURNS = 50_000


def solve(loop: LoopSettings, site: Site, work: Work) -> Solved:
    """One agent's loop on one backend."""
    return _Walk(loop, site, work).run()


def turns_of(loop: LoopSettings, backend: BackendSettings, effort: float) -> tuple[np.ndarray, int] | None:
    """P(n > t), and turns to a message; None where both messages and their turns vary."""
    requests = nodes(loop.requests).rounded(1)
    if loop.turns_exponent and len(requests.values) > 1:
        return None
    turns = message_turns(loop, backend, effort)
    if (requests.values == 1).all():
        return survival(turns), int(turns.values.max())
    if (turns.values == turns.values[0]).all():
        each = int(turns.values[0])
        return survival(requests.scaled(each)), each
    return None


def message_turns(loop: LoopSettings, backend: BackendSettings, effort: float) -> Nodes:
    """Turns of a message, in a session of a fixed number of messages where `turns_exponent` is set."""
    factor = backend.turn_multiplier * effort
    factor *= max(1.0, float(np.rint(nodes(loop.requests).values[0]))) ** -loop.turns_exponent if loop.turns_exponent else 1.0
    factor *= loop.resumed_turns if Sizes(loop, backend).resumed else 1.0
    points = 48_000 if constant(loop.turns_scale) else 1200
    return nodes(loop.turns, points).times(nodes(loop.turns_scale, 240)).scaled(factor).rounded(1)


class _Walk:
    """The loop at work."""

    def __init__(self, loop: LoopSettings, site: Site, work: Work) -> None:
        self.loop, self.site, self.work, self.backend = loop, site, work, site.backend
        self.sizes = Sizes(loop, site.backend)
        varied = work.before_variance or any(pause.variance for pause in work.pauses.values())
        self.certain = self.sizes.certain and not varied
        self.why: set[str] = set()
        if self.sizes.mixed and (loop.resumed_turns != 1 or loop.opening_turns):
            self.why.add("resumed sessions among new ones")
        if self.sizes.prior and loop.window_tokens is not None:
            self.why.add("resumed sessions, in a window of their own")
        self.opening_turns = 0 if self.sizes.resumed else loop.opening_turns
        self.failure = site.backend.error_rate
        self.ok = 1 - self.failure**site.retry.attempts
        self.sums = dict.fromkeys(Spent._fields, 0.0)
        self.seconds = self.longest_s = self.variance = 0.0
        self.expired: dict[bool, float] = {}
        self.tool_s, self.tool_variance = distribution(loop.tool_time_s).mean, nodes(loop.tool_time_s).variance
        self.noise = math.exp(self.backend.noise_sigma**2) - 1
        speed = self.backend.decode_tokens_per_s
        self.decode_variance = (1 + self.noise) * self.sizes.words.variance / speed**2 if speed else 0.0
        retry = site.retry
        self.backoff_s = backoff_wait(failure=self.failure, attempts=retry.attempts, base_s=retry.backoff_base_s, cap_s=retry.backoff_cap_s)

    def run(self) -> Solved:
        """Turn by turn; every call is one `_call`."""
        loop, sizes, work = self.loop, self.sizes, self.work
        alive, each = self._turns()
        if len(alive) > MOST_TURNS:
            self.why.add(f"turns: more than {MOST_TURNS:,} are possible")
        if self.why or not self._within_reach(alive, each):
            return Solved(NOTHING, why=self.why)
        context, cached = sizes.first + sizes.prior + work.before_tokens, work.inherited_read
        first = sizes.first + (work.before_tokens if work.inherits else 0.0)
        limit, answered = self._compact_at(), 1.0
        out = Solved(NOTHING, why=self.why)
        for t, there in enumerate(alive.tolist()):
            chance = there * (1.0 if work.stays is None else float(work.stays[t])) * answered
            miss = self._gap(t, chance, each) if t else 0.0
            if context > limit:
                prompt = min(context, self.backend.context_window_tokens)
                self._call(chance, prompt, _share(min(cached, prompt), 1 - miss), sizes.summary, 0.0)
                self.sums["compactions"] += chance * self.ok
                answered, chance = answered * self.ok, chance * self.ok
                context, cached = first + sizes.summary + sizes.restored, 0.0
            if context > self.backend.context_window_tokens and self.certain:
                self.why.add("prompts that outgrow the context window")
                return Solved(NOTHING, why=self.why)
            self._call(chance, context, _share(cached, (1 - miss) * (1 - loop.rewrite_rate)), sizes.output, sizes.reasoning)
            out.prompts.append(context)
            cached = context if context >= self.backend.cache_min_tokens else 0.0
            answered *= self.ok
            out.reaches.append(chance * self.ok)
            following = float(alive[t + 1]) if t + 1 < len(alive) else 0.0
            out.ends.append((there - following) * answered)
            context += self._growth(t, each) + (work.pauses[t + 1].tokens if t + 1 in work.pauses else 0.0)
        out.spent = Spent(**{**self.sums, "agents": 1.0})
        out.seconds, out.at_most_s = self.seconds, self.longest_s + FAR * math.sqrt(self.variance)
        out.steady = self.variance == 0 and bool((alive == 1).all()) and not self.failure
        return out

    def _turns(self) -> tuple[np.ndarray, int]:
        if self.work.alive is not None:
            return self.work.alive, len(self.work.alive)
        found = turns_of(self.loop, self.backend, self.work.effort)
        if found is None:
            self.why.add("turns: several messages, and a random number of turns to each")
            return np.zeros(0), 1
        return found

    def _growth(self, t: int, each: int) -> float:
        """What stands in the prompt after turn t, besides that of turn t."""
        if self.work.board_tokens is not None:
            return self.work.board_tokens
        if self._ends_message(t, each):
            return self.sizes.kept + self.sizes.request
        return self.sizes.kept + (self.sizes.result if t + 1 > self.opening_turns else self.sizes.opening)

    def _ends_message(self, t: int, each: int) -> bool:
        return (t + 1) % each == 0

    def _compact_at(self) -> float:
        """Of sizes that are certain; a debate never compacts."""
        return math.inf if not self.certain or self.work.board_tokens is not None else self._least_limit()

    def _least_limit(self) -> float:
        """The shortest prompt that may be summarised."""
        loop, window = self.loop, float(self.backend.context_window_tokens)
        if loop.compact_at_tokens is None and loop.window_tokens is None:
            return math.inf
        least = [float(nodes(at).values.min()) for at in (loop.compact_at_tokens,) if at is not None]
        if loop.window_tokens is not None:
            window = min(window, float(nodes(loop.window_tokens).values.min()))
        return min([*least, loop.compact_at_share * window])

    def _within_reach(self, alive: np.ndarray, each: int) -> bool:
        """Whether all thresholds are decided: the sizes are certain, or they are too far from any of them."""
        self.tier_known = self.cache_known = True
        self.caches = self.backend.cache is not CacheKind.none
        if self.certain:
            return True
        steps = np.array([0.0, *(self._growth(t, each) for t in range(len(alive) - 1))][: len(alive)])
        reports = np.zeros(len(alive))
        for turn, pause in self.work.pauses.items():
            if turn < len(alive):
                steps[turn] += pause.tokens
                reports[turn] += pause.variance
        mean = self.sizes.first + self.sizes.prior + self.work.before_tokens + np.cumsum(steps)
        spread = FAR * np.sqrt(self.sizes.spread(len(alive)) ** 2 + self.work.before_variance + np.cumsum(reports))
        least = self.backend.cache_min_tokens
        floor = np.maximum(mean - spread, self.loop.system_tokens)

        def rare(turns: np.ndarray) -> bool:
            return bool((alive * mean)[turns].sum() <= RARE * (alive * mean).sum())

        if not rare(mean + spread > self._least_limit()):
            self.why.add("compaction: sizes vary")
        if not rare(mean + spread > self.backend.context_window_tokens):
            self.why.add("context window: sizes vary, and may outgrow it")
        self.tier_known = rare(mean + spread > self.site.price.first_tier)
        never, always = rare(mean + spread >= least), rare(floor < least)
        self.cache_known, self.caches = never or always or not self.caches, self.caches and not never
        return not self.why

    def _gap(self, t: int, chance: float, each: int) -> float:
        """Time goes by between two turns; returns the probability that the cache entry is gone then."""
        user, work = self._ends_message(t - 1, each), self.work
        if work.board_tokens is not None:
            return work.board_miss
        if not user:
            self.seconds += chance * self.tool_s
            self.longest_s += self.tool_s
            self.variance += self.tool_variance
        if t in work.pauses:
            return work.pauses[t].miss
        if user not in self.expired:
            self.expired[user] = expiry(self.site, self.sizes, nodes(self.loop.think_time_s if user else self.loop.tool_time_s))
            if not constant(self.loop.output_scale) and self.expired[user] > RARE:
                self.why.add("cache misses: wordy agents miss more often, and have longer prompts")
                self.expired[user] = math.nan
            if not self.site.alone and self.caches:
                self.why.add("cache misses: waits in line, against the lifetime of cache entries")
                self.expired[user] = math.nan
        return self.expired[user]

    def _call(self, chance: float, prompt: float, read: float, output: float, reasoning: float) -> None:
        """A call that is made with this probability: its attempts, its bill, its time (F8)."""
        if not chance:
            return
        sums, answered = self.sums, chance * self.ok
        read, write = self._split(prompt, read)
        attempts = chance * (self.ok / (1 - self.failure) if self.failure < 1 else self.site.retry.attempts)
        for name, each in {"input": prompt, "read": read, "write": write, "output": output, "reasoning": reasoning}.items():
            sums[name] += answered * each
        sums["answers"] += answered
        sums["attempts"] += attempts
        rates = self._rates(prompt)
        for name, each, rate in zip(
            ("fresh_usd", "read_usd", "write_usd", "output_usd", "fees_usd"),
            (prompt - read - write, read, write, output, float(prompt + output > 0)),
            (*rates[:4], self.site.price.fee(0.0)),
            strict=True,
        ):
            sums[name] += answered * each * rate
        server_s, decode_s = self._times(prompt, read, output)
        self.seconds += attempts * server_s + answered * decode_s + chance * self.backoff_s
        self.longest_s += server_s + decode_s
        self.variance += self.noise * (server_s + decode_s) ** 2 + self.decode_variance
        self.variance += self.failure * (server_s + self.site.retry.backoff_cap_s) ** 2

    def _split(self, prompt: float, read: float) -> tuple[float, float]:
        backend = self.backend
        if self.failure and backend.error_billed is not Billed.nothing:
            self.why.add("failed attempts that are billed")
            return math.nan, math.nan
        if not self.caches or (self.certain and prompt < backend.cache_min_tokens):
            return 0.0, 0.0
        if not self.cache_known:
            self.why.add(f"cache: prompts may be shorter than {backend.cache_min_tokens:,} tokens, or not")
            read = math.nan
        if backend.share_system:
            self.why.add("cache: heads that agents read of one another")
            read = math.nan
        return read, (prompt - read if backend.cache is CacheKind.explicit else 0.0 * read)

    def _rates(self, prompt: float) -> tuple[float, ...]:
        if self.site.price.changes:
            self.why.add("dollars: prices that change with the hour")
            return (math.nan,) * 4
        if not self.tier_known:
            self.why.add(f"dollars: a prompt may pass {self.site.price.first_tier:,} tokens, where prices change")
            return (math.nan,) * 4
        return self.site.price.rates(math.ceil(prompt), 0.0)

    def _times(self, prompt: float, read: float, output: float) -> tuple[float, float]:
        """Expected seconds to the first token, and from there to the last."""
        backend, noise = self.backend, math.exp(self.backend.noise_sigma**2 / 2)
        if self.site.batch:
            return backend.network_rtt_s + distribution(backend.batch_latency_s).mean, 0.0
        prefill_s = (prompt - read) / backend.prefill_tokens_per_s if backend.prefill_tokens_per_s else 0.0
        server_s = backend.ttft_s + prefill_s + prompt * backend.context_s_per_100k_tokens / 1e5
        decode_s = output / backend.decode_tokens_per_s if backend.decode_tokens_per_s else 0.0
        if decode_s and backend.decode_slowdown and not self.site.alone:
            self.why.add("time: decoding that others slow down")
            decode_s = math.nan
        return backend.network_rtt_s + noise * server_s, noise * decode_s


def _share(tokens: float, share: float) -> float:
    return tokens * share if tokens else 0.0
