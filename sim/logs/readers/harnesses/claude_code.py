"""Claude Code: JSON lines, a file a session and one a sub-agent. One call has a line for each block of its answer."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sim.logs.files import Entry, File, Sample
from sim.logs.logged import MAIN, Counts, LoggedCall, count, dollars, moment, needed, under
from sim.logs.reader import Asked, LogReader

_SILENT = "answers without their usage: left out, since nobody knows their tokens"
_MORE = "more cache writes by lifetime than in all (cache_creation_input_tokens): those by lifetime are priced"
_LESS = "fewer cache writes by lifetime than in all (cache_creation_input_tokens): the rest priced as for 5 minutes; is a part missing?"
_ANYWHERE = ("global", "not_available")
"""Of `inference_geo`: wherever the vendor sends it, or not said."""


class Reader(LogReader):
    """The lines of one thread stand in one file, in their order."""

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By the head that every message has."""
        return sample.kind == "json" and any(
            isinstance(entry.get("message"), dict) and ("requestId" in entry or ("sessionId" in entry and "timestamp" in entry))
            for entry in sample.entries
        )

    def begin(self, file: File) -> None:
        """A file of a sub-agent is named after it."""
        self._asked = Asked()
        self._file = file.path.stem.removeprefix("agent-") if file.path.stem.startswith("agent-") else ""

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """Of an answer. A call begins with the newest message of the user or of a tool; without one, at its end."""
        message = entry.get("message")
        if not isinstance(message, dict):
            if entry.get("type") == "assistant":
                self.report.remarks[_SILENT] += 1
            return
        usage = message.get("usage")
        if not isinstance(usage, dict):
            if usage is not None:
                raise ValueError("its usage is no mapping of names to numbers")
            if entry.get("type") == "assistant":
                self.report.remarks[_SILENT] += 1
            if entry.get("type") == "user":
                self._hear(entry, message)
            return
        if message.get("model") == "<synthetic>" or entry.get("isApiErrorMessage"):
            self.report.remarks["notes of Claude Code itself, no calls of a model: left out"] += 1
            return
        self._remark(usage)
        session, aside = entry.get("sessionId") or "", bool(entry.get("isSidechain"))
        key = message.get("id") or entry.get("requestId") or ""
        end = moment(entry.get("timestamp"))
        start, by_user = self._asked.answered(end)
        cost = dollars(entry.get("costUSD")) if "costUSD" in entry else math.nan
        who = start, end, self._agent(entry), MAIN if aside else ""
        rank = (0 if aside else 2) + ("speed" in usage)
        yield _call(session, message.get("model") or "", usage, who, cost, by_user, key, rank)
        for number, other in enumerate(usage.get("iterations") or ()):
            if other.get("type") == "advisor_message":
                yield _call(session, other.get("model") or "", other, who, math.nan, False, f"{key} {number}" if key else "", rank)

    def _remark(self, usage: Entry) -> None:
        """What is odd of a call and read all the same, and where it had to stay."""
        split, whole = usage.get("cache_creation"), usage.get("cache_creation_input_tokens")
        if isinstance(split, dict) and whole is not None and _written(split) != count(whole):
            self.report.remarks[_MORE if _written(split) > count(whole) else _LESS] += 1
        if (region := usage.get("inference_geo") or "") and str(region) not in _ANYWHERE:
            self.report.remarks[f"inference_geo {region}: its surcharge is priced with market.models.ID.region={region} alone"] += 1

    def _agent(self, entry: Entry) -> str:
        return (entry.get("agentId") or self._file or "side") if entry.get("isSidechain") else MAIN

    def _hear(self, entry: Entry, message: Entry) -> None:
        content = message.get("content")
        of_tool = isinstance(content, list) and any(isinstance(each, dict) and each.get("type") == "tool_result" for each in content)
        self._asked.came(moment(entry.get("timestamp")), not (of_tool or entry.get("isSidechain") or entry.get("isMeta")))
        result = entry.get("toolUseResult")
        if isinstance(result, dict) and isinstance(child := result.get("agentId"), str):
            self.parents[entry.get("sessionId") or "", child] = self._agent(entry)


def _written(split: Entry) -> int:
    return count(split.get("ephemeral_1h_input_tokens")) + count(split.get("ephemeral_5m_input_tokens"))


def _call(
    session: str, model: str, usage: Entry, who: tuple[float, float, str, str], cost: float, by_user: bool, key: str, rank: int
) -> LoggedCall:
    """What is written for an hour stands apart in newer files; before, all was for 5 minutes, and so is what a split leaves out."""
    split = usage.get("cache_creation")
    if isinstance(split, dict):
        hour = count(split.get("ephemeral_1h_input_tokens"))
        write = max(_written(split), count(usage.get("cache_creation_input_tokens")))
    else:
        write, hour = count(usage.get("cache_creation_input_tokens")), 0
    tier = "fast" if usage.get("speed") == "fast" else usage.get("service_tier") or "standard"
    return LoggedCall(
        session, model, Counts.disjoint, needed(usage, "input_tokens"), count(usage.get("output_tokens")),
        count(usage.get("cache_read_input_tokens")), write, hour, 0, *who, cost, "ok", tier, by_user,
        count(under(usage, "server_tool_use", "web_search_requests")), key, rank,
    )  # fmt: skip
