"""Trace events for ui.perfetto.dev and chrome://tracing: a process a session, a thread an agent, a slice a call, its tokens and dollars as
arguments. Microseconds since the run's start.

Not in it: the date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sim.logs.writer import LogWriter, RunCall, RunSession, line


class Writer(LogWriter):
    """One JSON object, an event a line."""

    ending = ".json"
    has_dollars = True
    cannot_hold = "the date: times count from the run's start"

    def write(self, sessions: Iterable[RunSession], path: Path) -> None:
        """Complete events (X), and the names of processes and threads (M)."""
        before = '{"displayTimeUnit":"ms","traceEvents":[\n'
        with path.open("w", encoding="utf-8") as out:
            for process, session in enumerate(sessions, 1):
                for event in _events(process, session):
                    out.write(before + line(event).rstrip("\n"))
                    before = ",\n"
                self.written += sum(map(len, session.agents.values()))
            out.write(("" if before.startswith(",") else before) + "\n]}\n")


def _events(process: int, session: RunSession) -> Iterator[dict[str, Any]]:
    yield {"ph": "M", "pid": process, "name": "process_name", "args": {"name": f"task {session.name}"}}
    for thread, (agent, calls) in enumerate(session.agents.items(), 1):
        where = {"pid": process, "tid": thread}
        yield {"ph": "M", **where, "name": "thread_name", "args": {"name": f"{agent} ({calls[0].role})"}}
        for call in calls:
            times = {"ts": (call.request_s - session.run_start_s) * 1e6, "dur": (call.end_s - call.request_s) * 1e6}
            yield {"ph": "X", **where, "name": call.model, "cat": call.role, **times, "args": _said(call)}


def _said(call: RunCall) -> dict[str, Any]:
    return {
        "input_tokens": call.input_tokens,
        "cache_read_tokens": call.cache_read_tokens,
        "cache_write_tokens": call.cache_write_tokens,
        "output_tokens": call.output_tokens,
        "reasoning_tokens": call.reasoning_tokens,
        "usd": sum(call.dollars),
        "wait_s": call.start_s - call.request_s,
        "first_token_s": call.first_token_s - call.request_s,
        "status": call.status,
        "turn": call.turn,
        "attempt": call.attempt,
    }
