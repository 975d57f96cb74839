"""The jobs of a sweep from the shell: each one a scenario, side by side on one pool where Hydra starts them in this process."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from typing import Any

from sim.result import Result, rounds
from sim.runfolder import RunFolder
from sim.runs import Outcome, Runs
from sim.scenario import Scenario

Explain = Callable[[Exception], str]
"""An error in a line; raises it again where it is a fault of the software."""


class Jobs:
    """A context: `add` what Hydra starts; with `finish` all of it has ended. A scenario that fails does not stop the others."""

    def __init__(self, total: int, explain: Explain) -> None:
        self.kept = 0
        """Runs that were there already."""
        self.failed = 0
        self._total = total
        self._explain = explain
        self._ended = 0
        self._under_way: deque[RunFolder] = deque()
        self._fault: Exception | None = None
        self._runs = Runs(rounds, self._progress, total)
        self._bar: Any = None

    def __enter__(self) -> Jobs:
        return self

    def __exit__(self, *why: Any) -> None:
        self._runs.__exit__(*why)
        if self._bar is not None:
            self._bar.close()

    def add(self, place: RunFolder, scenario: Scenario) -> None:
        """Start on a scenario unless its run is there; take in those that have ended meanwhile."""
        if place.keep(scenario):
            self.kept += 1
            self._ended += 1
        else:
            self._under_way.append(place)
            try:
                self._runs.put(scenario)
            except Exception as error:
                self._under_way.pop()
                self.fail(place, error)
        self._collect(patient=False)

    def finish(self) -> None:
        """Wait for all that was added. Raises the first fault of the software that any of them met."""
        self._collect(patient=True)
        if self._fault is not None:
            raise self._fault

    def fail(self, place: RunFolder, error: Exception) -> None:
        """Say on stderr and in its folder why a scenario has no result."""
        self._ended += 1
        self.failed += 1
        try:
            line = self._explain(error)
        except Exception as fault:
            self._fault = self._fault or fault
            line = f"{type(error).__name__}: {error}"
        place.fail(line)
        if self._bar is not None:
            self._bar.clear()
        print(f"sim: {' '.join(f'{place.title}: {line}'.split())}", file=sys.stderr)

    def _collect(self, patient: bool) -> None:
        self._describe()
        for outcome in self._runs.outcomes(patient):
            place = self._under_way.popleft()
            try:
                self._save(place, outcome)
            except Exception as error:
                self.fail(place, error)
            self._describe()

    def _save(self, place: RunFolder, outcome: Outcome) -> None:
        if outcome.error is not None:
            raise outcome.error
        place.complete(Result(outcome.scenario, outcome.replications))
        self._ended += 1

    def _progress(self, calls: int) -> None:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(unit=" calls", unit_scale=True, disable=None, leave=False)
            self._describe()
        self._bar.update(calls)

    def _describe(self) -> None:
        if self._bar is not None and self._under_way:
            self._bar.set_description_str(f"{self._ended + 1}/{self._total} {self._under_way[0].title}"[:60])
