"""Mooncake traces: a JSON line a call in the order of time, in milliseconds since the run's start, with its blocks of 512 tokens.

What a call read from the cache are blocks of its agent's last prompt, so reads are rounded down to blocks. Not in it: sessions, agents,
models, durations, cache writes, dollars, reasoning apart, attempts that were not charged. Replications stand at the same times.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np

from sim.logs.writer import Blocks, LogWriter, RunSession, line

BLOCK_TOKENS = 512


class Writer(LogWriter):
    """Sessions come one after another, and their lines have to be by time: places of lines are kept, not lines."""

    cannot_hold = "sessions, agents, models, durations, cache reads but by blocks of 512, cache writes, dollars, attempts not charged"

    def write(self, sessions: Iterable[RunSession], path: Path) -> None:
        """Once as they come, then in their order."""
        ids = count(1)
        times, ends = array("d"), array("q", [0])
        with TemporaryFile(dir=path.parent) as aside, path.open("wb") as out:
            for session in sessions:
                for calls in session.agents.values():
                    blocks = Blocks(BLOCK_TOKENS, ids)
                    for call in self.billed(calls):
                        entry = {"input_length": call.input_tokens, "output_length": call.output_tokens, "hash_ids": blocks.of(call)}
                        milliseconds = round((call.request_s - session.run_start_s) * 1000)
                        text = line({"timestamp": milliseconds} | entry).encode()
                        times.append(call.request_s)
                        ends.append(ends[-1] + aside.write(text))
            for number in np.argsort(times, kind="stable").tolist():
                aside.seek(ends[number])
                out.write(aside.read(ends[number + 1] - ends[number]))
