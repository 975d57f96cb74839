"""A result as its folder holds it: the same tables, to the bit, read when asked for."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim import columns
from sim.results.files import CALLS, NOTES, REPLICATIONS, SUMMARY, TASKS, TIMELINE, Files
from sim.results.kept.manifest import check_as_saved
from sim.results.sample import Sample, known
from sim.scenario.scenario import Scenario
from sim.scenario.told.numbers import counted
from sim.statistics import Estimate

if TYPE_CHECKING:
    import pandas as pd


class SavedResult:
    """What `Result.save` has left in a folder; the attributes of a `Result` that are tables, and its digest."""

    def __init__(self, folder: Path, scenario: Scenario, digest: str) -> None:
        self.folder = folder
        self.scenario = scenario
        self.digest = digest
        self._files = Files(folder)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """As `Result.summary`."""
        self._check(SUMMARY)
        return self._files.summary()

    @cached_property
    def by_replication(self) -> pd.DataFrame:
        """As `Result.by_replication`."""
        self._check(REPLICATIONS)
        return self._files.table(REPLICATIONS)

    @cached_property
    def timeline(self) -> pd.DataFrame:
        """As `Result.timeline`."""
        self._check(TIMELINE)
        return self._files.table(TIMELINE)

    @cached_property
    def calls(self) -> pd.DataFrame:
        """As `Result.calls`."""
        self._check(CALLS)
        return self._files.log(CALLS, [column.name for column in columns.CALLS])

    @cached_property
    def tasks(self) -> pd.DataFrame:
        """As `Result.tasks`."""
        self._check(TASKS)
        return self._files.log(TASKS, [column.name for column in columns.TASKS])

    @cached_property
    def notes(self) -> dict[str, str]:
        """As `Result.notes`."""
        return self._files.json(NOTES)

    @cached_property
    def sample(self) -> Sample:
        """As `Result.sample`."""
        self._check(SUMMARY, REPLICATIONS)
        found = self._files.sample()
        assert found is not None
        return Sample(found.whole, {name: found.without.get(name, np.empty(0)) for name in found.whole})

    def _check(self, *names: str) -> None:
        check_as_saved(self.folder, *names, digest=self.digest)

    def mean(self, metric: str) -> float:
        """As `Result.mean`."""
        return float(known(metric, self.summary["mean"]))

    def __repr__(self) -> str:
        from sim.results.told.headline import headline

        return f"Run of {self.scenario.name!r}: {headline(self._shown)}\n{self._of}: .summary, .calls, .tasks, .timeline, .notes"

    def _repr_html_(self) -> str:
        from sim.results.told.headline import html

        return html(f"Run of {self.scenario.name!r}", self._shown, [*self.notes.values(), f"{self._of}; all metrics: .summary"])

    @property
    def _shown(self) -> dict[str, Estimate]:
        return {str(name): Estimate(each["mean"], each["ci_low"], each["ci_high"]) for name, each in self.summary.iterrows()}

    @property
    def _of(self) -> str:
        return f"{counted(int(self.summary['n'].iloc[0]), 'replication')}, digest {self.digest}, in {self.folder}"
