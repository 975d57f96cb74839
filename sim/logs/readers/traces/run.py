"""The `calls.parquet` of a run of ours: every attempt, as it was billed."""

from __future__ import annotations

from collections.abc import Iterator

from sim.logs.files import Entry, Sample
from sim.logs.files.table import plain
from sim.logs.logged import UNKNOWN, Counts, LoggedCall, agent_of, count, dollars, parent_of, said
from sim.logs.rows import RowReader

_NEEDED = {"replication", "task", "turn", "status", "t_request_s", "t_end_s"}


class Reader(RowReader):
    """Its agents are paths: 0 is the root, 0.3 its fourth sub-agent. Seconds count from the run's start."""

    place = ("replication", "task", "agent", "attempt", "role", "t_request_s", "turn")

    @staticmethod
    def looks(sample: Sample) -> bool:
        """By the columns that it must have; a trace may have them beside its own."""
        columns = set(map(plain, sample.columns))
        return sample.kind == "table" and columns >= _NEEDED and "trace" not in columns

    def calls(self, entry: Entry) -> Iterator[LoggedCall]:
        """Of a row."""
        row = self.row(entry)
        if row is None:
            return
        path = str(row["agent"])
        yield LoggedCall(
            f"{row['replication']}.{row['task']}", str(row.get("backend") or ""), Counts.inclusive, count(row["input_tokens"]),
            count(row["output_tokens"]), said(row.get("cache_read_tokens")), said(row.get("cache_write_tokens")),
            UNKNOWN, count(row.get("reasoning_tokens")), float(row["t_request_s"]), float(row["t_end_s"]), agent_of(path),
            parent_of(path), dollars(row.get("cost_usd")), str(row["status"]),
        )  # fmt: skip
