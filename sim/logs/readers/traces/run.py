"""The `calls.parquet` of a run of ours: every attempt, as it was billed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sim.logs.files import Entry, File, Sample
from sim.logs.files.table import plain
from sim.logs.logged import UNKNOWN, Counts, LoggedCall, agent_of, count, dollars, parent_of, said
from sim.logs.rows import RowReader

_NEEDED = {"replication", "task", "turn", "status", "t_request_s", "t_end_s"}


class Reader(RowReader):
    """Its agents are paths: 0 is the root, 0.3 its fourth sub-agent. Seconds count from the run's start."""

    place = ("replication", "task", "agent", "attempt", "role", "t_request_s", "turn")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._runs = 0
        self._replications: Counter[tuple[int, str]] = Counter()
        """Calls by run and replication."""

    def begin(self, file: File) -> None:
        """Another run: its tasks are others than those of the same number before."""
        super().begin(file)
        self._runs += 1

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
        run = "" if self._runs == 1 else f"{self._runs}:"
        self._replications[self._runs, str(row["replication"])] += 1
        yield LoggedCall(
            f"{run}{row['replication']}.{row['task']}", str(row.get("backend") or ""), Counts.inclusive, count(row["input_tokens"]),
            count(row["output_tokens"]), said(row.get("cache_read_tokens")), said(row.get("cache_write_tokens")),
            UNKNOWN, count(row.get("reasoning_tokens")), float(row["t_request_s"]), float(row["t_end_s"]), agent_of(path),
            parent_of(path), dollars(row.get("cost_usd")), str(row["status"]),
        )  # fmt: skip

    def end(self) -> Iterator[LoggedCall]:
        """No more; several runs, or replications of one, are told."""
        what = "runs" if self._runs > 1 else "replications"
        many = self._runs if self._runs > 1 else len(self._replications)
        if many > 1:
            self.report.remarks[f"of {many:,} {what}, added up: each did the work once"] += self._replications.total()
        return iter(())
