"""Logged calls and tasks as tables: in memory, and as Parquet some rows at a time."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.workflows import KINDS
from sim.call import Role, Status
from sim.columns import CALLS, TASKS, Column, row_type
from sim.engine.replication import Replication
from sim.meter.calllog import ROW

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

GROUP_ROWS = 131_072
"""Rows of a group of `calls.parquet`."""
CALL_WORDS = ("agent", "role", "backend", "status")
"""Columns of a logged call that hold numbers of words."""


class Logged:
    """The log of a scenario's replications."""

    def __init__(self, replications: Sequence[Replication], backends: Sequence[str], origin: Mapping[str, str]) -> None:
        self.replications = replications
        self.backends = backends
        self.origin = origin
        """Goes into the `attrs` of every table that is written."""

    def calls(self) -> pd.DataFrame:
        """A row an attempt (`sim.columns.CALLS`)."""
        return _table(CALLS, ((each.number, each.calls, self._words(each)) for each in self.replications))

    def tasks(self) -> pd.DataFrame:
        """A row a task that ended (`sim.columns.TASKS`)."""
        return _table(TASKS, ((each.number, each.tasks, {"kind": KINDS}) for each in self.replications))

    def write_tasks(self, path: Path) -> None:
        """Write what `tasks().to_parquet(path, index=False)` would."""
        import pyarrow as pa
        from pyarrow import parquet

        parts = [_rows(each.number, each.tasks, {"kind": KINDS}, _schema(TASKS)) for each in self.replications]
        parquet.write_table(pa.concat_tables(parts).replace_schema_metadata(self._signed(TASKS).metadata).combine_chunks(), path)

    def write_calls(self, path: Path, group_rows: int = GROUP_ROWS) -> None:
        """Write what `calls().to_parquet(path, index=False)` would, without the whole table in memory: `group_rows` or more at a time."""
        import pyarrow as pa
        from pyarrow import parquet

        words = list(self._words(self.replications[0]))
        with parquet.ParquetWriter(path, self._signed(CALLS), use_dictionary=words) as writer:  # most numbers repeat too seldom for one
            waiting: list[pa.Table] = []
            for table in self._call_tables():
                waiting.append(table)
                if sum(map(len, waiting)) >= group_rows:
                    writer.write_table(pa.concat_tables(waiting))
                    waiting = []
            if waiting:
                writer.write_table(pa.concat_tables(waiting))

    def _call_tables(self) -> Iterator[pa.Table]:
        schema = self._signed(CALLS)
        for replication in self.replications:
            words = self._words(replication)
            for rows in replication.log.batches():
                yield _rows(replication.number, rows, words, schema)

    def _words(self, replication: Replication) -> dict[str, Sequence[str]]:
        """What the numbers in a logged call stand for."""
        roles, statuses = [role.name for role in Role], [status.name for status in Status]
        return dict(zip(CALL_WORDS, (replication.paths or [""], roles, self.backends, statuses), strict=True))

    def _signed(self, columns: tuple[Column, ...]) -> pa.Schema:
        """As pandas would write it, with `origin` in its `attrs`."""
        schema, attrs = _schema(columns), dict(self.origin)
        pandas = json.loads(schema.metadata[b"pandas"]) | {"attributes": attrs}
        return schema.with_metadata({b"pandas": json.dumps(pandas), b"PANDAS_ATTRS": json.dumps(attrs)})


@functools.cache
def _schema(columns: tuple[Column, ...]) -> pa.Schema:
    """Of a table of the log as pandas would write it."""
    from pyarrow import parquet

    row, words = (ROW, CALL_WORDS) if columns is CALLS else (row_type(TASKS), {"kind"})
    one_row = _table(columns, [(0, np.zeros(1, row), {name: [""] for name in words})])
    with io.BytesIO() as file:
        one_row.to_parquet(file, index=False)
        return parquet.read_schema(file)


def _rows(number: int, stored: np.ndarray, words: Mapping[str, Sequence[str]], schema: pa.Schema) -> pa.Table:
    """Rows of a replication, with words in the place of the numbers that stand for them."""
    import pyarrow as pa

    columns: dict[str, Any] = {name: np.ascontiguousarray(stored[name]) for name in stored.dtype.names or ()}
    columns |= {name: pa.array(known, schema.field(name).type).take(pa.array(columns[name])) for name, known in words.items()}
    return pa.table({"replication": np.full(len(stored), number)} | columns, schema=schema)


def _table(columns: Sequence[Column], parts: Iterable[tuple[int, np.ndarray, Mapping[str, Sequence[str]]]]) -> pd.DataFrame:
    """Rows by replication, with words in the place of the numbers that stand for them."""
    import pandas as pd

    frames = []
    for number, stored, words in parts:
        data = {name: np.array(words[name])[stored[name]] if name in words else stored[name] for name in stored.dtype.names or ()}
        frames.append(pd.DataFrame({"replication": number} | data)[[column.name for column in columns]])
    return pd.concat(frames, ignore_index=True)
