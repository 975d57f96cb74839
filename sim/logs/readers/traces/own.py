"""Our own traces (`sim.columns.TRACE`), with what was recorded of models, caches and dollars."""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sim.logs.files import Entry, File, Sample
from sim.logs.files.table import plain
from sim.logs.logged import (
    BLANKS,
    MAIN,
    NO_PARENT,
    TRIGGERS,
    UNSAID,
    Counts,
    LoggedCall,
    Reads,
    Source,
    ZonelessTime,
    check_time,
    count,
    dollars,
    is_ok,
    moment,
    number_of,
    outward,
    said,
)  # fmt: skip
from sim.logs.rows import RowReader

_NEEDED = {"trace", "agent", "t_s", "input_tokens", "output_tokens"}
_UNREAD = "no recorded cache reads: taken as the agent's longest earlier prompt to that model that fits, kept for ever"

_LASTS = "that last until after the next call of their agent has begun: is api_time_s in milliseconds?"
_FALLS = "that begin before the call before them by call_index, which is the order they are taken in: clocks of two machines?"
_TWO_SESSIONS = "first of a session whose name another file has too, and which differs: taken as another session"
_SLACK_S = 1.0
"""Clocks that are written in whole seconds."""
_DIFFERS = "another file has that call of the session with other numbers: both counted"


class Reader(RowReader):
    """Where no read is recorded, an agent reads the longest of its earlier prompts to that model that is no longer than the new one."""

    place = ("trace", "agent", "call_index")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._unread: dict[tuple[str, str, str], list[tuple[float, LoggedCall]]] = {}
        self._here: dict[int, int] = {}
        """Calls of this file, by their place in their agent."""
        self._elsewhere: dict[int, int] = {}
        """Those of earlier files."""
        self._begun: dict[tuple[str, str], tuple[str, str]] = {}
        """By whom, of agents whose parent is said."""
        self._latest: dict[tuple[str, str], tuple[float, float]] = {}
        """When an agent's last call began and ended."""
        self._called: Counter[tuple[str, str]] = Counter()
        self._files = 0
        self._apart: dict[str, str] = {}
        """What is added to the name of a session of this file that is another one in an earlier file; empty: it is the same."""

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By the columns that it must have."""
        return sample.kind == "table" and set(map(plain, sample.columns)) >= _NEEDED

    def begin(self, file: File) -> None:
        """What its columns say of its reads and times."""
        super().begin(file)
        self._elsewhere |= self._here
        self._here, self._apart, self._files = {}, {}, self._files + 1
        self._recorded = not {"cached_tokens", "cache_read_tokens"}.isdisjoint(self.header)
        reads = Reads.billed if "cache_read_tokens" in self.header else Reads.possible
        self.source = Source(reads, own_clocks="session_start_s" not in self.header)

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """Of a row."""
        row = self.row(entry)
        if row is None:
            return
        start = _start(row)
        session, agent = self._name(row, "trace"), self._name(row, "agent")
        parent = str(row["parent"] or "").strip() if "parent" in row else UNSAID if agent != MAIN else ""
        trigger = str(row.get("trigger") or "").strip().lower()
        if trigger not in ("", *TRIGGERS):
            raise ValueError(f"trigger={trigger[:40]}: must be one of {', '.join(TRIGGERS)}")
        if number_of(row.get("think_time_s") or 0, "number of seconds (think_time_s)") < 0:
            raise ValueError("think_time_s is below 0")
        end, counts = start + _time(row.get("api_time_s") or 0, "api_time_s"), Counts.unsure if self._recorded else Counts.inclusive
        call = LoggedCall(
            session, str(row.get("model") or ""), counts, count(row["input_tokens"]), count(row["output_tokens"]),
            said(row.get("cache_read_tokens", row.get("cached_tokens"))), said(row.get("cache_write_tokens")),
            said(row.get("cache_write_1h_tokens")), count(row.get("reasoning_tokens")), start, end, agent, parent,
            dollars(row.get("cost_usd")), _status(row.get("status")), str(row.get("tier") or "standard"),
            trigger == "user", count(row.get("web_searches")),
        )  # fmt: skip
        check_time(start)
        check_time(end)
        if "call_index" in self.header and row["call_index"] in (None, ""):
            raise ValueError("call_index is empty: a line of totals?")
        index = number_of(row.get("call_index") or 0, "call_index")
        if index < 0 or index % 1:
            raise ValueError(f"call_index={index:g}: must be a whole number from 0 on")
        known = self._known(call, index if "call_index" in self.header else start)
        if known is None:
            return
        began, lasted = self._latest.get((known.session, agent), (start, start))
        if began < start < lasted - _SLACK_S:
            self.report.remarks[_LASTS] += 1
        self._latest[known.session, agent] = start, end
        if parent not in ("", UNSAID):
            self._begun[known.session, agent] = known.session, parent
        self._called[known.session, agent] += 1
        if self._recorded:
            yield known
        else:
            self._unread.setdefault((known.session, agent, known.model), []).append((index, known))

    def _name(self, row: Entry, column: str) -> str:
        """An id without blanks around it. Raises `ValueError` where there is none."""
        written = "" if row[column] is None else str(row[column])
        if not (name := written.strip()):
            raise ValueError(f"{column} is empty: a line of totals?")
        if name != written:
            self.report.remarks[BLANKS] += 1
        return name

    def _known(self, call: LoggedCall, order: float) -> LoggedCall | None:
        """None: the same call is in another file, a copy or a table that overlaps. Sessions of one name that differ from the first call on
        are two; where they differ later, the call counts."""
        place, whole = hash((call.session, call.agent, order)), hash(repr(call))
        self._here[place] = whole
        before = self._elsewhere.get(place)
        apart = self._apart.get(call.session, "")
        if before is None or apart:
            return call._replace(session=call.session + apart)
        if before == whole:
            self._apart[call.session] = ""
            self.report.duplicates["rows that another file has too"] += 1
            return None
        self._apart.setdefault(call.session, f" ({self._files})")
        self.report.remarks[_DIFFERS if self._apart[call.session] == "" else _TWO_SESSIONS] += 1
        return call._replace(session=call.session + self._apart[call.session])

    def _remark_parents(self) -> None:
        """Of sub-agents whom nobody in the log can have begun: they count all the same."""
        for who, above in self._begun.items():
            if above not in self._called or len(outward(who, self._begun)) == 1:
                self.report.remarks[NO_PARENT] += self._called[who]

    def end(self) -> Iterator[LoggedCall]:
        """Of traces without recorded reads, agent by agent in the order of their calls."""
        self._remark_parents()
        self.source = Source(Reads.unsaid, own_clocks=True)
        for calls in self._unread.values():
            earlier: list[int] = []
            latest = 0.0
            for _, call in sorted(calls, key=lambda each: each[0]):
                if call.start_s < latest:
                    self.report.remarks[_FALLS] += 1
                latest = max(latest, call.start_s)
                place = bisect.bisect_right(earlier, call.input_tokens)
                most = call.input_tokens - max(call.cache_write_tokens, 0)  # what was written was not read
                yield call._replace(cache_read_tokens=max(0, min(earlier[place - 1], most)) if place else 0)
                earlier.insert(place, call.input_tokens)
                self.report.remarks[_UNREAD] += 1


def _status(value: Any) -> str:
    """ok, or how it failed."""
    status = str(value or "")
    return "ok" if is_ok(status) else status


def _start(row: Entry) -> float:
    """When a call began, as its row says it. Raises `ValueError` where it does not."""
    if row["t_s"] is None or row["t_s"] == "":
        raise ValueError("t_s is empty: a line of totals?")
    since, after = _time(row.get("session_start_s") or 0, "session_start_s"), _time(row["t_s"], "t_s")
    return (ZonelessTime if ZonelessTime in (type(since), type(after)) else float)(since + after)


def _time(value: Any, name: str) -> float:
    """Seconds, also as a duration, or a moment in ISO 8601."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if hasattr(value, "tzinfo") or (isinstance(value, str) and re.match(r"\d{4}-", value)):
        return moment(value)
    return number_of(value, f"number of seconds ({name})")
