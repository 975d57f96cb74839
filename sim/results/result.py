"""What came out of a run: summary with intervals, calls, tasks, timeline; save and load."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.agents.workflows import KINDS
from sim.call import Role, Status
from sim.columns import CALLS, METRICS, TASKS, TIMELINE, Column
from sim.engine.parts import Replication
from sim.meter.calllog import ROW
from sim.meter.sums import close
from sim.meter.tally import MINUTE_S, Tally
from sim.results.estimates import Estimates
from sim.results.files import write_whole
from sim.results.notes import notes
from sim.results.provenance import ORIGIN, as_text, origin
from sim.results.sample import Sample
from sim.scenario.scenario import Scenario
from sim.scenario.text import as_yaml
from sim.theory import Expected, expect

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


GROUP_ROWS = 131_072
"""Rows of a group of `calls.parquet`."""


class Result:
    """The outcome of a scenario; tables are pandas DataFrames, made when asked for."""

    def __init__(self, scenario: Scenario, replications: Sequence[Replication]) -> None:
        self.scenario = scenario
        self.replications = list(replications)

    @cached_property
    def estimates(self) -> Estimates:
        """Every metric with its interval, and with each replication left out."""
        return Estimates(self.scenario, self.tallies)

    @property
    def sample(self) -> Sample:
        """What a comparison with another scenario needs."""
        return self.estimates.sample

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Index `metric`; columns `unit, mean, ci_low, ci_high, n` (95 % intervals over n replications)."""
        import pandas as pd

        found = self.estimates.intervals
        units = {column.name: column.unit for column in METRICS}
        rows = [(name, units.get(name, ""), *estimate, len(self.replications)) for name, estimate in found.items()]
        return pd.DataFrame(rows, columns=["metric", "unit", "mean", "ci_low", "ci_high", "n"]).set_index("metric")

    @cached_property
    def notes(self) -> dict[str, str]:
        """What to know of these numbers, in sentences by kind (`sim.results.notes`)."""
        return notes(self.scenario, self.estimates)

    @cached_property
    def theory(self) -> Expected:
        """What the same scenario is expected to come to without a clock, as far as that can be solved (`sim.theory.expect`)."""
        return expect(self.scenario)

    @property
    def tallies(self) -> list[Tally]:
        """The sums of each replication."""
        return [replication.tally for replication in self.replications]

    @property
    def digest(self) -> str:
        """16 hex digits over every attempt's and task's tokens, times and dollars: equal digests, equal runs."""
        parts = "".join(digest for tally in self.tallies for digest in tally.digests)
        return hashlib.sha1(parts.encode(), usedforsecurity=False).hexdigest()[:16]

    @cached_property
    def by_replication(self) -> pd.DataFrame:
        """Every metric of each replication alone, and of all the others together (`sim.columns.REPLICATIONS`)."""
        import pandas as pd

        found = self.estimates
        parts = [
            pd.DataFrame({"metric": name, "alone": [metric(tally) for tally in self.tallies], "without": found.sample.without[name]})
            for name, metric in found.metrics.items()
            if len(self.tallies) > 1
        ]
        table = pd.concat(parts) if parts else pd.DataFrame(columns=["metric", "alone", "without"])
        return table.rename_axis("replication").reset_index()

    @cached_property
    def calls(self) -> pd.DataFrame:
        """The logged attempts (`sim.columns.CALLS`); empty with log=none."""
        return _table(CALLS, ((each.number, each.calls, self._words(each)) for each in self.replications))

    @cached_property
    def tasks(self) -> pd.DataFrame:
        """The tasks that ended (`sim.columns.TASKS`); empty with log=none."""
        return _table(TASKS, ((each.number, each.tasks, {"kind": KINDS}) for each in self.replications))

    def _words(self, replication: Replication) -> dict[str, Sequence[str]]:
        """What the numbers in a logged call stand for."""
        return {
            "agent": replication.paths or [""],
            "role": [role.name for role in Role],
            "backend": self.scenario.backends,
            "status": [status.name for status in Status],
        }

    @cached_property
    def timeline(self) -> pd.DataFrame:
        """Calls, tokens and dollars by minute and backend (`sim.columns.TIMELINE`)."""
        import pandas as pd

        rows = [
            (replication.number, minute * MINUTE_S, self.scenario.backends[backend], *map(int, sums[:5]), close(sums[5:]))
            for replication in self.replications
            for (minute, backend), sums in sorted(replication.tally.minutes.items())
        ]
        return pd.DataFrame(rows, columns=[column.name for column in TIMELINE])

    def mean(self, metric: str) -> float:
        """One metric's value."""
        return float(self.summary.loc[metric, "mean"])

    @cached_property
    def origin(self) -> dict[str, str]:
        """Which version, scenario and seed made this, and its digest."""
        return origin(self.scenario.name, self.scenario.seed, self.digest)

    def save(self, folder: str | Path, *, group_rows: int = GROUP_ROWS) -> Path:
        """Write the tables (`summary, replications, timeline` as CSV, `tasks, calls` as Parquet), `scenario.yaml`, `notes.json` and
        `origin.json`, which is also in the `attrs` of the Parquet tables.

        Each file appears whole or not at all. `group_rows`: rows of a group of `calls.parquet`, about so many are in memory at once.
        """
        into = Path(folder)
        into.mkdir(parents=True, exist_ok=True)
        for name, rows, write in (
            ("tasks", len(self.tasks), partial(self._signed(self.tasks).to_parquet, index=False)),
            ("calls", sum(len(each.log) for each in self.replications), partial(self._write_calls, group_rows=group_rows)),
        ):
            if rows:
                write_whole(into / f"{name}.parquet", write)
            else:
                (into / f"{name}.parquet").unlink(missing_ok=True)
        write_whole(into / "timeline.csv", lambda path: self.timeline.to_csv(path, index=False))
        write_whole(into / "scenario.yaml", lambda path: path.write_text(as_yaml(self.scenario), encoding="utf-8"))
        write_whole(into / "replications.csv", lambda path: self.by_replication.to_csv(path, index=False))
        said = json.dumps(self.notes, ensure_ascii=False, indent=1)
        write_whole(into / "notes.json", lambda path: path.write_text(said, encoding="utf-8"))
        write_whole(into / ORIGIN, lambda path: path.write_text(as_text(self.origin), encoding="utf-8"))
        write_whole(into / "summary.csv", self.summary.to_csv)
        return into

    def _signed(self, table: pd.DataFrame) -> pd.DataFrame:
        signed = table.copy(deep=False)
        signed.attrs = dict(self.origin)
        return signed

    def _write_calls(self, path: Path, group_rows: int) -> None:
        """What `calls.to_parquet(path, index=False)` would write, some rows at a time."""
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


def _table(columns: Sequence[Column], parts: Iterable[tuple[int, np.ndarray, Mapping[str, Sequence[str]]]]) -> pd.DataFrame:
    """Rows by replication, with words in the place of the numbers that stand for them."""
    import pandas as pd

    frames = []
    for number, stored, words in parts:
        data = {name: np.array(words[name])[stored[name]] if name in words else stored[name] for name in stored.dtype.names or ()}
        frames.append(pd.DataFrame({"replication": number} | data)[[column.name for column in columns]])
    return pd.concat(frames, ignore_index=True)
