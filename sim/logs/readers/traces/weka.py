"""Weka traces (kv-cache-tester): a JSON object a session, sub-agents inside. What a cache could give is told by hashes of blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.logs.files import Entry, Sample
from sim.logs.logged import BEYOND, MAIN, Counts, LoggedCall, Reads, Source, count, listed, needed, number_of
from sim.logs.reader import LogReader

_IDEAL = "cache reads by hashes: the blocks shared with the agent's last prompt, kept for ever (an upper bound)"


class Reader(LogReader):
    """Seconds count from the session's start."""

    keyed = False

    source = Source(Reads.possible, own_clocks=True)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._read: dict[str, list[Any]] = {}
        """What was read as the requests of each session."""

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By its blocks and requests."""
        return sample.kind == "json" and sample.has("requests", "block_size")

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """All of a session."""
        name, requests = str(entry["id"]), entry["requests"]
        others, block = self._read.setdefault(name, []), count(entry["block_size"])
        if not block:
            raise ValueError(f"block_size={entry['block_size']}: must be a number of tokens from 1 on")
        if (seen := hash(repr(requests))) in others:
            self.report.duplicates["sessions that another file has too"] += 1
            return
        others.append(seen)
        apart = "" if len(others) == 1 else f" ({len(others)})"
        yield from self._thread(name + apart, block, requests, MAIN, "", 0.0)

    def _thread(self, session: str, block: int, requests: list[Entry], agent: str, parent: str, began_s: float) -> Iterator[LoggedCall]:
        last: list[Any] = []
        for request in requests:
            start = began_s + number_of(request["t"], "number of seconds (t)")
            inner = request.get("requests")
            if request.get("type") == "subagent":
                if inner:  # times of its own, or of the whole session
                    yield from self._thread(
                        session,
                        block,
                        inner,
                        str(request["agent_id"]),
                        agent,
                        start if float(inner[0]["t"]) < float(request["t"]) else began_s,
                    )
                continue
            blocks = listed(request, "hash_ids")
            if request["in"] is None:
                raise ValueError(f"the request at t={start:g} says no tokens (in)")
            inputs = needed(request, "in")
            self.report.remarks[_IDEAL] += 1
            if (len(blocks) - 1) * block >= max(inputs, 1):
                self.report.remarks[BEYOND] += 1
            yield LoggedCall(
                session, request.get("model") or "", Counts.inclusive, inputs, count(request.get("out")),
                min(inputs, shared(last, blocks) * block), start_s=start, end_s=start + float(request.get("api_time") or 0),
                agent=agent, parent=parent,
            )  # fmt: skip
            last = blocks


def shared(one: list[Any], other: list[Any]) -> int:
    """How many blocks two prompts begin with together: halving, since a slice compares faster than a loop."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
