"""Logs of other tools, and our own tables, as one table of calls: each call once, whole prompts, dollars as billed.

In memory are some 200 bytes a call, however long its lines were.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.call import STANDARD
from sim.errors import DataError, did_you_mean
from sim.logs.files import File
from sim.logs.files.places import ENDINGS, files, is_copy
from sim.logs.files.table import ask_of_twins, plain
from sim.logs.formats import formats, named, recognised
from sim.logs.logged import BLANKS, MAIN, SINCE_1970_S, UNSAID, ZONELESS, Counts, LoggedCall, Source, check_time, is_zoneless, tier_of
from sim.logs.reader import LogReader
from sim.logs.report import Overlap, Report
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
_BROKEN = (ValueError, TypeError, LookupError, AttributeError, OverflowError, struct.error)
_SAME_CALL_S = 60.0
"""Copies of a call have its time; so long apart they may be two."""


class LoggedAgent(NamedTuple):
    """One agent of a log."""

    session: str
    name: str
    parent: str
    """Empty: none."""


class Log:
    """All calls that were read, in the order of their files."""

    def __init__(
        self, calls: np.ndarray, agents: list[LoggedAgent], names: dict[str, list[str]], sources: list[Source], report: Report
    ) -> None:
        self.calls = calls
        """An array of `ROW`: input_tokens are whole prompts; cache_write_tokens are -1 where the log tells reads alone,
        cache_write_1h_tokens where it tells no lifetime."""
        self.agents = agents
        self.models, self.statuses, self.tiers = names["model"], names["status"], names["tier"]
        self.sources = sources
        """By number."""
        self.report = report

    def sessions(self) -> tuple[np.ndarray, list[str]]:
        """For each agent the number of its session, and the names of sessions."""
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(agent.session, len(numbers)) for agent in self.agents], np.int32), list(numbers)


class _Rows:
    """Rows as they come, packed; of those with one key the best."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._packed = bytearray()
        self._slots: dict[int, int] = {}
        self._rows = self._begun = 0
        self._overlap = Overlap()
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

    def add(self, call: LoggedCall, file: str) -> None:
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
        if not key and self._overlap.has(start, model, inputs, output):
            self._report.remarks["like a call of another file: if the files overlap, it is counted twice"] += 1
        self._packed += _PACK.pack(*row)
        self._rows += 1

    def _again(self, slot: int, row: list) -> None:
        """The same call once more: it began with the first, and what it came to says the best."""
        self._report.duplicates["lines of one call" if slot >= self._begun else "copies in another file"] += 1
        old = list(_PACK.unpack_from(self._packed, slot * _PACK.size))
        if slot < self._begun and abs(row[_END] - old[_END]) > _SAME_CALL_S:
            self._report.remarks["of an id that a call in another file has, minutes apart: taken as one call; are ids unique?"] += 1
        best = row if (row[_RANK], _total(row)) > (old[_RANK], _total(old)) else old
        if slot >= self._begun:
            best[_BY_USER] = old[_BY_USER] or row[_BY_USER]
            best[_START] = min((each[_START] for each in (old, row) if each[_START] == each[_START]), default=math.nan)
            best[_END] = max((each[_END] for each in (old, row) if each[_END] == each[_END]), default=math.nan)
        _PACK.pack_into(self._packed, slot * _PACK.size, *best)

    def log(self, said: TraceInput) -> Log:
        """What has come; `said`: what its input tokens hold. Raises `DataError` where that need not be said."""
        calls = np.frombuffer(self._packed, ROW)  # as it stands: a copy would be as large again
        self._slots.clear()
        sources = list(self.names["source"])
        kinds = make_whole(calls, sources, self._sources, self._report, said)
        self._report.has_sums(calls)
        self._report.has_slips(calls, calls["status"] == self.names["status"].get("ok", -1))
        undated = ~(np.fmax(calls["start_s"], calls["end_s"]) > SINCE_1970_S)
        if 0 < undated.sum() < len(calls):
            self._report.remarks["without a date, which others have: not in the time that the log spans"] = int(undated.sum())
        self._lead(calls)
        agents = [LoggedAgent(*map(_printable, (*who, self.parents.get(who, "")))) for who in self.agents]
        return Log(calls, agents, {name: list(map(_printable, values)) for name, values in self.names.items()}, kinds, self._report)

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


def read(*paths: str | Path, format: str | None = None, input: TraceInput | str = TraceInput.unsaid) -> Log:
    """The calls of files, folders and globs; each file's format is found by what is in it, unless `format` says it.

    `input`: whether input tokens are `whole` prompts, or `fresh` ones beside cache reads and writes, of formats whose writers differ.
    Raises `DataError` for what cannot be read at all; what is broken in part is in the log's `report`.
    """
    report = Report()
    rows = _Rows(report)
    said = input if isinstance(input, TraceInput) else _input(input)
    asked = named(format) if format else ""
    readers: dict[str, LogReader] = {}
    alike: set[bytes] = set()
    for path, given in files(paths):
        try:
            file = File(path, report)
            name = asked or recognised(file)
            if not name and given:
                raise DataError(f"{path}: {_unknown(file)}")
            report.skipped |= {} if name else {str(path): ""}
            ask_of_twins(file.name, file.columns, formats()[name].columns if name else ())
        except DataError as error:
            if given:
                raise
            report.skipped[str(path)] = str(error).removeprefix(f"{path}: ")
            continue
        if not name:
            continue
        reader = readers.setdefault(name, formats()[name](report))
        if not reader.keyed and is_copy(path, alike):
            report.duplicates["files that hold what another does"] += 1
            continue
        report.files[name] += 1
        rows.begin()
        try:
            _read_file(file, reader, rows)
        except DataError as error:  # it ends sooner than it should: what else is in the folder is worth reading
            if given:
                raise
            report.is_broken(str(path), "its end", str(error).removeprefix(f"{path}: "))
        rows.came_from(reader.source)
    for name, reader in readers.items():
        for call in reader.end():
            try:
                rows.add(call, name)
            except _BROKEN as error:
                report.is_broken(name, "a call", error)
        rows.came_from(reader.source)
        rows.parents |= reader.parents
    if not rows:
        raise DataError(f"{', '.join(map(str, paths))}: holds no calls{_why(report)}")
    return rows.log(said)


def _input(word: str) -> TraceInput:
    if word not in TraceInput.__members__:
        raise DataError(f"input={word}: {did_you_mean(word, TraceInput.__members__)}")
    return TraceInput[word]


def _read_file(file: File, reader: LogReader, rows: _Rows) -> None:
    """All of one file. Raises `DataError` where it ends before its end."""
    report = reader.report
    if file.kind == "table" and (
        strange := [each for each in file.columns if plain(each) not in reader.columns and each not in reader.columns]
    ):
        report.unknown_columns[file.name] = strange
    reader.begin(file)
    for place, entry in reader.entries(file):
        try:
            for call in reader.calls(entry):
                rows.add(call, file.name)
                report.remarks.update([ZONELESS] * is_zoneless(entry))
        except _BROKEN as error:
            report.is_broken(file.name, place, error)


def _why(report: Report) -> str:
    if report.broken:
        return f" ({report.broken:,} broken lines: {report.where[0]})"
    if report.files:
        told = "".join(f"; {many:,} {what}" for what, many in report.remarks.items())
        return f" (read: {', '.join(f'{many} {name}' for name, many in report.files.items())}{told})"
    unread = [f"{path} {why or 'is of no known format'}" for path, why in sorted(report.skipped.items(), key=lambda each: not each[1])]
    if not unread:
        return f" (no file in it ends in {', '.join(ENDINGS)})"
    more = f"; {len(unread) - 1:,} more not read" if len(unread) > 1 else ""
    hint = "; name one file to hear what is wrong with it" if unread[0].endswith("no known format") else ""
    return f" ({unread[0]}{more}{hint})"


def _unknown(file: File) -> str:
    """That a format is not known; of a table, by which columns ours would be; of JSON, what its first entry names."""
    known = f"is of no known format; known: {', '.join(formats())}; --format NAME says it"
    names = ", ".join(each[:20] for each in file.columns[:6])
    if names:
        if '{"' in names:
            return "has something before the JSON of its first line: cut it off, so that a line begins with {"
        return f"{known} (its first line names the columns {names}: a table of ours has trace, agent, t_s, ...)"
    if fault := file.fault:
        return f"{known} (its first line {fault})"
    keys = ", ".join(key[:20] for entry in file.sample(1).entries for key in list(entry)[:6])
    return f"{known} (its first entry has {keys})" if keys else known
