"""Logged calls and tasks as tables: in memory, and as Parquet some rows at a time."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.agents.workflows import KINDS
from sim.call import Role, Status
from sim.columns import CALLS, TASKS, Column
from sim.engine.replication import Replication
from sim.meter.calllog import ROW

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

GROUP_ROWS = 131_072
"""Rows of a group of `calls.parquet`."""


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
        """Write `tasks` as Parquet."""
        self._signed(self.tasks()).to_parquet(path, index=False)

    def write_calls(self, path: Path, group_rows: int = GROUP_ROWS) -> None:
        """Write what `calls().to_parquet(path, index=False)` would, without the whole table in memory: `group_rows` or more at a time."""
        import pyarrow as pa
        from pyarrow import parquet

        words = self._words(self.replications[0])
        one_row = _table(CALLS, [(0, np.zeros(1, ROW), words)])
        with io.BytesIO() as file:
            self._signed(one_row).to_parquet(file, index=False)
            schema = parquet.read_schema(file)
        with parquet.ParquetWriter(path, schema, use_dictionary=list(words)) as writer:  # most numbers repeat too seldom for one
            waiting: list[pa.Table] = []
            for table in self._call_tables(schema):
                waiting.append(table)
                if sum(map(len, waiting)) >= group_rows:
                    writer.write_table(pa.concat_tables(waiting))
                    waiting = []
            if waiting:
                writer.write_table(pa.concat_tables(waiting))

    def _call_tables(self, schema: pa.Schema) -> Iterator[pa.Table]:
        import pyarrow as pa

        for replication in self.replications:
            words = {name: pa.array(known, schema.field(name).type) for name, known in self._words(replication).items()}
            for rows in replication.log.batches():
                columns = {name: np.ascontiguousarray(rows[name]) for name in ROW.names or ()}
                columns |= {name: known.take(pa.array(columns[name])) for name, known in words.items()}
                yield pa.table({"replication": np.full(len(rows), replication.number)} | columns, schema=schema)

    def _words(self, replication: Replication) -> dict[str, Sequence[str]]:
        """What the numbers in a logged call stand for."""
        return {
            "agent": replication.paths or [""],
            "role": [role.name for role in Role],
            "backend": self.backends,
            "status": [status.name for status in Status],
        }

    def _signed(self, table: pd.DataFrame) -> pd.DataFrame:
        signed = table.copy(deep=False)
        signed.attrs = dict(self.origin)
        return signed


def _table(columns: Sequence[Column], parts: Iterable[tuple[int, np.ndarray, Mapping[str, Sequence[str]]]]) -> pd.DataFrame:
    """Rows by replication, with words in the place of the numbers that stand for them."""
    import pandas as pd

    frames = []
    for number, stored, words in parts:
        data = {name: np.array(words[name])[stored[name]] if name in words else stored[name] for name in stored.dtype.names or ()}
        frames.append(pd.DataFrame({"replication": number} | data)[[column.name for column in columns]])
    return pd.concat(frames, ignore_index=True)
