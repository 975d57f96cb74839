"""Expected sizes of what a loop sends, rounded to whole tokens as the agent rounds them, and how far they spread."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.sampling.distributions import Constant, distribution
from sim.settings.market import BackendSettings
from sim.settings.profile import LoopSettings
from sim.theory.expected.moments import Nodes, nodes

COARSE = 240
"""Nodes of each of two quantities that are multiplied."""


def constant(setting: Any) -> bool:
    """Whether a quantity cannot vary."""
    return isinstance(distribution(setting), Constant)


def whole(setting: Any, low: int = 0) -> float:
    """Expected value of a quantity rounded to a whole number of at least `low`."""
    law = nodes(setting)
    return distribution(setting).mean + law.rounded(low).mean - law.mean


def product(setting: Any, scale: Any) -> Nodes:
    """A quantity times a factor."""
    fine = constant(scale)
    return nodes(setting, 4800 if fine else COARSE).times(nodes(scale, COARSE))


class Sizes:
    """Of one kind of agent on one backend, in tokens."""

    def __init__(self, loop: LoopSettings, backend: BackendSettings) -> None:
        share = loop.reasoning_share if backend.reasoning_share is None else backend.reasoning_share
        said = product(loop.output_tokens, loop.output_scale).scaled(backend.verbosity)
        self.words = words = Nodes(np.maximum(np.floor(said.values + 0.5), 1), said.weights)
        """Output of a call."""
        exact = distribution(loop.output_tokens).mean * distribution(loop.output_scale).mean * backend.verbosity
        self.output = exact + words.mean - said.mean
        self.reasoning = share and float(np.floor(words.values * share + 0.5) @ words.weights)
        dropped = share * (1 - loop.keep_reasoning)
        self.kept = self.output - (dropped and float(np.floor(words.values * dropped + 0.5) @ words.weights))
        self.result = _scaled(loop.tool_result_tokens, loop.result_scale)
        self.opening = _scaled(loop.opening_result_tokens, loop.result_scale)
        self.request = whole(loop.request_tokens)
        self.first = loop.system_tokens + whole(loop.prompt_tokens)
        """What a compaction leaves as it is."""
        self.prior = whole(loop.prior_tokens)
        self.resumed = self.prior > 0 and constant(loop.prior_tokens)
        """Whether every session is."""
        self.mixed = self.prior > 0 and not self.resumed
        """Whether some sessions are."""
        self.summary, self.restored = whole(loop.summary_tokens, 1), whole(loop.restore_tokens)
        varying = [loop.output_tokens, loop.output_scale, loop.tool_result_tokens, loop.result_scale, loop.prompt_tokens]
        varying += [loop.prior_tokens, loop.request_tokens]
        varying += [loop.opening_result_tokens] if loop.opening_turns else []
        limits = [at for at in (loop.compact_at_tokens, loop.window_tokens) if at is not None]
        varying += [*limits, loop.summary_tokens, loop.restore_tokens] if limits else []
        self.certain = all(map(constant, varying))
        """Nothing in it varies: every prompt is known to the token."""
        self._loop = loop

    def spread(self, turns: int) -> np.ndarray:
        """Standard deviation of the prompt of turn t (an upper one: every gap counted with both its tool result and a message)."""
        loop, t = self._loop, np.arange(turns, dtype=float)
        base = nodes(loop.prompt_tokens).variance + nodes(loop.prior_tokens).variance
        each, common = nodes(loop.request_tokens).variance, 0.0
        results = [loop.tool_result_tokens, *([loop.opening_result_tokens] if loop.opening_turns else [])]
        for size, scale in [(loop.output_tokens, loop.output_scale), *((result, loop.result_scale) for result in results)]:
            one, factor = nodes(size), nodes(scale)
            each += one.variance * (factor.variance + factor.mean**2)
            common += one.mean**2 * factor.variance
        spread: np.ndarray = np.sqrt(base + t * each + t**2 * common)
        return spread


def _scaled(setting: Any, scale: Any) -> float:
    raw = product(setting, scale)
    exact = distribution(setting).mean * distribution(scale).mean
    return exact + float(np.floor(raw.values + 0.5) @ raw.weights) - raw.mean
