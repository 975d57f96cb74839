"""Input tokens as whole prompts, whatever a source counts in them: what stands beside them is added, and what nothing shows is told."""

from __future__ import annotations

import numpy as np

from sim.errors import DataError
from sim.logs.logged import UNKNOWN, Counts, Reads, Source
from sim.logs.report import Report
from sim.settings.workload import TraceInput

_LEFT = 0.1
"""Of an input, what the next call may leave unread and still be taken to go on from it (assumption): who reads less was rewritten."""


def make_whole(calls: np.ndarray, sources: list[str], kinds: list[Source], report: Report, said: TraceInput) -> list[Source]:
    """Input tokens as whole prompts, and what a source says of some calls alone as 0 of the others; what the sources are then.

    Where one call of a source that counts reads and writes in has more of them than input, the source counts them beside it after
    all: then so do its other calls. Raises `DataError` where it is `said` what every source says itself.
    """
    reads, writes = calls["cache_read_tokens"], calls["cache_write_tokens"]
    cached = np.maximum(reads, 0) + np.maximum(writes, 0)
    unsure = calls["counts"] == Counts.unsure
    if said is not TraceInput.unsaid and not unsure.any():
        raise DataError(f"input={said.value}: leave it out: {', '.join(report.files)} says what input tokens hold, or names no cache reads")
    beside = (calls["counts"] == Counts.disjoint) | (unsure & (said is TraceInput.fresh))
    shows = ~beside & (cached > calls["input_tokens"])
    for source in np.unique(calls["source"][shows]).tolist():
        its = ~beside & (calls["source"] == source) & (cached > 0)
        seen = int(shows[its].sum())
        why = f"{seen:,} show it: more of them than input{', though input=whole was said' if said is TraceInput.whole else ''}"
        report.remarks[f"cache reads and writes beside input tokens, not in them ({why}): added; {sources[source]}"] = int(its.sum())
        beside |= its
    if said is TraceInput.unsaid:
        report.unsure_reads = sum(
            _unshown(calls, unsure & ~beside & (calls["source"] == each)) for each in np.unique(calls["source"][unsure])
        )
    calls["input_tokens"] += np.where(beside, cached, 0)
    has = np.bincount(calls["source"], minlength=len(sources)) > 0
    says_reads = np.bincount(calls["source"], reads != UNKNOWN, len(sources)) > 0
    says_writes = np.bincount(calls["source"], writes != UNKNOWN, len(sources)) > 0
    for source in np.flatnonzero(has & ~says_reads & ~says_writes).tolist():
        report.remarks[f"no cache reads named: taken as none; {sources[source]}"] = int((calls["source"] == source).sum())
    most = np.zeros(len(sources), np.int64)
    np.maximum.at(most, calls["source"], np.where(calls["calls"] == 1, np.maximum(reads, 0) + np.maximum(writes, 0), 1))
    many = np.bincount(calls["source"], minlength=len(sources))
    for source in np.flatnonzero(says_reads & (most == 0) & (many > 2)).tolist():
        report.remarks[f"of which none reads a cache or writes one: is caching off? {sources[source]}"] = int(many[source])
    reads[reads == UNKNOWN] = 0
    writes[(writes == UNKNOWN) & (says_writes | ~says_reads)[calls["source"]]] = 0
    return [kind._replace(reads=kind.reads if tells else Reads.unsaid) for kind, tells in zip(kinds, says_reads.tolist(), strict=True)]


def _unshown(calls: np.ndarray, rows: np.ndarray) -> int:
    """Of the calls of one source: those with reads, where nothing shows that these are a part of its input."""
    its = calls[rows]
    times = np.nan_to_num(its["start_s"])
    shown = shows_parts(its["agent"], times, its["input_tokens"], its["cache_read_tokens"], its["cache_write_tokens"])
    return 0 if shown else int((its["cache_read_tokens"] > 0).sum())


def shows_parts(agents: np.ndarray, times: np.ndarray, inputs: np.ndarray, reads: np.ndarray, writes: np.ndarray) -> bool:
    """Whether input tokens are seen to hold what was read: as a rule a call reads about the input of the agent's last one, not that and
    what that one had read and written besides."""
    order = np.lexsort((times, agents))
    agents, inputs, reads, more = agents[order], inputs[order], reads[order], np.maximum(reads, 0)[order] + np.maximum(writes, 0)[order]
    off = reads[1:] - inputs[:-1]
    pairs = (agents[1:] == agents[:-1]) & (reads[:-1] > 0) & (off > -_LEFT * inputs[:-1])
    votes = np.sign(np.abs(off - more[:-1]) - np.abs(off))
    return bool(votes[pairs].sum() > 0)
