"""Our own tables: a trace (`sim.columns.TRACE`), with what was recorded of models, caches and dollars, and the `calls.parquet` of a run."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from typing import Any

from sim.columns import CALLS, TRACE
from sim.logs.files import Entry, File, Sample
from sim.logs.files.table import ask_of_likely, plain
from sim.logs.logged import MAIN, UNKNOWN, UNSAID, Counts, LoggedCall, Reads, Source, agent_of, count, dollars, moment, parent_of, said
from sim.logs.reader import LogReader

_OF_A_RUN = {"replication", "task", "turn", "status", "t_request_s", "t_end_s"}
_OF_A_TRACE = {"trace", "agent", "t_s", "input_tokens", "output_tokens"}
_CALL, _CALL_OF_A_RUN = ("trace", "agent", "call_index"), ("replication", "task", "agent", "turn", "attempt", "role", "t_request_s")
"""By which a call is known in a trace, and in a run."""
_SAME_PLACE = "another row of that agent has the same call_index: both counted"
_UNREAD = "no recorded cache reads: taken as the agent's longest earlier prompt to that model that fits, kept for ever"


class Reader(LogReader):
    """Where no read is recorded, an agent reads the longest of its earlier prompts to that model that is no longer than the new one."""

    columns = tuple({column.name for column in (*CALLS, *TRACE)})

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._met: dict[int, int] = {}
        self._unread: dict[tuple[str, str, str], list[tuple[float, LoggedCall]]] = {}

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By the columns that it must have."""
        columns = set(map(plain, sample.columns))
        return sample.kind == "table" and (columns >= _OF_A_TRACE or columns >= _OF_A_RUN)

    def begin(self, file: File) -> None:
        """Capitals, spaces and hyphens in a header do not matter."""
        self._plain = {name: plain(name) for name in file.columns}
        header = list(self._plain.values())
        self._of_a_run = "trace" not in header
        self._met.clear()  # the same numbers in another file may well be another call
        self._counted = "call_index" in header or self._of_a_run
        self._recorded = not {"cached_tokens", "cache_read_tokens"}.isdisjoint(header)
        billed = self._of_a_run or "cache_read_tokens" in header
        self.source = Source(Reads.billed if billed else Reads.possible, own_clocks=not self._of_a_run and "session_start_s" not in header)
        known = [column for column in self.columns if not (self._recorded and column.startswith("cache"))]
        ask_of_likely(file.name, file.columns, {place: name for place, name in enumerate(header) if name in self.columns}, known)

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """Of a row."""
        row = {self._plain[name]: value for name, value in entry.items()}
        for name in ("input_tokens", "output_tokens"):
            if row[name] is None or row[name] == "":
                raise ValueError(f"{name} is empty")
        if self._is_again(row):
            return
        if self._of_a_run:
            yield _of_a_run(row)
            return
        start = float(row.get("session_start_s") or 0) + _time(row["t_s"])
        agent = str(row["agent"])
        parent = str(row["parent"] or "") if "parent" in row else UNSAID if agent != MAIN else ""
        end, counts = start + float(row.get("api_time_s") or 0), Counts.unsure if self._recorded else Counts.inclusive
        call = LoggedCall(
            str(row["trace"]), str(row.get("model") or ""), counts, count(row["input_tokens"]), count(row["output_tokens"]),
            said(row.get("cache_read_tokens", row.get("cached_tokens"))), said(row.get("cache_write_tokens")),
            said(row.get("cache_write_1h_tokens")), count(row.get("reasoning_tokens")), start, end, agent, parent,
            dollars(row.get("cost_usd")), str(row.get("status") or "ok"), str(row.get("tier") or "standard"),
            row.get("trigger") == "user", count(row.get("web_searches")),
        )  # fmt: skip
        if self._recorded:
            yield call
        else:
            self._unread.setdefault((call.session, agent, call.model), []).append((float(row.get("call_index") or 0), call))

    def _is_again(self, row: Entry) -> bool:
        """Whether the file has that row already, to the last cell. Another row in the same place of an agent counts, and is told."""
        if not self._counted:
            return False
        place = hash(tuple(str(row.get(name)) for name in (_CALL_OF_A_RUN if self._of_a_run else _CALL)))
        whole = hash(str(list(row.values())))
        known = self._met.get(place)
        if known is None:
            self._met[place] = whole
        elif known == whole:
            self.report.duplicates["rows that stand twice in a file"] += 1
        else:
            self.report.remarks[_SAME_PLACE] += 1
        return known == whole

    def end(self) -> Iterator[LoggedCall]:
        """Of traces without recorded reads, agent by agent in the order of their calls."""
        self.source = Source(Reads.unsaid, own_clocks=True)
        for calls in self._unread.values():
            earlier: list[int] = []
            for _, call in sorted(calls, key=lambda each: each[0]):
                place = bisect.bisect_right(earlier, call.input_tokens)
                yield call._replace(cache_read_tokens=earlier[place - 1] if place else 0)
                earlier.insert(place, call.input_tokens)
                self.report.remarks[_UNREAD] += 1


def _of_a_run(row: Entry) -> LoggedCall:
    """Its agents are paths: 0 is the root, 0.3 its fourth sub-agent. Seconds count from the run's start."""
    path = str(row["agent"])
    return LoggedCall(
        f"{row['replication']}.{row['task']}", str(row.get("backend") or ""), Counts.inclusive, count(row["input_tokens"]),
        count(row["output_tokens"]), said(row.get("cache_read_tokens")), said(row.get("cache_write_tokens")),
        UNKNOWN, count(row.get("reasoning_tokens")), float(row["t_request_s"]), float(row["t_end_s"]), agent_of(path),
        parent_of(path), dollars(row.get("cost_usd")), str(row["status"]),
    )  # fmt: skip


def _time(value: Any) -> float:
    """Seconds, or a moment in ISO 8601."""
    if hasattr(value, "tzinfo") or (isinstance(value, str) and re.match(r"\d{4}-", value)):
        return moment(value)
    return float(value)
