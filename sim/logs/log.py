"""Logs of other tools, and our own tables, as one table of calls: each call once, whole prompts, dollars as billed.

In memory are some 200 bytes a call, however long its lines were.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import DataError, did_you_mean
from sim.logs.files import File
from sim.logs.files.pages import Pages
from sim.logs.files.places import ENDINGS, files, is_copy, is_usual
from sim.logs.files.table import ask_of_twins, plain
from sim.logs.formats import formats, named, recognised
from sim.logs.gathered.rows import LoggedAgent, Rows
from sim.logs.logged import Source
from sim.logs.reader import LogReader
from sim.logs.report import Report
from sim.settings.workload import TraceInput

__all__ = ["Log", "LoggedAgent", "read"]
_OTHERS = {
    "resourceMetrics": "holds OpenTelemetry metrics, which are sums: export traces (resourceSpans)",
    "resourceLogs": "holds OpenTelemetry logs: export traces (resourceSpans)",
    "resource_spans": "holds OpenTelemetry spans by the names of protobuf: write them as OTLP JSON (resourceSpans)",
    "custom_id": "holds requests or results of a batch, which say nothing of times and sessions: export usage from a gateway",
}
"""What stands in a file that is near to a format, by a key of its first entry."""
_BILLS = {'"traceEvents":[': "holds trace events (Perfetto)", "BilledCost,BillingAccountId": "holds sums of a bill (FOCUS)"}
"""What we write and do not read, by what stands in its first line."""
_BROKEN = (ValueError, TypeError, LookupError, AttributeError, OverflowError, struct.error)


class Log:
    """All calls that were read, in the order of their files."""

    def __init__(
        self, calls: np.ndarray, agents: list[LoggedAgent], names: dict[str, list[str]], sources: list[Source], report: Report
    ) -> None:
        self.calls = calls
        """An array of `sim.logs.gathered.rows.ROW`: input_tokens are whole prompts; cache_write_tokens are -1 where the log tells reads
        alone, cache_write_1h_tokens where it tells no lifetime."""
        self.agents = agents
        self.models, self.statuses, self.tiers = names["model"], names["status"], names["tier"]
        self.sources = sources
        """By number."""
        self.report = report

    def sessions(self) -> tuple[np.ndarray, list[str]]:
        """For each agent the number of its session, and the names of sessions."""
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(agent.session, len(numbers)) for agent in self.agents], np.int32), list(numbers)


def read(*paths: str | Path, format: str | None = None, input: TraceInput | str = TraceInput.unsaid) -> Log:
    """The calls of files, folders and globs; each file's format is found by what is in it, unless `format` says it.

    `input`: whether input tokens are `whole` prompts, or `fresh` ones beside cache reads and writes, of formats whose writers differ.
    Raises `DataError` for what cannot be read at all; what is broken in part is in the log's `report`.
    """
    if not paths:
        raise DataError("sim.logs.read takes paths: give a file, folder or glob")
    report, pages = Report(), Pages()
    rows = Rows(report)
    said = input if isinstance(input, TraceInput) else _input(input)
    asked = named(format) if format else ""
    readers: dict[str, LogReader] = {}
    alike: set[bytes] = set()
    for path, given in files(paths):
        file, name = _opened(path, given, asked, report, pages)
        if file is None:
            continue
        reader = readers.setdefault(name, formats()[name](report))
        if not reader.keyed and is_copy(path, alike):
            report.duplicates["files that hold what another does"] += 1
            continue
        report.files[name] += 1
        rows.begin()
        try:
            _read_file(file, name, reader, rows)
        except DataError as error:  # it ends sooner than it should: what else is in the folder is worth reading
            if given:
                raise
            report.is_broken(str(path), "its end", str(error).removeprefix(f"{path}: "))
        rows.came_from(reader.source)
    for name, reader in readers.items():
        for call in reader.end():
            try:
                rows.add(call, name, name, reader.keyed)
            except _BROKEN as error:
                report.is_broken(name, "a call", error)
        rows.came_from(reader.source)
        rows.parents |= reader.parents
    missing, on_pages = pages.missing()
    if missing:
        report.remarks[missing] += on_pages
    if not rows:
        others = {recognised(File(path, Report())) for path, _ in files(paths)} - {asked, ""} if asked and not report.broken else set()
        hint = f"; it is {' and '.join(sorted(others))} by what is in it: leave out --format" if others else ""
        raise DataError(f"{', '.join(map(str, paths))}: holds no calls{_why(report)}{hint}")
    return Log(*rows.gathered(said), report)


def _input(word: str) -> TraceInput:
    if word not in TraceInput.__members__:
        raise DataError(f"input={word}: {did_you_mean(word, TraceInput.__members__)}")
    return TraceInput[word]


def _opened(path: Path, given: bool, asked: str, report: Report, pages: Pages) -> tuple[File | None, str]:
    """A file and its format; None: it is passed over, which the report says. Raises `DataError` for one that was `given`."""
    try:
        file = File(path, report)
        name = asked or recognised(file)
        if file.kind == "json" and not (formats()[name].looks(file.sample()) if name else name):
            name = _within_pages(file, asked, pages)
        if not name and given:
            raise DataError(f"{path}: {_unknown(file)}")
        ask_of_twins(file.name, file.columns, formats()[name].columns if name else ())
    except DataError as error:
        if given:
            raise
        if is_usual(path) or path.is_dir():
            report.skipped[str(path)] = str(error).removeprefix(f"{path}: ")
        return None, ""
    if name and (given or is_usual(path)):
        report.skipped.pop(str(path), None)  # it was found in a folder before it was named
        return file, name
    if name or is_usual(path):
        report.skipped[str(path)] = f"is {name} by what is in it, not by its ending: name it to have it read" if name else ""
    return None, ""


def _within_pages(file: File, asked: str, pages: Pages) -> str:
    """The format of what the pages of an API hold, where it is that; else what was `asked` for, and the file as it is."""
    file.pages = pages
    found = recognised(file)
    if not found or found != (asked or found):
        file.pages = None
        return asked
    return found


def _read_file(file: File, name: str, reader: LogReader, rows: Rows) -> None:
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
                rows.add(call, file.name, name, reader.keyed)
        except _BROKEN as error:
            report.is_broken(file.name, place, error)


def _why(report: Report) -> str:
    if report.broken:
        return f" (broken lines: {report.broken:,}, first {report.where[0]})"
    if report.files:
        told = "".join(f"; {many:,} {what}" for what, many in report.remarks.items())
        return f" (read: {', '.join(f'{many} {name}' for name, many in report.files.items())}{told})"
    unread = [f"{path} {why or 'is of no known format'}" for path, why in sorted(report.skipped.items(), key=lambda each: not each[1])]
    if not unread:
        return f" (no file in it ends in {', '.join(ENDINGS)})"
    more = f"; {len(unread) - 1:,} more not read" if len(unread) > 1 else ""
    if len(report.skipped) == 1 and not report.skipped[alone := next(iter(report.skipped))]:
        return f" ({alone} {_unknown(File(Path(alone), report))})"
    hint = "; name one file to hear what is wrong with it" if unread[0].endswith("no known format") else ""
    return f" ({unread[0]}{more}{hint})"


def _is_rows(held: Any) -> bool:
    """Whether it is a list of objects."""
    return isinstance(held, list) and bool(held) and all(isinstance(each, dict) for each in held)


def _unknown(file: File) -> str:
    """That a format is not known; of a table, by which columns ours would be; of JSON, what its first entry names."""
    known = f"is of no known format; known: {', '.join(formats())}; --format NAME says it"
    if bill := next((what for word, what in _BILLS.items() if file.shows(word)), ""):
        return f"{bill}, which are for other tools: sim export --as otel, or claude-code, writes calls that are read here"
    names = ", ".join(each[:20] for each in file.columns[:6])
    if names:
        return _unknown_table(file, names, known)
    if fault := file.fault:
        return f"{known} (its first line {fault})"
    return _unknown_entries(file, known)


def _unknown_table(file: File, names: str, known: str) -> str:
    """The same of what is taken for a table."""
    if names.startswith("{\\"):
        return "holds JSON as texts within quotes: write each entry as JSON itself"
    if file.columns in (["null"], ["true"], ["false"]):
        return "holds no JSON object"
    if '{"' in names:
        return "has something before the JSON of its first line: cut it off, so that a line begins with {"
    return f"{known} (its first line names the columns {names}: a table of ours has trace, agent, t_s, ...)"


def _unknown_entries(file: File, known: str) -> str:
    """The same of JSON that can be read."""
    entries = file.sample(1).entries
    if hint := next((_OTHERS[key] for entry in entries for key in entry if key in _OTHERS), ""):
        return hint
    if within := next((key for entry in entries for key, held in entry.items() if _is_rows(held)), ""):
        return f"{known} (if its rows are what stands in '{within[:20]}', write these alone, an entry a line)"
    if file.kind == "json" and not entries:
        return "holds no JSON object"
    keys = ", ".join(key[:20] for entry in file.sample(1).entries for key in list(entry)[:6])
    return f"{known} (its first entry has {keys})" if keys else known
