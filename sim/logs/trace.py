"""Recorded sessions in a file: a table of calls (columns: `sim.columns.TRACE`), or any log that `sim.logs` reads.

A run's own `calls.parquet` is read too: what was answered comes back, call for call.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sim.columns import TRACE
from sim.errors import DataError
from sim.logs.files import File
from sim.logs.files.table import Table, ask_of_likely, known_columns, plain, read_table
from sim.logs.formats import recognised
from sim.logs.log import read
from sim.logs.logged import MAIN, NO_PARENT, TRIGGERS, ZONELESS, is_ok, outward
from sim.logs.report import Report
from sim.logs.session import Calls, Session, sessions_of
from sim.logs.whole import shows_parts
from sim.logs.written import trace_table
from sim.settings.workload import TraceInput

_REQUIRED = [column.name for column in TRACE if not column.meaning.startswith("optional")]
_COUNTS = (
    "input_tokens", "output_tokens", "cached_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "web_searches",
    "reasoning_tokens",
)  # fmt: skip
_SLIPS = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_write_1h_tokens", "reasoning_tokens", "start_s", "end_s")
_FAILED = "of calls that failed and have tokens: replayed as answered ones, since they are billed"
_TIMES = ("t_s", "think_time_s", "api_time_s", "session_start_s")
_NUMBERS = (*_COUNTS, *_TIMES, "call_index", "cost_usd")
_LARGEST = {name: 1e9 if name in _COUNTS else 1e12 for name in _NUMBERS}
"""Tokens of a call, seconds (moments since 1970 too): what is more is a slip."""
_LONGEST_S = 366 * 86_400
"""Of a session."""
_TOKENS_OF_A_RUN = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
_OF_A_RUN = ("replication", "task", "turn", "status", "t_request_s", "t_end_s")
"""By these a run's own table of calls is known."""


def read_trace(path: str | Path, sessions: int | None = None, input: TraceInput = TraceInput.unsaid) -> list[Session]:
    """Read a CSV (also .gz) or Parquet file, a log of another tool or a folder of logs; `sessions` takes only the first ones.

    `input` says what input tokens hold, where the format leaves that open. Raises `DataError` naming file, row and column of the first
    thing that is wrong.
    """
    left_out = ""
    if _is_foreign(Path(path)):
        log = read(path, input=input)
        left_out = log.report.left_out()
        whole, unsure = trace_table(log).combine_chunks(), log.report.unsure_reads > 0
        table = Table(str(path), {name: whole[name].chunk(0) for name in whole.column_names}, whole.num_rows)
        calls = _checked(table)
    else:
        table = read_table(path, _columns)
        of_a_run = "trace" not in table.columns
        table = _of_a_run(table) if of_a_run else table
        calls = _checked(table, TraceInput.whole if of_a_run else input)
        if input is not TraceInput.unsaid and not of_a_run and not (_reads_and_writes(calls.numbers, len(calls.trace))[0] > 0).any():
            raise DataError(f"{path}: input={input.value}: leave it out: the table names no cache reads, so its input is whole")
        unsure = not of_a_run and input is TraceInput.unsaid and _is_unsure(calls)
        left_out = _slips(table, calls)
    return [session._replace(unsure_reads=unsure, left_out=left_out) for session in _sessions(table, calls, sessions)]


def _is_unsure(calls: Calls) -> bool:
    """Whether it names cache reads that nothing shows to be a part of its input."""
    reads, writes = _reads_and_writes(calls.numbers, len(calls.trace))
    who = calls.trace * (len(calls.agents) + 1) + calls.agent
    return bool((reads > 0).any()) and not shows_parts(who, calls.numbers["call_index"], calls.numbers["input_tokens"], reads, writes)


def _slips(table: Table, calls: Calls) -> str:
    """What can hardly be as it is written, in words; empty: nothing."""
    rows, report = _counts(table, calls), Report()
    failed = _failed(table)[rows]
    report.has_slips({name: np.nan_to_num(calls.known(name)[rows]) for name in _SLIPS}, ~failed)
    if failed.any():
        report.remarks[_FAILED] = int(failed.sum())
    if table.zoneless("t_s"):
        report.remarks[ZONELESS] = int(rows.sum())
    if orphans := _orphans(table, calls):
        report.remarks[NO_PARENT] = orphans
    return report.left_out()


def _orphans(table: Table, calls: Calls) -> int:
    """Calls of agents whom, by what the table says, nobody in it can have begun; they are replayed all the same, at their times."""
    if "parent" not in table.columns:
        return 0
    codes, words = table.text("parent")
    many = Counter(zip(calls.trace.tolist(), calls.agent.tolist(), codes.tolist(), strict=True))
    begun = {(trace, calls.agents[agent]): (trace, words[code]) for trace, agent, code in many if code >= 0 and words[code]}
    there = {(trace, calls.agents[agent]) for trace, agent, _ in many}
    lost = {who for who, above in begun.items() if above not in there or len(outward(who, begun)) == 1}
    return sum(times for (trace, agent, _), times in many.items() if (trace, calls.agents[agent]) in lost)


def _failed(table: Table) -> np.ndarray:
    """By row, where the table says so."""
    if "status" not in table.columns:
        return np.zeros(table.rows, bool)
    codes, words = table.text("status")
    failed: np.ndarray = np.array([not is_ok(word) for word in words] + [False])[codes]
    return failed


def _reads_and_writes(numbers: Mapping[str, np.ndarray], rows: int) -> tuple[np.ndarray, np.ndarray]:
    """By call; what is not said is 0."""
    said = [np.nan_to_num(numbers.get(name, np.zeros(rows))) for name in ("cached_tokens", "cache_read_tokens", "cache_write_tokens")]
    return np.where(said[1] > 0, said[1], said[0]), said[2]


def _is_foreign(path: Path) -> bool:
    """Whether it is a log of another tool, or a folder of logs; what is neither is for the reader of tables, or for it to refuse."""
    if not os.path.isfile(path):  # which, unlike the methods of a path, takes any name
        return os.path.isdir(path)
    try:
        file = File(path, Report())
        is_table = file.kind == "table" and len(file.columns) > 0
    except DataError:
        return False
    return not is_table or recognised(file) not in ("", "own", "run")


def _columns(path: str, header: list[str]) -> dict[int, str]:
    """Those of a trace; where the file is a run's own table, what they are made of."""
    own = known_columns(path, header, [*_OF_A_RUN, "agent", "backend", *_TOKENS_OF_A_RUN])
    found = known_columns(path, header, [column.name for column in TRACE])
    if "trace" not in found.values() and set(_OF_A_RUN) <= set(own.values()):
        return own
    ask_of_likely(path, header, found, [column.name for column in TRACE])
    for column in _REQUIRED:
        if column not in found.values():
            raise DataError(f"{path}: column '{column}' is missing; needs {', '.join(_REQUIRED)}; it has {', '.join(header[:20])}")
    return found


def _of_a_run(table: Table) -> Table:
    """The answered calls of a run; each try at a task is a session's agent, each replication has its own sessions, after the one before."""
    import pyarrow as pa
    from pyarrow import compute

    columns = pa.table(table.columns)
    columns = columns.filter(compute.equal(columns["status"].cast(pa.string()), "ok"))
    columns = columns.sort_by([(name, "ascending") for name in ("replication", "task", "t_request_s", "turn")])
    if not columns.num_rows:
        raise DataError(f"{table.path}: holds no calls that were answered")
    replication, task, agent = (columns[name].cast(pa.string()) for name in ("replication", "task", "agent"))
    took_s = compute.max(columns["t_end_s"])
    renamed = {
        "trace": compute.binary_join_element_wise(replication, task, "."),
        "agent": compute.if_else(compute.equal(agent, "0"), "main", agent),
        "call_index": pa.array(np.arange(columns.num_rows)),
        "t_s": columns["t_request_s"],
        "session_start_s": compute.multiply(columns["replication"].cast(pa.float64()), took_s),
        **({"model": columns["backend"]} if "backend" in columns.column_names else {}),
        "api_time_s": compute.subtract(columns["t_end_s"], columns["t_request_s"]),
        **{name: columns[name] for name in _TOKENS_OF_A_RUN if name in columns.column_names},
    }
    whole = pa.table(renamed).combine_chunks()
    return Table(table.path, {name: whole[name].chunk(0) for name in renamed}, whole.num_rows)


def _checked(table: Table, input: TraceInput = TraceInput.whole) -> Calls:
    ids = {name: table.text(name) for name in ("trace", "agent")}
    for name, (codes, words) in ids.items():
        nobody = codes == -1
        if "" in words:
            nobody |= codes == words.index("")
        _refuse(table, nobody, name, "must not be empty")
        edged = np.array([word != word.strip() for word in words] + [False])
        lead = np.array([name == "agent" and word != MAIN and word.casefold() == MAIN for word in words] + [False])
        _refuse(table, lead[codes], name, f"another agent than '{MAIN}', who leads a session: is it meant? then write '{MAIN}'")
        _refuse(table, edged[codes], name, "begins or ends with a blank: is ' main' another than 'main'? take it away")
    numbers = {name: _checked_numbers(table, name) for name in _NUMBERS if name in table.columns}
    by_user = np.zeros(table.rows, bool)
    if "trigger" in table.columns:
        codes, words = table.text("trigger")
        allowed = np.array([word in ("", *TRIGGERS) for word in words] + [True])  # the last is -1: none
        _refuse(table, ~allowed[codes], "trigger", f"must be one of {', '.join(TRIGGERS)}")
        by_user = np.array([word == "user" for word in words] + [False])[codes]
    if input is TraceInput.fresh:
        numbers["input_tokens"] = numbers["input_tokens"] + sum(_reads_and_writes(numbers, table.rows))
    for name in ("cached_tokens", "cache_read_tokens"):
        if name in numbers:
            rule = "must be at most input_tokens, which are whole prompts; if reads are counted beside them: workload.trace_input=fresh"
            _refuse(table, numbers[name] > numbers["input_tokens"], name, rule)
    if "cache_write_tokens" in numbers:
        rule = "with cache reads more than input_tokens, which are whole prompts; if they are counted beside: workload.trace_input=fresh"
        _refuse(table, sum(_reads_and_writes(numbers, table.rows)) > numbers["input_tokens"], "cache_write_tokens", rule)
    if {"cache_write_tokens", "cache_write_1h_tokens"} <= numbers.keys():
        more = numbers["cache_write_1h_tokens"] > numbers["cache_write_tokens"]
        _refuse(table, more, "cache_write_1h_tokens", "must be at most cache_write_tokens, of which they are a part")
    models, tiers = (table.text(name) if name in table.columns else (np.full(table.rows, -1), []) for name in ("model", "tier"))
    return Calls(*ids["trace"], *ids["agent"], *models, numbers, by_user, *tiers)


def _checked_numbers(table: Table, name: str) -> np.ndarray:
    """Numbers within bounds, whole where they count; what may be absent may be empty too."""
    numbers, wrong = table.numbers(name, seconds=name in _TIMES)
    whole, most = name in (*_COUNTS, "call_index"), _LARGEST[name]
    wrong = wrong | ~((numbers >= 0) & (numbers <= most)) & ~(np.isnan(numbers) if name not in _REQUIRED else False)
    if name in _COUNTS:
        _refuse(table, table.thousands(name), name, "a fraction, or thousands? write a whole number without points")
    if whole:
        wrong |= np.where(np.isfinite(numbers), numbers, 0) % 1 != 0
    unit = " of seconds" if name in _TIMES else ""
    _refuse(table, wrong, name, f"must be a {'whole ' if whole else ''}number{unit} from 0 to {most:,.0f}")
    return numbers


def _refuse(table: Table, wrong: np.ndarray, column: str, rule: str) -> None:
    """Name the first row that breaks a rule, as an editor numbers lines (the header is the first)."""
    if wrong.any():
        row = int(wrong.argmax())
        cell = table.cell(column, row)
        raise DataError(f"{table.path}: row {row + 2}, {column}={cell}: {rule}{_slip(column, str(cell))}")


def _slip(column: str, cell: str) -> str:
    """What a cell may have been meant as."""
    if plain(cell) == column:
        return "; it is the line of column names again (two files in one?): take it away"
    if column in _NUMBERS and re.fullmatch(r"\d+,\d+", cell.strip()):
        return "; write a point for a comma" if column in (*_TIMES, "cost_usd") else "; write digits alone, without a comma"
    if column in _TIMES and re.match(r"\d{4}-\d\d-\d\d", cell):
        return "; it is a date: in t_s write seconds since the session's start, in session_start_s seconds since 1970"
    if column in _TIMES and re.fullmatch(r"\d{13,}(\.\d*)?", cell):
        return "; are those milliseconds? divide by 1,000"
    return ""


def _sessions(table: Table, calls: Calls, most: int | None) -> list[Session]:
    """In the order of their calls. Raises `DataError` where that is not clear."""
    rows = np.lexsort((calls.numbers["call_index"], calls.agent, calls.trace))
    rows = rows[_counts(table, calls)[rows]]
    if most is not None:
        rows = rows[calls.trace[rows] < most]
    if not len(rows):
        raise DataError(f"{table.path}: holds no calls that were answered")
    traces, agents = calls.trace[rows], calls.agent[rows]
    first = np.ones(len(rows), bool)
    first[1:] = (traces[1:] != traces[:-1]) | (agents[1:] != agents[:-1])
    index, start = calls.numbers["call_index"][rows], calls.numbers["t_s"][rows]
    fell, again = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    again[1:] = ~first[1:] & (index[1:] == index[:-1])
    fell[1:] = ~first[1:] & (start[1:] < start[:-1])
    for wrong, column, rule in (
        (again, "call_index", "this agent has one of that number already"),
        (fell, "t_s", "before the agent's last call; must not fall from call to call (clocks of two machines?)"),
        (
            _apart(traces, calls.known("session_start_s")[rows]),
            "session_start_s",
            "over a second from what another call of its session says; a session begins once, and t_s counts from there",
        ),
        (_far(traces, start), "t_s", "over a year from its session's start; are some seconds since 1970, and some since the start?"),
    ):
        marked = np.zeros(table.rows, bool)
        marked[rows[wrong]] = True
        _refuse(table, marked, column, rule)
    return sessions_of(calls, rows, first)


def _counts(table: Table, calls: Calls) -> np.ndarray:
    """Calls that were answered, or billed all the same: what failed for nothing is no work."""
    free = (calls.known("cost_usd") == 0) | (calls.numbers["input_tokens"] + calls.numbers["output_tokens"] == 0)
    return np.asarray(~(_failed(table) & free))


def _far(traces: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Which calls are too far from the first of their session, whose calls stand together."""
    begins = np.flatnonzero(np.r_[True, traces[1:] != traces[:-1]]) if len(traces) else np.zeros(0, int)
    earliest = np.minimum.reduceat(start, begins)
    return np.asarray(start - np.repeat(earliest, np.diff(np.r_[begins, len(traces)])) > _LONGEST_S)


def _apart(traces: np.ndarray, begun: np.ndarray) -> np.ndarray:
    """Which calls say another start of their session than the earliest that is said of it; what says none is none of them."""
    begins = np.flatnonzero(np.r_[True, traces[1:] != traces[:-1]]) if len(traces) else np.zeros(0, int)
    earliest = np.repeat(np.fmin.reduceat(begun, begins), np.diff(np.r_[begins, len(traces)]))
    return np.asarray(begun - earliest > 1.0)
