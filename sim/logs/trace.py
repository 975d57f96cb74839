"""Recorded sessions: a table of calls (columns: `sim.columns.TRACE`) read into what an agent replays."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.columns import TRACE
from sim.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

EXCERPT = "excerpt"
"""The name of the trace that ships with the package."""
_REQUIRED = [column.name for column in TRACE if not column.meaning.startswith("optional")]
_COUNTS = ("input_tokens", "output_tokens", "cached_tokens")
_TIMES = ("t_s", "think_time_s", "api_time_s")
_TRIGGERS = ("user", "tool_result", "other")
_NAMES = {"trace": str, "agent": str}
"""As they are written: 0.1 and 0.10 are two."""
_LARGEST = {name: 1e9 if name in _COUNTS else 1e12 for name in (*_COUNTS, *_TIMES, "call_index")}
"""Tokens of a call, seconds (moments since 1970 too): what is more is a slip."""


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


def read_trace(path: str | Path, sessions: int | None = None) -> list[Session]:
    """Read a CSV (also .gz) or Parquet file; `sessions` takes only the first ones.

    Raises `DataError` naming file, row and column of the first thing that is wrong.
    """
    table = _read(Path(path))
    _check(table, path)
    recorded = [_session(str(name), rows) for name, rows in table.groupby("trace", sort=False)]
    return recorded[:sessions]


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=_NAMES)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except Exception as error:
        raise DataError(f"{path}: not a table of calls ({str(error).splitlines()[0]})") from None


def _check(table: pd.DataFrame, path: str | Path) -> None:
    for column in _REQUIRED:
        if column not in table.columns:
            raise DataError(f"{path}: column '{column}' is missing; needs {', '.join(_REQUIRED)}")
    if table.empty:
        raise DataError(f"{path}: holds no calls")
    for column in [c for c in (*_COUNTS, *_TIMES, "call_index") if c in table.columns]:
        _check_numbers(table, column, path)
    for column in ("trace", "agent"):
        _refuse(table, table[column].isna(), column, path, "must not be empty")
    if "trigger" in table.columns:
        unknown = ~table["trigger"].isin(_TRIGGERS) & table["trigger"].notna()
        _refuse(table, unknown, "trigger", path, f"must be one of {', '.join(_TRIGGERS)}")
    if "cached_tokens" in table.columns:
        _refuse(table, table["cached_tokens"] > table["input_tokens"], "cached_tokens", path, "must be at most input_tokens")
    _refuse(table, table.duplicated(["trace", "agent", "call_index"]), "call_index", path, "this agent has one of that number already")


def _check_numbers(table: pd.DataFrame, column: str, path: str | Path) -> None:
    """Numbers within bounds, whole where they count tokens; what may be absent may be empty too."""
    import pandas as pd

    numbers = pd.to_numeric(table[column], errors="coerce")
    optional, most = column in ("think_time_s", "api_time_s", "cached_tokens"), _LARGEST[column]
    wrong = ~((numbers >= 0) & (numbers <= most)) & ~(table[column].isna() if optional else False)
    if column in _COUNTS:
        wrong |= (numbers % 1 != 0) & numbers.notna()
    if table[column].dtype == bool:
        wrong |= True
    _refuse(table, wrong, column, path, f"must be a {'whole ' if column in _COUNTS else ''}number from 0 to {most:,.0f}")
    table[column] = numbers


def _refuse(table: pd.DataFrame, wrong: pd.Series, column: str, path: str | Path, rule: str) -> None:
    """Name the first row that breaks a rule, as an editor numbers lines (the header is the first)."""
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise DataError(f"{path}: row {row + 2}, {column}={table[column].iloc[row]}: {rule}")


def _session(name: str, rows: pd.DataFrame) -> Session:
    agents = [_recording(str(agent), calls.sort_values("call_index")) for agent, calls in rows.groupby("agent", sort=False)]
    agents.sort(key=lambda recording: recording.start_s)
    agents.sort(key=lambda recording: recording.name != "main")
    began = min(recording.start_s for recording in agents)
    return Session(name, tuple(recording._replace(start_s=recording.start_s - began) for recording in agents))


def _recording(name: str, calls: pd.DataFrame) -> Recording:
    start = float(calls["t_s"].iloc[0])
    inputs, outputs = _whole(calls["input_tokens"]), _whole(calls["output_tokens"])
    shared = [0] + [min(a, b) for a, b in itertools.pairwise(inputs)]
    prefixes = _whole(calls["cached_tokens"].fillna(0)) if "cached_tokens" in calls else shared
    by_user = (calls["trigger"] == "user").tolist() if "trigger" in calls else [False] * len(calls)
    waits = _waits(calls)
    return Recording(name, start, tuple(map(RecordedCall, waits, by_user, inputs, outputs, prefixes)))


def _waits(calls: pd.DataFrame) -> list[float]:
    """Seconds before each call; the first call's is part of the agent's start."""
    took = calls["api_time_s"].fillna(0) if "api_time_s" in calls else 0.0
    gaps = (calls["t_s"] - (calls["t_s"] + took).shift()).clip(lower=0)
    waits: Any = calls["think_time_s"].fillna(gaps) if "think_time_s" in calls else gaps
    return [0.0, *map(float, waits.iloc[1:])]


def _whole(column: pd.Series) -> list[int]:
    return [int(value) for value in column]
