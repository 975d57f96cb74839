"""The jobs of a sweep from the shell: each one a scenario, side by side on one pool where Hydra starts them in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.engine.parallel import Ended, Runs
from sim.engine.stop import stop_if_noted
from sim.results.kept.manifest import read_note
from sim.results.result import Result
from sim.results.simulate import effort_of, rounds
from sim.scenario.scenario import Scenario
from sim.shell.ending import complain, tell_effort
from sim.sweeps.folder import RunFolder
from sim.sweeps.goal import WORST, objective
from sim.sweeps.key import key_of
from sim.theory.expected.effort import Effort, check_effort

Explain = Callable[[Exception], str]
"""An error in a line; raises it again where it is a fault of the software."""


class Value:
    """What a scenario counts as for an optimiser. Asked for it (`float`), it waits until all that was added has ended.

    So the trials that an optimiser asks for at once run side by side, although Hydra starts them one after another.
    """

    def __init__(self, jobs: Jobs, place: RunFolder, scenario: Scenario) -> None:
        self._jobs = jobs
        self._place = place
        self._scenario = scenario

    def __float__(self) -> float:
        self._jobs.wait()
        note = read_note(self._place.path)
        return objective(self._scenario.goal, self._place.saved(self._scenario).mean) if note.get("digest") else WORST


class Jobs:
    """A context: `add` what Hydra starts; with `finish` all of it has ended. A scenario that fails does not stop the others."""

    def __init__(self, total: int, explain: Explain) -> None:
        self.kept = 0
        """Runs that were there already."""
        self.repeated = 0
        """Of an optimiser's trials, those that asked for a scenario once more."""
        self.failed = 0
        self._said: dict[str, int] = {}
        """Why scenarios have no result, and how many have none for that."""
        self._total = total
        self._explain = explain
        self._ended = 0
        self._weighed = False
        self._under_way: dict[int, RunFolder] = {}
        self._asked: dict[str, RunFolder] = {}
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
            self._weigh(scenario)
            try:
                self._under_way[self._runs.put(scenario)] = place
            except Exception as error:
                self.fail(place, error)
        self._collect(patient=False)

    def _weigh(self, scenario: Scenario) -> None:
        """Before the first run: what all will take if they are like it. Raises `ConfigError` for what nobody waits for unasked."""
        if not self._weighed:
            self._weighed = True
            one, left = effort_of(scenario), self._total - self._ended
            whole = Effort(*(left * part for part in one))
            check_effort([] if scenario.yes else [whole], f"these {left:,} runs")
            tell_effort(whole)

    def ask(self, place: RunFolder, scenario: Scenario) -> Value:
        """As `add`, for an optimiser, which may come back to a scenario: it is run once."""
        first = self._asked.setdefault(key_of(scenario), place)
        if first is place:
            self.add(place, scenario)
        else:
            self.repeated += 1
            self._ended += 1
        return Value(self, first, scenario)

    def wait(self) -> None:
        """Wait for all that was added."""
        self._collect(patient=True)

    def finish(self) -> None:
        """Wait for all that was added, and say of how many what was said of one. Raises the first fault of the software that any met."""
        self.wait()
        for line, scenarios in self._said.items():
            if scenarios > 1:
                complain(f"{scenarios - 1:,} other scenario{'s' * (scenarios > 2)}: the same ({line[:60]}{'...' * (len(line) > 60)})")
        self._said = {}
        if self._fault is not None:
            raise self._fault

    def fail(self, place: RunFolder, error: Exception) -> None:
        """Say in its folder, and once on stderr, why a scenario has no result: unless it is that somebody stops all."""
        stop_if_noted()
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
        self._said[line] = self._said.get(line, 0) + 1
        if self._said[line] == 1:
            complain(f"{place.title}: {line}")

    def _collect(self, patient: bool) -> None:
        self._describe()
        for outcome in self._runs.outcomes(patient, in_order=False):
            place = self._under_way.pop(outcome.number)
            try:
                self._save(place, outcome)
            except Exception as error:
                self.fail(place, error)
            self._describe()

    def _save(self, place: RunFolder, outcome: Ended) -> None:
        if outcome.error is not None:
            raise outcome.error
        place.complete(Result(outcome.scenario, outcome.replications, outcome.read))
        self._ended += 1

    def _progress(self, calls: int) -> None:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(unit=" calls", unit_scale=True, disable=None, leave=False)
            self._describe()
        self._bar.update(calls)

    def _describe(self) -> None:
        if self._bar is not None and self._under_way:
            self._bar.set_description_str(f"{self._ended + 1}/{self._total} {next(iter(self._under_way.values())).title}"[:60])
