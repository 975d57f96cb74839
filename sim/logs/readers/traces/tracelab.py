"""TraceLab: JSON lines, a round of a coding agent each, with what its cache was billed. Sub-agents have no link: time tells them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from sim.logs.files import Entry, Sample
from sim.logs.logged import UNKNOWN, Counts, LoggedCall, begun_by, count, moment, needed, outward, said
from sim.logs.reader import LogReader

_SPAWNS = ("Agent", "Task")
_SHORTEST_S = 10.0
"""A tool that began an agent took so long at least (AIPerf's rule)."""
_ANSWERS = ("reasoning", "text", "tool_call")


class _Window(NamedTuple):
    """While a tool that may have begun agents was at work."""

    project: str
    session: str
    start_s: float
    end_s: float


class Reader(LogReader):
    """Calls are told at the end, when it is known which session lies within a tool of which other."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._sessions: dict[tuple[str, str], list[LoggedCall]] = {}
        self._windows: list[_Window] = []

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By its rounds."""
        return sample.kind == "json" and sample.has("round_id", "input_tokens_total", "newly_append_tokens")

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """None yet."""
        project, session = str(entry.get("project") or ""), str(entry["session_id"])
        events = [(moment(each["timestamp"]), each["event_type"]) for each in entry.get("timing_events") or () if each.get("timestamp")]
        start = min((second for second, _ in events), default=math.nan)
        end = max((second for second, what in events if what in _ANSWERS), default=start)
        read = entry.get("claude_cache_read_input_tokens")
        call = LoggedCall(
            session, entry.get("model") or "", Counts.inclusive, needed(entry, "input_tokens_total"), count(entry.get("output_tokens")),
            count(entry.get("prefix_tokens") if read is None else read), said(entry.get("claude_cache_creation_input_tokens")), UNKNOWN,
            count(entry.get("reasoning_output_tokens")), start, end, by_user=any(what == "user_message" for _, what in events),
            key=f"{project} {session} {entry['round_id']}", emitter=str(entry.get("provider") or ""),
        )  # fmt: skip
        self._sessions.setdefault((project, session), []).append(call)
        for tool in entry.get("tools") or ():
            if tool.get("tool_name") in _SPAWNS and tool.get("result_at"):
                window = _Window(project, session, moment(tool["emitted_at"]), moment(tool["result_at"]))
                if window.end_s - window.start_s >= _SHORTEST_S:
                    self._windows.append(window)
        return iter(())

    def end(self) -> Iterator[LoggedCall]:
        """A session that lies within a tool of one other session is a sub-agent of it."""
        above = {who: (who[0], parent) for who, calls in self._sessions.items() if (parent := self._parent(*who, calls))}
        if self._windows:
            joined = sum(len(self._sessions[who]) for who in above)
            self.report.remarks["of sessions taken as sub-agents, since they lie within a tool of another session"] += joined
        for who, calls in self._sessions.items():
            names = [session for _, session in outward(who, above)]
            for call in calls:
                yield begun_by(call, names[-1], names)

    def _parent(self, project: str, session: str, calls: list[LoggedCall]) -> str:
        """Empty: none, or it could be of several."""
        first, last = min(call.start_s for call in calls), max(call.end_s for call in calls)
        found = {
            window.session
            for window in self._windows
            if window.project == project and window.session != session and window.start_s <= first and last <= window.end_s
        }
        return found.pop() if len(found) == 1 else ""
