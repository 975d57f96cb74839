"""OpenClaw: JSON lines, a message each; fresh input, cache reads and cache writes apart."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sim.logs.files import Entry, File, Sample
from sim.logs.logged import Counts, LoggedCall, count, dollars, moment, needed
from sim.logs.reader import LogReader

_WITHIN = "cache reads and writes are a part of input (by totalTokens), not beside it as OpenClaw counts: taken so"


class Reader(LogReader):
    """A file is a session."""

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By its way to write usage."""
        return sample.kind == "json" and any(_usage(entry) is not None for entry in sample.entries)

    def begin(self, file: File) -> None:
        """Named by its file, unless a line says otherwise."""
        self._session, self._asked_s, self._by_user = file.path.stem, math.nan, False

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """Of an answer."""
        if entry.get("type") == "session" and entry.get("id"):
            self._session = str(entry["id"])
        message, usage = entry.get("message"), _usage(entry)
        if isinstance(message, dict) and usage is None and message.get("role") in ("user", "toolResult"):
            self._asked_s, self._by_user = moment(entry.get("timestamp")), message["role"] == "user"
        if usage is None or not isinstance(message, dict):
            return
        end = moment(entry.get("timestamp"))
        start = self._asked_s if self._asked_s <= end else end
        cost, cached = usage.get("cost"), count(usage.get("cacheRead")) + count(usage.get("cacheWrite"))
        cost_usd = dollars(cost.get("total") if isinstance(cost, dict) else cost)
        if isinstance(cost, dict) and str(cost.get("currency") or "USD").upper() != "USD":
            self.report.remarks[f"billed in {str(cost['currency'])[:9]}, which are no dollars: as billed is not known"] += 1
            cost_usd = math.nan
        within = cached > 0 and count(usage.get("totalTokens")) == count(usage["input"]) + count(usage.get("output"))
        if within:
            self.report.remarks[_WITHIN] += 1
        yield LoggedCall(
            self._session, message.get("model") or "", Counts.inclusive if within else Counts.disjoint,
            needed(usage, "input"), count(usage.get("output")), count(usage.get("cacheRead")), count(usage.get("cacheWrite")),
            start_s=start, end_s=end, cost_usd=cost_usd, by_user=self._by_user,
            key=str(entry.get("id") or ""),
        )  # fmt: skip
        self._asked_s, self._by_user = math.nan, False


def _usage(entry: Entry) -> Entry | None:
    message = entry.get("message")
    usage = message.get("usage") if isinstance(message, dict) else None
    return usage if isinstance(usage, dict) and "cacheRead" in usage and "input" in usage else None
