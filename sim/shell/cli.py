"""The shell's entry: one scenario or a sweep, a progress bar, a table, figures; errors in one line.

Hydra composes the settings and lays out a sweep; each of its jobs is one scenario, and all their replications
share a pool of processes. A sweep's table is gathered even when a scenario failed or the user stopped it.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from sim.errors import ConfigError, SimError
from sim.scenario.load import CONF, explain, from_hydra, is_hydras, register_schema
from sim.scenario.scenario import Scenario
from sim.settings.run import Method
from sim.shell.command import compose_less, is_search, read
from sim.version import __version__

if TYPE_CHECKING:
    from sim.results.result import Result
    from sim.shell.jobs import Jobs, Value
    from sim.sweeps.folder import RunFolder


class Command:
    """What the jobs of one command line leave for its end."""

    jobs: Jobs | None = None
    """Of a sweep."""
    code = 0
    """1 when a scenario was refused: Hydra is not told, so that nothing else is printed."""


def main() -> NoReturn:
    """Run what the command line says and exit: 0 when all went well, 1 with one line on stderr when not."""
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    if sys.argv[1:] == ["--version"]:
        print(f"agent-token-sim {__version__}")
        sys.exit(0)
    code = 0
    try:
        command = read(sys.argv[1:])
        sys.argv[1:] = command.arguments
        if command.sweep is None:
            _hydra()
        else:
            _sweep(command.sweep, command.scenarios)
        code = Command.code
    except KeyboardInterrupt:
        code = _complain("stopped")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception as error:
        code = _complain(_told(error))
    sys.exit(code)


def _hydra() -> None:
    import hydra

    register_schema()
    compose_less()
    hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(_job)()


def _sweep(folder: Path, scenarios: int) -> None:
    """Many jobs, and their table, even if one failed or the user stops them."""
    from sim.shell.jobs import Jobs
    from sim.sweeps.folder import runs_of, starting

    logging.disable(logging.INFO)  # what Optuna tells of itself
    warnings.filterwarnings("ignore", message="``multivariate`` option is an experimental")
    with starting(folder), Jobs(scenarios, _told) as Command.jobs:
        try:
            _hydra()
            Command.jobs.finish()
        finally:
            if runs_of(folder):
                _gather(folder)
            else:
                _forget(folder)


def _job(composed: Any) -> Value | float | None:
    """One scenario: check, run, save, show. What it returns is for an optimiser that Hydra runs."""
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf

    job = HydraConfig.get()
    folder = Path(job.runtime.output_dir)
    if job.mode is not None and job.mode.name == "MULTIRUN":
        from sim.sweeps.folder import RunFolder

        typed: Any = OmegaConf.to_container(job.overrides.task, resolve=False)
        axes = dict(override.partition("=")[::2] for override in typed)
        return _one_of_many(composed, RunFolder(folder, axes, Path(job.sweep.dir)), is_search(job))
    from sim.sweeps.goal import check_goal

    try:
        scenario = from_hydra(composed)
        check_goal(scenario.goal)
        if scenario.sensitivity.ranges:
            _find_drivers(scenario, folder)
        else:
            _show(_run(scenario, folder), folder)
    except (SimError, OSError, MemoryError) as error:
        _forget(folder)
        Command.code = _complain(_told(error))
    return None


def _one_of_many(composed: Any, place: RunFolder, search: bool) -> Value | float | None:
    """A job of a sweep. In the process that was called the next one need not wait for it; elsewhere it must be all done."""
    from sim.shell.jobs import Jobs
    from sim.sweeps.goal import WORST, check_goal

    jobs = Command.jobs or Jobs(1, _told)
    value: Value | float | None = WORST if search else None
    try:
        scenario = from_hydra(composed)
        check_goal(scenario.goal)
        if scenario.sensitivity.ranges:
            raise ConfigError("sensitivity.ranges: takes many runs of its own, so cannot be part of a sweep (-m)")
    except SimError as error:
        jobs.fail(place, error)
    else:
        if search:
            value = jobs.ask(place, scenario)
        else:
            jobs.add(place, scenario)
    if Command.jobs is None:
        with jobs:
            jobs.finish()
            value = None if value is None else float(value)
    return value


def _run(scenario: Scenario, folder: Path) -> Result:
    from tqdm import tqdm

    from sim.results.simulate import simulate
    from sim.theory.twin.forecast import calls_ahead

    with tqdm(desc=scenario.name[:60], unit=" calls", unit_scale=True, disable=None) as bar:
        if not bar.disable:
            bar.total = calls_ahead(scenario)  # an estimate, from which the bar tells the time left
        result = simulate(scenario, bar.update)
    result.save(folder)
    return result


def _find_drivers(scenario: Scenario, folder: Path) -> None:
    """A tornado or Sobol indices: many runs of its own."""
    from tqdm import tqdm

    from sim.report.page import show_sobol, show_tornado
    from sim.sweeps.sensitivity import sobol, tornado

    asked = scenario.sensitivity
    with tqdm(desc=scenario.name, unit=" runs", disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        if asked.method is Method.tornado:
            show = partial(show_tornado, tornado(scenario, asked.ranges, asked.metric, progress))
        else:
            show = partial(show_sobol, sobol(scenario, asked.ranges, asked.metric, asked.samples, progress))
    show(scenario, folder)


def _show(result: Result, folder: Path) -> None:
    from sim.report.page import show_run

    show_run(result, folder)


def _gather(folder: Path) -> None:
    """The table of a sweep. Of jobs that ran elsewhere it alone tells whether one has failed."""
    from sim.report.page import show_sweep
    from sim.sweeps.sweep import gather

    table = gather(folder)
    show_sweep(table, folder)
    if Command.jobs is not None and Command.jobs.kept:
        print(f"{Command.jobs.kept} of {len(table)} runs were kept from an earlier start; hydra.sweep.dir=FOLDER begins anew elsewhere")
    if Command.jobs is not None and Command.jobs.repeated:
        print(f"{Command.jobs.repeated} trials came back to a scenario that was there already")
    if (table["status"] != "ok").any():
        Command.code = 1


def _forget(folder: Path) -> None:
    """Leave nothing of a run or a sweep that was refused: Hydra has made its folder before asking us."""
    from sim.sweeps.folder import BOOKKEEPING

    if {path.name for path in folder.glob("*")} <= BOOKKEEPING | {".hydra", "multirun.yaml"}:
        shutil.rmtree(folder, ignore_errors=True)
        for parent in folder.absolute().parents[:2]:
            if parent != Path.cwd() and parent.exists() and not any(parent.iterdir()):
                parent.rmdir()


def _told(error: Exception) -> str:
    """An error in one line; what is neither bad input nor a full disk is a fault of ours and goes on up."""
    if isinstance(error, MemoryError):
        return "out of memory; try log=none, fewer processes or fewer tasks"
    if isinstance(error, OSError) and error.errno is not None:
        return f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")
    if isinstance(error, SimError):
        return str(error)
    if is_hydras(error):
        return explain(error)
    raise error


def _complain(message: str) -> int:
    print(f"sim: {' '.join(message.split())}", file=sys.stderr)
    return 1
