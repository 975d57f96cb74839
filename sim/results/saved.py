"""A result as its folder holds it: the same tables, to the bit, read when asked for."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.columns import CALLS, TASKS
from sim.results.files import read_sample, read_table
from sim.results.sample import Sample
from sim.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


class SavedResult:
    """What `Result.save` has left in a folder; the attributes of a `Result` that are tables, and its digest."""

    def __init__(self, folder: Path, scenario: Scenario, digest: str) -> None:
        self.folder = folder
        self.scenario = scenario
        self.digest = digest

    @cached_property
    def summary(self) -> pd.DataFrame:
        """As `Result.summary`."""
        table = read_table(self.folder / "summary.csv").set_index("metric")
        return table.assign(unit=table["unit"].fillna(""))

    @cached_property
    def by_replication(self) -> pd.DataFrame:
        """As `Result.by_replication`."""
        return read_table(self.folder / "replications.csv")

    @cached_property
    def timeline(self) -> pd.DataFrame:
        """As `Result.timeline`."""
        return read_table(self.folder / "timeline.csv")

    @cached_property
    def calls(self) -> pd.DataFrame:
        """As `Result.calls`."""
        return self._logged("calls.parquet", [column.name for column in CALLS])

    @cached_property
    def tasks(self) -> pd.DataFrame:
        """As `Result.tasks`."""
        return self._logged("tasks.parquet", [column.name for column in TASKS])

    def _logged(self, name: str, columns: list[str]) -> pd.DataFrame:
        import pandas as pd

        file = self.folder / name
        return pd.read_parquet(file) if file.exists() else pd.DataFrame(columns=columns)

    @cached_property
    def notes(self) -> dict[str, str]:
        """As `Result.notes`."""
        return dict(json.loads((self.folder / "notes.json").read_text(encoding="utf-8")))

    @cached_property
    def sample(self) -> Sample:
        """As `Result.sample`."""
        found = read_sample(self.folder)
        assert found is not None
        return Sample(found.whole, {name: found.without.get(name, np.empty(0)) for name in found.whole})

    def mean(self, metric: str) -> float:
        """One metric's value."""
        return float(self.summary.loc[metric, "mean"])
