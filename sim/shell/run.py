"""A command line of settings: one scenario, or a sweep and its table."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from sim.engine.stop import Stopped, keeping
from sim.errors import ConfigError, SimError
from sim.meter.leftover import clear_leftovers
from sim.report.terminal.form import Form, also_of, form_of
from sim.results.files import NOTE
from sim.results.kept.manifest import read_note
from sim.scenario.composed.jobs import jobs_quickly
from sim.scenario.custom import working_directory_importable
from sim.scenario.hydra_host import own_hydra, version_base
from sim.scenario.load import BACKEND, CONF
from sim.shell.command import read
from sim.shell.ending import MISTAKE, WELL, told
from sim.shell.footprint import Footprint
from sim.shell.job import Job
from sim.shell.process import arguments, aside, heard, quiet, whole_errors
from sim.shell.words import outdone

if TYPE_CHECKING:
    from sim.shell.jobs import Jobs


def run(given: Sequence[str]) -> int:
    """Do what `sim GIVEN` says; the exit status. Raises `SimError`, or what Hydra raises, for what cannot be read or run."""
    clear_leftovers()
    form, words = form_of(given)
    also, words = also_of(words)
    job = Job(form=form, also=also)
    with ExitStack() as stack, keeping(lambda: job.kept):
        stack.enter_context(heard(words=words))
        command = read(words)
        if "xlsx" in also:
            from sim.report.html.workbook import check_openpyxl

            check_openpyxl()
        if form is Form.all and command.sweep is not None:
            raise ConfigError("--all: prints every metric of one run; of a sweep's runs --json does, and so does results.csv")
        for earlier, later in outdone(words):
            print(f"sim: {earlier}: without effect, {later} comes after it", file=sys.stderr)
        if added := unused_backend(words):
            print(f"sim: {added}: nothing uses it; name its backend in backends=[...]", file=sys.stderr)
        if others := unused_prices(words):
            print(f"sim: {others}: without effect, since no backend of that name is used (backends=[...])", file=sys.stderr)
        if unasked := unasked_agent(words):
            print(f"sim: {unasked}: without effect, recorded sessions are replayed as they are", file=sys.stderr)
        for context in (whole_errors(), arguments(command.arguments), working_directory_importable()):
            stack.enter_context(context)
        if command.sweep is None:
            return _alone(job)
        folder, scenarios = command.sweep, command.scenarios
        with keeping(lambda: _kept(folder, scenarios)):
            return _sweep(folder, scenarios, form, also)


def unused_backend(words: Sequence[str]) -> str:
    """The words that add a backend, servers or reserved units, where none says that their backend is used; empty where there are none."""
    if any(word.startswith("experiment=") for word in words):
        return ""
    used = next((word for word in reversed(words) if word.startswith("backends=")), "")
    found = [(word, re.fullmatch(r"\+(backend|server|reserved)=(\w+)", word)) for word in words]
    return ", ".join(word for word, added in found if added and not _uses(used, added[1], added[2]))


def _uses(used: str, menu: str, name: str) -> bool:
    """Whether `backends=...` names what a choice adds; what a file of one's own adds may have another name."""
    known = (CONF / menu / f"{name}.yaml").is_file()
    return bool(re.search(rf"\b{name}{'_own' if menu == 'server' else ''}\b", used) if known else used)


def unasked_agent(words: Sequence[str]) -> str:
    """The words that say how agents work, where recorded sessions say it; empty where there are none."""
    asked = ("agent.system_tokens=", "agent.tries", "agent.success_measured=")
    said = [word for word in words if word.startswith(("agent=", "agent.")) and not word.startswith(asked)]
    return ", ".join(said) if "workload=trace" in words else ""


def unused_prices(words: Sequence[str]) -> str:
    """The words that set something of a backend which nothing uses, as far as these words say who is used; empty where there are none."""
    if any(word.startswith(("experiment=", "workload=trace", "router.policy=recorded")) for word in words):
        return ""
    said = next((word for word in reversed(words) if word.startswith("backends=")), "")
    if not said and any(word.startswith("+backend=") for word in words):  # a file of one's own may say who is used
        return ""
    used = said or f"backends=[{BACKEND}]"
    found = [(word, re.match(r"\+{0,2}market\.models\.(\w+)[.=]", word)) for word in words]
    return ", ".join(word for word, name in found if name and not re.search(rf"\b{name[1]}\b", used))


def _alone(job: Job) -> int:
    """One scenario, or whatever else Hydra shows."""
    try:
        _hydra(job)
    except BaseException:
        job.undo()
        raise
    return job.status


def _sweep(folder: Path, scenarios: int, form: Form, also: Collection[str]) -> int:
    """Many scenarios and their table, which is gathered even when one failed; where all were refused, nothing is left. Who stops them
    is told what is kept, and waits for its table alone."""
    from sim.shell.jobs import Jobs
    from sim.sweeps.folder import runs_of, starting

    status, footprint, result, stopped = WELL, Footprint(folder), False, False
    try:
        with quiet(), starting(folder), Jobs(scenarios, told) as jobs:
            try:
                with aside(form is Form.json):
                    _hydra(Job(jobs))
                    jobs.finish()
                if not runs_of(folder):
                    raise ConfigError("this sweep came to no scenario: does an axis have values (glob(...) finds files of a menu only)?")
            except Stopped:
                stopped = True
                raise
            finally:
                runs = runs_of(folder)
                result = any(read_note(run).get("digest") for run in runs) or (bool(runs) and not jobs.failed)
                status = MISTAKE if jobs.failed else WELL
                if result:
                    status = _gather(folder, jobs, form, also) if not stopped else _table_alone(folder)
    finally:
        footprint.tidy() if result else footprint.undo()
    return status


def _table_alone(folder: Path) -> int:
    """What a sweep that is stopped leaves beside its runs: nothing is drawn or printed."""
    from sim.sweeps.sweep import gather

    with contextlib.suppress(SimError, OSError):  # the stop is told, whatever else there is
        gather(folder)
    return WELL


def _kept(folder: Path, scenarios: int) -> str:
    """What there is of a sweep that is stopped."""
    whole = sum(bool(read_note(path.parent).get("digest")) for path in folder.glob(f"[0-9]*/{NOTE}"))
    if not whole:
        return "no run of it had ended, so nothing is kept; the same command begins anew"
    of = f" of {scenarios:,}" if whole <= scenarios else ""  # of an axis that only Hydra knows it is not known how long it is
    return f"{whole:,}{of} runs are kept in {folder}, the same command goes on"


def _hydra(job: Job) -> None:
    """Have Hydra compose what `sys.argv` says, and call the job for each of its scenarios."""
    import hydra

    with own_hydra(job.composed), jobs_quickly(job.begin):
        hydra.main(config_path=str(CONF), config_name="config", **version_base())(job)()


def _gather(folder: Path, jobs: Jobs, form: Form, also: Collection[str]) -> int:
    """The table of a sweep. Of jobs that ran elsewhere it alone tells whether one has failed."""
    from sim.report.page import show_sweep
    from sim.sweeps.sweep import gather

    table = gather(folder)
    show_sweep(table, folder, form, also)
    said = sys.stderr if form is Form.json else sys.stdout
    if jobs.kept:
        print(f"{jobs.kept} of {len(table)} runs were kept from an earlier start; hydra.sweep.dir=FOLDER begins anew elsewhere", file=said)
    if jobs.repeated:
        print(f"{jobs.repeated} trials came back to a scenario that was there already", file=said)
    return MISTAKE if (table["status"] != "ok").any() else WELL
