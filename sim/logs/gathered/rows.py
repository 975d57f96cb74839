"""Calls as they come, packed in rows of some 150 bytes; of those with one key the best."""

from __future__ import annotations

import math
import struct
from typing import NamedTuple

import numpy as np

from sim.call import STANDARD
from sim.logs.gathered.alike import Overlap
from sim.logs.logged import BLANKS, MAIN, SINCE_1970_S, UNSAID, ZONELESS, Counts, LoggedCall, Source, ZonelessTime, check_time, tier_of
from sim.logs.report import Report
from sim.logs.whole import make_whole
from sim.settings.workload import TraceInput

ROW = np.dtype([
    ("agent", "<u4"), ("model", "<u4"), ("source", "<u4"), ("status", "<u4"), ("tier", "<u4"), ("counts", "u1"), ("by_user", "u1"),
    ("calls", "<u4"), ("web_searches", "<u4"), ("rank", "<i4"), ("input_tokens", "<i8"), ("cache_read_tokens", "<i8"),
    ("cache_write_tokens", "<i8"), ("cache_write_1h_tokens", "<i8"), ("output_tokens", "<i8"), ("reasoning_tokens", "<i8"),
    ("start_s", "<f8"), ("end_s", "<f8"), ("cost_usd", "<f8"),
])  # fmt: skip
"""A call of a log; agent, model, source, status and tier by their numbers."""
_PACK = struct.Struct("<IIIIIBBIIiqqqqqqddd")
assert ROW.names is not None
_COUNTS, _BY_USER, _RANK, _FIRST, _LAST, _START, _END = (
    ROW.names.index(name) for name in ("counts", "by_user", "rank", "input_tokens", "output_tokens", "start_s", "end_s")
)
_TOKENS = slice(_FIRST, _LAST + 1)
_OTHER_TOKENS = "of an id that another line has with other input tokens: taken as one call, the larger; are ids unique?"
_TWO_FORMATS = "of a session that a file of another format has too: if both are of the same work, it is counted twice"
_SAME_CALL_S = 60.0
"""Copies of a call have its time; so long apart they may be two."""


class LoggedAgent(NamedTuple):
    """One agent of a log."""

    session: str
    name: str
    parent: str
    """Empty: none."""


class Rows:
    """Rows as they come, packed; of those with one key the best."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._packed = bytearray()
        self._slots: dict[int, int] = {}
        self._rows = self._begun = 0
        self._overlap = Overlap()
        self._formats: dict[str, str] = {}
        """By session, of which format its first call was."""
        self._sources: list[Source] = []
        self.agents: dict[tuple[str, str], int] = {}
        self.parents: dict[tuple[str, str], str] = {}
        self.names: dict[str, dict[str, int]] = {name: {} for name in ("model", "source", "status", "tier")}

    def __len__(self) -> int:
        return self._rows

    def begin(self) -> None:
        """A new file."""
        self._begun = self._rows
        self._overlap.begin()

    def came_from(self, source: Source) -> None:
        """Of what kind the sources are that have come since this was last said."""
        self._sources += [source] * (len(self.names["source"]) - len(self._sources))

    def add(self, call: LoggedCall, file: str, format: str, keyed: bool) -> None:
        """`keyed`: calls of its format have ids, as a rule. Raises `ValueError` or `TypeError` for what can be no call."""
        (session, model, counts, inputs, output, read, write, hour, reasoning, start, end, agent, parent, cost, status, tier, by_user,
         searches, key, rank, emitter, calls) = call  # fmt: skip
        if not (type(session) is type(model) is type(agent) is type(parent) is type(status) is type(tier) is str):
            session, model, agent, parent, status, tier = map(_text, (session, model, agent, parent, status, tier))
        if session != session.strip() or agent != agent.strip():
            session, agent, parent = session.strip(), agent.strip(), parent.strip()
            self._report.remarks[BLANKS] += 1
        if tier != STANDARD:
            tier = tier_of(tier)
        check_time(start)
        check_time(end)
        who = session, agent
        names = self.names
        if agent != MAIN and who not in self.parents:
            self.parents[who] = parent
        source = f"{file} ({emitter})" if emitter else file
        row = [
            self.agents.setdefault(who, len(self.agents)),
            names["model"].setdefault(model, len(names["model"])), names["source"].setdefault(source, len(names["source"])),
            names["status"].setdefault(status, len(names["status"])), names["tier"].setdefault(tier, len(names["tier"])),
            counts, by_user, calls, searches, rank, inputs, read, write, hour, output, reasoning, start, end, cost,
        ]  # fmt: skip
        slot = self._slots.setdefault(hash(key), self._rows) if key else self._rows
        if slot != self._rows:
            self._again(slot, row)
            return
        if type(start) is ZonelessTime or type(end) is ZonelessTime:
            self._report.remarks[ZONELESS] += 1
        if self._formats.setdefault(session, format) != format and session:
            self._report.remarks[_TWO_FORMATS] += 1
        if not key and (like := self._overlap.like(start, (model, inputs, output), (session, agent, read, write), keyed)):
            self._report.remarks[like] += 1
        self._packed += _PACK.pack(*row)
        self._rows += 1

    def _again(self, slot: int, row: list) -> None:
        """The same call once more: it began with the first, and what it came to says the best."""
        self._report.duplicates["lines of one call" if slot >= self._begun else "copies in another file"] += 1
        old = list(_PACK.unpack_from(self._packed, slot * _PACK.size))
        if slot < self._begun and abs(row[_END] - old[_END]) > _SAME_CALL_S:
            self._report.remarks["of an id that a call in another file has, minutes apart: taken as one call; are ids unique?"] += 1
        if row[_RANK] == old[_RANK] and row[_FIRST] != old[_FIRST]:
            self._report.remarks[_OTHER_TOKENS] += 1
        best, other = (row, old) if (row[_RANK], _total(row)) > (old[_RANK], _total(old)) else (old, row)
        if math.isnan(best[-1]):  # a gateway tells the dollars of what an agent's own log tells the tokens of
            best[-1] = other[-1]
        if slot >= self._begun:
            best[_BY_USER] = old[_BY_USER] or row[_BY_USER]
            best[_START] = min((each[_START] for each in (old, row) if each[_START] == each[_START]), default=math.nan)
            best[_END] = max((each[_END] for each in (old, row) if each[_END] == each[_END]), default=math.nan)
        _PACK.pack_into(self._packed, slot * _PACK.size, *best)

    def gathered(self, said: TraceInput) -> tuple[np.ndarray, list[LoggedAgent], dict[str, list[str]], list[Source]]:
        """Calls, agents, names and sources of what has come; `said`: what its input tokens hold. Raises `DataError` where that need not be
        said."""
        calls = np.frombuffer(self._packed, ROW)  # as it stands: a copy would be as large again
        self._slots.clear()
        sources = list(self.names["source"])
        kinds = make_whole(calls, sources, self._sources, self._report, said)
        self._report.has_sums(calls)
        self._report.has_twins(calls)
        self._report.has_slips(calls, calls["status"] == self.names["status"].get("ok", -1))
        undated = ~(np.fmax(calls["start_s"], calls["end_s"]) > SINCE_1970_S)
        if 0 < undated.sum() < len(calls):
            self._report.remarks["without a date, which others have: not in the time that the log spans"] = int(undated.sum())
        self._lead(calls)
        agents = [LoggedAgent(*map(_printable, (*who, self.parents.get(who, "")))) for who in self._of_calls(calls)]
        return calls, agents, {name: list(map(_printable, values)) for name, values in self.names.items()}, kinds

    def _of_calls(self, calls: np.ndarray) -> list[tuple[str, str]]:
        """Agents that have a call; whose calls are all copies of others' is none. Their numbers become places in this list."""
        used = np.bincount(calls["agent"], minlength=len(self.agents)) > 0
        calls["agent"] = (np.cumsum(used) - 1)[calls["agent"]]
        return [who for who, calling in zip(self.agents, used.tolist(), strict=True) if calling]

    def _lead(self, calls: np.ndarray) -> None:
        """Where a table does not say who has sent out whom, the main agent has; in a session without one, who called first leads."""
        unsaid = [who for who, parent in self.parents.items() if parent == UNSAID]
        if not unsaid:
            return
        began = np.full(len(self.agents), math.inf)
        np.fmin.at(began, calls["agent"], calls["start_s"])
        leads: dict[str, str] = {}
        for session, agent in sorted(unsaid, key=lambda who: (began[self.agents[who]], self.agents[who])):
            lead = leads.setdefault(session, MAIN if (session, MAIN) in self.agents else agent)
            self.parents[session, agent] = "" if lead == agent else lead


def _text(word: object) -> str:
    """Numbers are names too. Raises `TypeError` for what cannot be one."""
    if isinstance(word, (str, int)) and not isinstance(word, bool):
        return str(word)
    raise TypeError(f"{str(word)[:40]} is no name")


def _printable(word: str) -> str:
    """Half a letter is none."""
    return word.encode("utf-8", "replace").decode()


def _total(row: tuple | list) -> int:
    """Tokens of a row, whatever its input tokens hold."""
    inputs, read, write, _, output = row[_TOKENS]
    whole: int = inputs + (max(0, read) + max(0, write) if row[_COUNTS] == Counts.disjoint else 0) + output
    return whole
