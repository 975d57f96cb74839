"""Recorded sessions: a table of calls (columns: `sim.columns.TRACE`) read into what an agent replays.

A run's own `calls.parquet` is read too: what was answered comes back, call for call.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.columns import TRACE
from sim.errors import DataError
from sim.logs.table import Table, ask_of_likely, known_columns, read_table

_REQUIRED = [column.name for column in TRACE if not column.meaning.startswith("optional")]
_COUNTS = ("input_tokens", "output_tokens", "cached_tokens")
_TIMES = ("t_s", "think_time_s", "api_time_s")
_NUMBERS = (*_COUNTS, *_TIMES, "call_index")
_TRIGGERS = ("user", "tool_result", "other")
_LARGEST = {name: 1e9 if name in _COUNTS else 1e12 for name in _NUMBERS}
"""Tokens of a call, seconds (moments since 1970 too): what is more is a slip."""
_LONGEST_S = 366 * 86_400
"""Of a session."""
_OTHER_NAMES = {"cache_read_tokens": "cached_tokens"}
_OF_A_RUN = ("replication", "task", "turn", "status", "t_request_s", "t_end_s")
"""By these a run's own table of calls is known."""


class RecordedCall(NamedTuple):
    """One call of a recorded agent."""

    wait_s: float
    """Between the end of the agent's last call and this one."""
    by_user: bool
    input_tokens: int
    output_tokens: int
    prefix_tokens: int
    """How much of the prompt stood in the agent's last prompt too."""


class Recording(NamedTuple):
    """One recorded agent: `start_s` after its session began, and its calls in order."""

    name: str
    start_s: float
    calls: tuple[RecordedCall, ...]


class Session(NamedTuple):
    """One recorded session; the first agent is the main one."""

    name: str
    agents: tuple[Recording, ...]


class _Calls(NamedTuple):
    """All calls of a file, in its order: who sent them, and their numbers (nan: not said)."""

    table: Table
    trace: np.ndarray
    traces: list[str]
    agent: np.ndarray
    agents: list[str]
    numbers: dict[str, np.ndarray]
    by_user: np.ndarray


def read_trace(path: str | Path, sessions: int | None = None) -> list[Session]:
    """Read a CSV (also .gz) or Parquet file; `sessions` takes only the first ones.

    Raises `DataError` naming file, row and column of the first thing that is wrong.
    """
    table = read_table(path, _columns)
    return _sessions(_checked(_of_a_run(table) if "trace" not in table.columns else table), sessions)


def _columns(path: str, header: list[str]) -> dict[int, str]:
    """Those of a trace; where the file is a run's own table, what they are made of."""
    own = known_columns(path, header, [*_OF_A_RUN, "agent", *_COUNTS], _OTHER_NAMES)
    found = known_columns(path, header, [column.name for column in TRACE], _OTHER_NAMES)
    if "trace" not in found.values() and set(_OF_A_RUN) <= set(own.values()):
        return own
    ask_of_likely(path, header, found, [column.name for column in TRACE])
    for column in _REQUIRED:
        if column not in found.values():
            raise DataError(f"{path}: column '{column}' is missing; needs {', '.join(_REQUIRED)}; it has {', '.join(header[:20])}")
    return found


def _of_a_run(table: Table) -> Table:
    """The answered calls of a run; each try at a task is a session's agent, and each replication has its own sessions."""
    import pyarrow as pa
    from pyarrow import compute

    columns = pa.table(table.columns)
    columns = columns.filter(compute.equal(columns["status"].cast(pa.string()), "ok"))
    columns = columns.sort_by([(name, "ascending") for name in ("replication", "task", "t_request_s", "turn")])
    if not columns.num_rows:
        raise DataError(f"{table.path}: holds no calls that were answered")
    replication, task, agent = (columns[name].cast(pa.string()) for name in ("replication", "task", "agent"))
    renamed = {
        "trace": compute.binary_join_element_wise(replication, task, "."),
        "agent": compute.if_else(compute.equal(agent, "0"), "main", agent),
        "call_index": pa.array(np.arange(columns.num_rows)),
        "t_s": columns["t_request_s"],
        "api_time_s": compute.subtract(columns["t_end_s"], columns["t_request_s"]),
        **{name: columns[name] for name in _COUNTS if name in columns.column_names},
    }
    whole = pa.table(renamed).combine_chunks()
    return Table(table.path, {name: whole[name].chunk(0) for name in renamed}, whole.num_rows)


def _checked(table: Table) -> _Calls:
    ids = {name: table.text(name) for name in ("trace", "agent")}
    for name, (codes, words) in ids.items():
        nobody = codes == -1
        if "" in words:
            nobody |= codes == words.index("")
        _refuse(table, nobody, name, "must not be empty")
        edged = np.array([word != word.strip() for word in words] + [False])
        _refuse(table, edged[codes], name, "begins or ends with a blank: is ' main' another than 'main'? take it away")
    numbers = {name: _checked_numbers(table, name) for name in _NUMBERS if name in table.columns}
    by_user = np.zeros(table.rows, bool)
    if "trigger" in table.columns:
        codes, words = table.text("trigger")
        allowed = np.array([word in ("", *_TRIGGERS) for word in words] + [True])  # the last is -1: none
        _refuse(table, ~allowed[codes], "trigger", f"must be one of {', '.join(_TRIGGERS)}")
        by_user = np.array([word == "user" for word in words] + [False])[codes]
    if "cached_tokens" in numbers:
        _refuse(table, numbers["cached_tokens"] > numbers["input_tokens"], "cached_tokens", "must be at most input_tokens")
    return _Calls(table, *ids["trace"], *ids["agent"], numbers, by_user)


def _checked_numbers(table: Table, name: str) -> np.ndarray:
    """Numbers within bounds, whole where they count; what may be absent may be empty too."""
    numbers, wrong = table.numbers(name, seconds=name in _TIMES)
    whole, most = name in (*_COUNTS, "call_index"), _LARGEST[name]
    wrong = wrong | ~((numbers >= 0) & (numbers <= most)) & ~(np.isnan(numbers) if name not in _REQUIRED else False)
    if whole:
        wrong |= np.where(np.isfinite(numbers), numbers, 0) % 1 != 0
    unit = " of seconds" if name in _TIMES else ""
    _refuse(table, wrong, name, f"must be a {'whole ' if whole else ''}number{unit} from 0 to {most:,.0f}")
    return numbers


def _refuse(table: Table, wrong: np.ndarray, column: str, rule: str) -> None:
    """Name the first row that breaks a rule, as an editor numbers lines (the header is the first)."""
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(f"{table.path}: row {row + 2}, {column}={table.cell(column, row)}: {rule}")


def _sessions(calls: _Calls, most: int | None) -> list[Session]:
    """Sessions in the order in which they come in the file; in each the main agent, then the others as they began."""
    rows = np.lexsort((calls.numbers["call_index"], calls.agent, calls.trace))
    if most is not None:
        rows = rows[calls.trace[rows] < most]
    traces, agents = calls.trace[rows], calls.agent[rows]
    first = np.ones(len(rows), bool)
    first[1:] = (traces[1:] != traces[:-1]) | (agents[1:] != agents[:-1])
    recorded = _recorded(calls, rows, first)
    begins = np.flatnonzero(first)
    ends = [*begins[1:].tolist(), len(rows)]
    came = np.minimum.reduceat(rows, begins)  # of agents that began at one moment, who comes first in the file
    starts = calls.numbers["t_s"][rows][begins]
    main = np.array([calls.agents[agent] == "main" for agent in agents[begins].tolist()])
    out: list[list[Recording]] = []
    before = -1
    for each in np.lexsort((came, starts, ~main, traces[begins])).tolist():
        if traces[begins[each]] != before:
            before = traces[begins[each]]
            out.append([])
        name = calls.agents[agents[begins[each]]]
        out[-1].append(Recording(name, float(starts[each]), tuple(recorded[begins[each] : ends[each]])))
    names = [calls.traces[number] for number in range(len(out))]
    return [Session(name, _from_its_start(agents)) for name, agents in zip(names, out, strict=True)]


def _from_its_start(agents: list[Recording]) -> tuple[Recording, ...]:
    began = min(each.start_s for each in agents)
    return tuple(each._replace(start_s=each.start_s - began) for each in agents)


def _recorded(calls: _Calls, rows: np.ndarray, first: np.ndarray) -> list[RecordedCall]:
    """Each call as it is replayed; `first` are those of an agent, which have no call before them."""
    numbers = {name: values[rows] for name, values in calls.numbers.items()}
    index, start = numbers["call_index"], numbers["t_s"]
    fell, again = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    far = _far(calls.trace[rows], start)
    again[1:] = ~first[1:] & (index[1:] == index[:-1])
    fell[1:] = ~first[1:] & (start[1:] < start[:-1])
    for wrong, column, rule in (
        (again, "call_index", "this agent has one of that number already"),
        (fell, "t_s", "before the agent's last call; must not fall from call to call (clocks of two machines?)"),
        (far, "t_s", "over a year from its session's start; are some seconds since 1970, and some since the start?"),
    ):
        marked = np.zeros(calls.table.rows, bool)
        marked[rows[wrong]] = True
        _refuse(calls.table, marked, column, rule)
    inputs = numbers["input_tokens"]
    shared = np.minimum(inputs, np.roll(inputs, 1))
    prefixes = np.nan_to_num(numbers["cached_tokens"]) if "cached_tokens" in numbers else np.where(first, 0, shared)
    waits = np.where(first, 0.0, _waits(numbers))
    whole = [column.astype(np.int64).tolist() for column in (inputs, numbers["output_tokens"], prefixes)]
    return list(map(RecordedCall, waits.tolist(), calls.by_user[rows].tolist(), *whole))


def _far(traces: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Which calls are too far from the first of their session, whose calls stand together."""
    begins = np.flatnonzero(np.r_[True, traces[1:] != traces[:-1]]) if len(traces) else np.zeros(0, int)
    earliest = np.minimum.reduceat(start, begins)
    return np.asarray(start - np.repeat(earliest, np.diff(np.r_[begins, len(traces)])) > _LONGEST_S)


def _waits(numbers: dict[str, np.ndarray]) -> np.ndarray:
    """Seconds before each call; an agent's first has none of its own: they are part of the agent's start."""
    start = numbers["t_s"]
    ended = start + np.nan_to_num(numbers["api_time_s"]) if "api_time_s" in numbers else start
    gaps = np.maximum(start - np.roll(ended, 1), 0.0)
    said = numbers.get("think_time_s", np.full(len(start), np.nan))
    return np.where(np.isnan(said), gaps, said)
