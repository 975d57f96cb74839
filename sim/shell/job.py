"""What Hydra calls for each job: one scenario checked, run, saved, shown."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import ConfigError, SimError
from sim.report.terminal.form import Form
from sim.results.files import Files
from sim.results.kept.lock import alone_in
from sim.scenario.load import checked, from_hydra
from sim.scenario.scenario import Scenario
from sim.settings.run import GoalSettings, Method
from sim.shell.command import is_search
from sim.shell.ending import WELL, complain, tell_effort, told
from sim.shell.footprint import Footprint
from sim.shell.process import aside

if TYPE_CHECKING:
    from sim.results.result import Result
    from sim.shell.jobs import Jobs, Value
    from sim.sweeps.folder import RunFolder


class Job:
    """A task function of Hydra's. `jobs` are those of a sweep, where it goes on in this process.

    A launcher sends it to other processes, where it arrives without them: each job there is all done when it returns.
    """

    def __init__(self, jobs: Jobs | None = None, form: Form = Form.short, also: Collection[str] = ()) -> None:
        self.status = WELL
        """A mistake once a scenario was refused: Hydra is not told, so that nothing else is printed."""
        self._jobs = jobs
        self._form, self._also = form, also
        self.kept = "it had not ended, so nothing of it is kept; the same command begins anew"
        """What there is of a run, for whoever stops it."""
        self._footprint: Footprint | None = None

    def composed(self, configuration: Any) -> None:
        """Before anything is made for a run of its own: see what is in its folder."""
        from omegaconf import OmegaConf
        from omegaconf.errors import OmegaConfBaseException

        folder = ""
        with contextlib.suppress(OmegaConfBaseException, ValueError):  # a folder that Hydra can name only later
            folder = OmegaConf.select(configuration, "hydra.run.dir") or ""
        if self._jobs is None and folder:
            refuse_detours(folder)
            self._footprint = Footprint(Path(folder))

    def _saved(self, folder: Path) -> None:
        self.kept = f"the run is kept in {folder}, figures and pages as far as they were drawn"

    def undo(self) -> None:
        """Leave nothing of a run that has no result."""
        if self._footprint is not None:
            self._footprint.undo()

    def __reduce__(self) -> tuple[type[Job], tuple[()]]:
        return Job, ()

    def __call__(self, composed: Any) -> Value | float | None:
        """What it returns is for an optimiser that Hydra runs."""
        from hydra.core.hydra_config import HydraConfig

        hydra = HydraConfig.get()
        if hydra.mode is not None and hydra.mode.name == "MULTIRUN":
            return self._one_of_many(composed, hydra)
        folder = Path(hydra.runtime.output_dir)
        try:
            Files(folder).check_for_run()
            with alone_in(folder):
                with aside(self._form is Form.json):
                    scenario = from_hydra(composed)
                _alone(scenario, folder, self._form, self._also, self._saved)
        except (SimError, OSError, MemoryError) as error:
            self.undo()
            self.status = complain(told(error))
        except BaseException:
            self.undo()
            raise
        return None

    def begin(self, scenario: Scenario, hydra: Any, number: int, words: Sequence[str]) -> Value | float | None:
        """Begin a job of a sweep in this process that needs no configuration of its own: `hydra` is the sweep's."""
        assert self._jobs is not None
        sweep = Path(hydra.sweep.dir)
        return _begin(self._jobs, _place(sweep, sweep.absolute() / str(number), words), lambda: checked(scenario), is_search(hydra))

    def _one_of_many(self, composed: Any, hydra: Any) -> Value | float | None:
        """In the process that was called the next job need not wait for this one; elsewhere it must be all done."""
        from sim.shell.jobs import Jobs

        place = _place(Path(hydra.sweep.dir), Path(hydra.runtime.output_dir), hydra.overrides.task)
        begin = partial(_begin, place=place, read=lambda: from_hydra(composed), search=is_search(hydra))
        if self._jobs is not None:
            return begin(self._jobs)
        with Jobs(1, told) as jobs:
            value = begin(jobs)
            jobs.finish()
            return None if value is None else float(value)


def refuse_detours(folder: str) -> None:
    """Raise `ConfigError` for a folder in which `..` follows a name: what is only passed through would be made and left behind."""
    parts = Path(folder).parts
    if ".." in parts[next((n for n, part in enumerate(parts) if part not in ("..", "/")), len(parts)) :]:
        raise ConfigError(f"hydra.run.dir={folder}: goes back by '..'; write {os.path.normpath(folder)}")


def _place(sweep: Path, folder: Path, words: Sequence[str]) -> RunFolder:
    """Where a job of a sweep leaves its files, and what the sweep gave it."""
    from sim.sweeps.folder import RunFolder

    return RunFolder(folder, dict(word.partition("=")[::2] for word in words), sweep)


def _begin(jobs: Jobs, place: RunFolder, read: Callable[[], Scenario], search: bool) -> Value | float | None:
    """Start on a scenario of a sweep; one that is refused counts as the worst for an optimiser."""
    from sim.sweeps.goal import WORST, check_goal

    try:
        scenario = read()
        check_goal(scenario.goal)
        if scenario.sensitivity.ranges:
            raise ConfigError("sensitivity.ranges: takes many runs of its own, so cannot be part of a sweep (-m)")
    except SimError as error:
        jobs.fail(place, error)
        return WORST if search else None
    if search:
        return jobs.ask(place, scenario)
    jobs.add(place, scenario)
    return None


def _alone(scenario: Scenario, folder: Path, form: Form, also: Collection[str], saved: Callable[[Path], None]) -> None:
    """One run, or the many of a search for what drives it."""
    from sim.sweeps.goal import check_goal

    check_goal(scenario.goal)
    if scenario.baseline:
        raise ConfigError("baseline: names a scenario of a sweep, and this is one run; sweep its settings with -m, or leave it out")
    if scenario.goal != GoalSettings():
        print("sim: goal: without effect, since this is one run; a sweep (-m) says which of its scenarios is best", file=sys.stderr)
    if scenario.sensitivity.ranges:
        _find_drivers(scenario, folder, form, also)
        return
    with aside(form is Form.json):
        result = _run(scenario, folder)
    saved(folder)
    from sim.report.page import show_run  # after the run: its workers need nothing that draws

    show_run(result, folder, form, also)


def _run(scenario: Scenario, folder: Path) -> Result:
    from tqdm import tqdm

    from sim.results.simulate import effort_of, simulate, weigh
    from sim.theory.expected.forecast import calls_ahead

    weigh([scenario])
    tell_effort(effort_of(scenario))
    with tqdm(desc=scenario.name[:60], unit=" calls", unit_scale=True, disable=None) as bar:
        if not bar.disable:
            bar.total = calls_ahead(scenario)  # an estimate, from which the bar tells the time left
        result = simulate(scenario, bar.update)
    result.save(folder)
    return result


def _find_drivers(scenario: Scenario, folder: Path, form: Form, also: Collection[str]) -> None:
    """A tornado or Sobol indices: many runs of its own."""
    from tqdm import tqdm

    from sim.report.page import show_sobol, show_tornado
    from sim.sweeps.sensitivity import sobol, tornado

    asked = scenario.sensitivity
    with aside(form is Form.json), tqdm(desc=scenario.name, unit=" runs", disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        if asked.method is Method.tornado:
            show = partial(show_tornado, tornado(scenario, asked.ranges, asked.metric, progress))
        else:
            show = partial(show_sobol, sobol(scenario, asked.ranges, asked.metric, asked.samples, progress))
    show(scenario, folder, form, also)
