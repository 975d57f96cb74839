"""A log as it is asked for, once for each end of what is assumed of it."""

from __future__ import annotations

from sim.logs.log import Log
from sim.sweeps.what_if.fanout import narrowed
from sim.sweeps.what_if.question import Question
from sim.sweeps.what_if.recast import Compaction, compacted, times

SUMMARY_TOKENS = 1000
"""Of a compaction: as the simulator's own (assumption)."""
RESTORED = 0.5
"""Of what a compaction drops, at the other end of the range (assumption)."""


def ends_of(question: Question, log: Log) -> dict[str, Log]:
    """By what is assumed, the more careful end first. Raises `ConfigError` where the log has nothing of what is asked."""
    found = {"": log}
    if question.fanout is not None:
        found = {
            "the others do their work too": narrowed(log, question.fanout, redivided=True)[0],
            "their work is not done": narrowed(log, question.fanout, redivided=False)[0],
        }
    if question.compact_tokens is not None:
        shares = (f"{100 * RESTORED:.0f} % of what is dropped is read again", RESTORED), ("nothing is read again", 0.0)
        both = zip([*found.items()] * (3 - len(found)), shares, strict=True)
        found = {
            ", ".join(filter(None, (label, words))): compacted(each, Compaction(question.compact_tokens, SUMMARY_TOKENS, share))[0]
            for (label, each), (words, share) in both
        }
    return {label: times(each, question.sessions) if question.sessions > 1 else each for label, each in found.items()}
