"""What came out of a run: summary with intervals, calls, tasks, timeline; save and load."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim import columns
from sim.clock import MINUTE_S
from sim.engine.replication import Replication
from sim.errors import ConfigError, of_path
from sim.meter.sums import close
from sim.meter.tally import Tally
from sim.results.estimates import Estimates, within
from sim.results.files import CALLS, NOTES, ORIGIN, PROVIDERS, REPLICATIONS, TASKS, TIMELINE, Files
from sim.results.kept.manifest import together
from sim.results.logged import GROUP_ROWS, Logged
from sim.results.metrics import unit_of
from sim.results.notes import notes
from sim.results.provenance import origin
from sim.results.provider import sides
from sim.results.sample import Sample, known
from sim.scenario.scenario import Scenario
from sim.scenario.sources import Content
from sim.scenario.told.numbers import counted
from sim.statistics import Estimate
from sim.theory import Expected, expect

if TYPE_CHECKING:
    import pandas as pd


class Result:
    """The outcome of a scenario; tables are pandas DataFrames, made when asked for."""

    def __init__(self, scenario: Scenario, replications: Sequence[Replication], read: Mapping[str, Content] | None = None) -> None:
        """`read`: what it was made from beside its settings (`sim.scenario.sources`)."""
        self.scenario = scenario
        self.read = dict(read or {})
        self.replications = list(replications)
        if not self.replications:
            raise ConfigError("Result takes the replications of a run, one at least; sim.simulate makes it")

    def __getstate__(self) -> dict[str, Any]:
        """What it was made from: tables are made anew, and what makes metrics cannot be pickled."""
        return {name: getattr(self, name) for name in ("scenario", "read", "replications")}

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
        """Index `metric`; columns `unit, mean, ci_low, ci_high, n` (95 % intervals over n replications, cut where the quantity ends)."""
        import pandas as pd

        found = self.estimates.intervals
        rows = [(name, unit_of(name), *within(name, estimate), len(self.replications)) for name, estimate in found.items()]
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

        return pd.DataFrame(self._replicated(), columns=[column.name for column in columns.REPLICATIONS])

    def _replicated(self) -> list[tuple[int, str, float, float]]:
        """Rows of `by_replication`."""
        found, tallies = self.estimates, self.tallies if len(self.tallies) > 1 else []
        return [
            (number, name, float(metric(tally)), float(without))
            for name, metric in found.metrics.items()
            for number, (tally, without) in enumerate(zip(tallies, found.sample.without[name] if tallies else (), strict=True))
        ]

    @cached_property
    def calls(self) -> pd.DataFrame:
        """The logged attempts (`sim.columns.CALLS`); empty with log=none."""
        return self._logged.calls()

    @cached_property
    def tasks(self) -> pd.DataFrame:
        """The tasks that ended (`sim.columns.TASKS`); empty with log=none."""
        return self._logged.tasks()

    @property
    def _logged(self) -> Logged:
        return Logged(self.replications, self.scenario.backends, self.origin)

    @cached_property
    def timeline(self) -> pd.DataFrame:
        """Calls, tokens and dollars by minute and backend (`sim.columns.TIMELINE`)."""
        import pandas as pd

        return pd.DataFrame(self._by_minute())

    def _by_minute(self) -> dict[str, np.ndarray]:
        """Columns of `timeline`."""
        tables = [replication.tally.minutes.table() for replication in self.replications]
        numbers = np.repeat([replication.number for replication in self.replications], [len(table.minutes) for table in tables])
        minutes, backends, sums = (np.concatenate(parts) for parts in zip(*tables, strict=True))
        found = [numbers, minutes * MINUTE_S, np.array(self.scenario.backends, object)[backends]]
        found += [*sums[:, :5].T.astype(np.int64), close(sums[:, 5:].T)]
        return dict(zip((column.name for column in columns.TIMELINE), found, strict=True))

    @cached_property
    def providers(self) -> pd.DataFrame:
        """Revenue, energy, cost and margin of whoever serves, by backend (`sim.columns.PROVIDERS`); empty without `provider=...`."""
        return sides.table(self.scenario, self.estimates.pooled)

    def mean(self, metric: str) -> float:
        """One metric's value, in its unit, from all replications together. Raises `ConfigError` for what is no metric."""
        return float(known(metric, self.estimates.intervals).mean)

    def __repr__(self) -> str:
        from sim.results.told.headline import headline

        return f"Result of {self.scenario.name!r}: {headline(self._shown)}\n{self._of}: .summary, .calls, .tasks, .timeline, .notes"

    def _repr_html_(self) -> str:
        from sim.results.told.headline import html

        return html(f"Result of {self.scenario.name!r}", self._shown, [*self.notes.values(), f"{self._of}; all metrics: .summary"])

    @property
    def _shown(self) -> dict[str, Estimate]:
        """Every metric with its interval, cut where the quantity ends."""
        return {name: within(name, found) for name, found in self.estimates.intervals.items()}

    @property
    def _of(self) -> str:
        return f"{counted(len(self.replications), 'replication')}, seed {self.scenario.seed}, digest {self.digest}"

    @cached_property
    def origin(self) -> dict[str, str]:
        """Which version, scenario and seed made this, and its digest."""
        return origin(self.scenario.name, self.scenario.seed, self.digest, self.read)

    def save(self, folder: str | Path, group_rows: int = GROUP_ROWS, said: Mapping[str, Any] | None = None) -> Path:
        """Write the tables (`summary, replications, timeline` as CSV, `tasks, calls` as Parquet), `scenario.yaml`, `notes.json` and
        `origin.json`, which is also in the `attrs` of the Parquet tables. `calls.parquet` comes in groups of so many rows or a few more.

        All appear together or not at all, and last `run.json`: what each of them holds, and what else is `said`. Raises `ConfigError`
        where another process writes into the same folder.
        """
        of_path(folder, "save takes a folder, a path")
        if Path(folder).is_file():
            raise ConfigError(f"{folder}: is a file; save takes a folder")
        if not isinstance(group_rows, int) or group_rows < 1:
            raise ConfigError(f"group_rows={group_rows!r:.80}: must be a whole number of at least 1")
        logged = self._logged
        if not said:  # a sweep has a folder of its own
            Files(folder).check_for_run()
        with together(folder, digest=self.digest, **(said or {})) as files:
            files.write_log(TASKS, sum(len(each.tasks) for each in self.replications), logged.write_tasks)
            files.write_log(CALLS, sum(len(each.log) for each in self.replications), partial(logged.write_calls, group_rows=group_rows))
            files.write_columns(TIMELINE, self._by_minute())
            if self.scenario.provider.name:
                files.write_table(PROVIDERS, self.providers)
            else:
                files.remove(PROVIDERS)
            files.write_settings(self.scenario)
            files.write_rows(REPLICATIONS, [column.name for column in columns.REPLICATIONS], self._replicated())
            files.write_json(NOTES, self.notes)
            files.write_json(ORIGIN, self.origin)
            files.write_summary(self.summary)
        return files.folder
