"""Mooncake traces: a JSON line a request, whose blocks of 512 tokens anybody may have had before; and AIPerf's form with sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.logs.files import Entry, File, Sample
from sim.logs.logged import BEYOND, Counts, LoggedCall, Reads, Source, listed, needed, number_of
from sim.logs.reader import LogReader

_BLOCK_TOKENS = 512
_IDEAL = "cache reads by hashes: the blocks at the head of a prompt that any earlier one had, kept for ever (an upper bound)"


class Reader(LogReader):
    """Without sessions each request is one of its own. With them, a later turn has only what is new, and waits for the one before."""

    keyed = False

    source = Source(Reads.possible)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._seen: set[int] = set()
        self._files = 0

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By its lengths."""
        return sample.kind == "json" and sample.has("input_length", "output_length")

    def begin(self, file: File) -> None:
        """Another file has other blocks, and sessions of its own."""
        self._seen.clear()
        self._sessions: dict[str, tuple[int, float]] = {}
        self._number = 0
        self._files += 1
        self._apart = "" if self._files == 1 else f"{self._files}:"

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """Of a line. Blocks are chained: who has one has all before it."""
        inputs, output = needed(entry, "input_length"), needed(entry, "output_length")
        blocks = None if entry.get("hash_ids") is None else listed(entry, "hash_ids")
        session = entry.get("session_id")
        self._number += 1
        before, start = self._sessions.get(str(session), (0, 0.0)) if session is not None else (0, 0.0)
        start += number_of(entry.get("delay") or 0, "delay") / 1000
        start = start if entry.get("timestamp") is None else number_of(entry["timestamp"], "timestamp") / 1000
        if blocks is not None:
            self.report.remarks[_IDEAL] += 1
            known = next((place for place, block in enumerate(blocks) if block not in self._seen), len(blocks))
            self._seen.update(blocks)
            read = min(before + inputs, known * _BLOCK_TOKENS)
            if (len(blocks) - 1) * _BLOCK_TOKENS >= max(before + inputs, 1):
                self.report.remarks[BEYOND] += 1
        else:
            read = before
        if session is not None:
            self._sessions[str(session)] = before + inputs + output, start
        name = f"{self._apart}{self._number if session is None else session}"
        yield LoggedCall(name, "", Counts.inclusive, before + inputs, output, read, start_s=start, end_s=start)
