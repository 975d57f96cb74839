"""One agent's conversation with a model, as it is set.

A *quantity* takes a number (constant) or a mapping (`sim.sampling.distributions`). Defaults are placeholders of
a small, valid scenario; the values with a source live in `conf/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.settings.bounds import alone


@dataclass
class LoopSettings:
    """One agent's conversation with a model: what is sent, what grows, what waits."""

    system_tokens: int = alone(1000, low=0)
    """System prompt and tool schemas, at the head of every prompt."""
    prompt_tokens: Any = alone(200, low=0, quantity=True)
    """The first message: the task, or the brief a worker gets."""
    requests: Any = alone(1, low=1, quantity=True)
    """Messages from the user in one session (chat: exchanges)."""
    request_tokens: Any = alone(100, low=0, quantity=True)
    """Tokens of each later message from the user."""
    think_time_s: Any = alone(0.0, low=0, quantity=True)
    """Seconds the user takes before each later message."""
    turns: Any = alone(1, low=1, quantity=True)
    """Model calls for each message."""
    turns_scale: Any = alone(1.0, low=0, quantity=True)
    """One factor a session on all its turns: some sessions work longer on everything."""
    turns_exponent: float = alone(0.0, low=0, high=3)
    """A session of m messages takes m^-exponent as many turns for each: who asks often asks for little at a time."""
    output_tokens: Any = alone(300, low=1, quantity=True)
    """Billed output of a call, reasoning included."""
    output_scale: Any = alone(1.0, low=0, quantity=True)
    """One factor an agent on all its outputs: some sessions are wordier than others."""
    reasoning_share: float = alone(0.0, low=0, high=1)
    """Share of output that is reasoning: billed, and dropped from the context unless kept."""
    keep_reasoning: float = alone(0.0, low=0, high=1)
    """Share of the reasoning that stays in the context."""
    tool_result_tokens: Any = alone(0, low=0, quantity=True)
    """Tokens a tool call puts into the context, between two turns of one message."""
    opening_turns: int = alone(0, low=0)
    """In its first turns an agent looks around, and its tool results are longer:"""
    opening_result_tokens: Any = alone(0, low=0, quantity=True)
    """Tokens of a tool result in those turns."""
    result_scale: Any = alone(1.0, low=0, quantity=True)
    """One factor an agent on all its tool results: some code bases have longer files than others."""
    tool_time_s: Any = alone(0.0, low=0, quantity=True)
    """Seconds the tools take between two turns."""
    prior_tokens: Any = alone(0, low=0, quantity=True)
    """Tokens already in the context at the start: a session that is resumed, and whose opening turns are over."""
    resumed_turns: float = alone(1.0, above=0, high=1)
    """What is left of the turns of a session that is resumed (`prior_tokens` above 0)."""
    rewrite_rate: float = alone(0.0, low=0, high=1)
    """Share of turns before which the agent changes the head of its context (tools, instructions): nothing cached fits any more."""
    compact_at_tokens: Any = alone(None, above=0, quantity=True)
    """A prompt longer than this is summarised first; null: at no length of its own."""
    window_tokens: Any = alone(None, above=0, quantity=True)
    """The window in which the harness works, the backend's own at most (1e9: all of it): a prompt longer than `compact_at_share` of
    it is summarised first; null: no such window. What a resumed session brings with it needs more: then it works in the backend's
    whole window, and what is too long for that has been summarised on the way (the remainder is left)."""
    compact_at_share: float = alone(0.8, above=0, high=1)
    """Where `compact_at_tokens` or `window_tokens` is set: compact at this share of the window at the latest."""
    summary_tokens: Any = alone(1000, low=1, quantity=True)
    """Output of a compaction call, which stays as the new history."""
    restore_tokens: Any = alone(0, low=0, quantity=True)
    """Tokens put back after a compaction: files read again."""
