"""The shell's entry: one scenario or a sweep, a progress bar, a table, figures; errors in one line.

Hydra composes the settings and lays out a sweep; each of its jobs is one scenario, whose replications share a
pool of processes. A sweep's table is gathered even when a scenario failed or the user stopped it.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from sim import __version__
from sim.errors import ConfigError, SimError
from sim.scenario import CONF, Scenario, explain, from_hydra, is_hydras, open_mappings, register_schema
from sim.settings import Method

if TYPE_CHECKING:
    from sim.result import Result

_SHOWS = {"--help", "-h", "--hydra-help", "--version", "--cfg", "-c", "--info", "-i", "--shell-completion", "-sc", "--multirun", "-m"}


_WITH_VALUE = {f"--{name}" for name in ("package", "config-path", "config-name", "config-dir", "cfg", "info", "experimental-rerun")}
_WITH_VALUE |= {"-p", "-cp", "-cn", "-cd", "-c", "-i"}


class Jobs:
    """What the jobs of one command line, which all run in this process, leave for its end."""

    folder: Path | None = None
    """Of the sweep."""
    begun = 0
    total = 1
    code = 0
    """1 when a scenario was refused: Hydra is not told, so that the others go on and nothing else is printed."""


def main() -> NoReturn:
    """Run what the command line says and exit: 0 when all went well, 1 with one line on stderr when not."""
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    if sys.argv[1:] == ["--version"]:
        print(f"agent-token-sim {__version__}")
        sys.exit(0)
    code = 0
    try:
        arguments = open_mappings(_with_axes(_flags_first(sys.argv[1:])))
        sys.argv[1:] = arguments
        Jobs.total = _count(arguments)
        _hydra()
        code = Jobs.code
    except KeyboardInterrupt:
        code = _complain("stopped")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception as error:
        code = _complain(_told(error))
    finally:
        if Jobs.folder is not None and Jobs.begun:
            _gather(Jobs.folder)
    sys.exit(code)


def _hydra() -> None:
    import hydra

    register_schema()
    hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(_job)()


def _job(composed: Any) -> None:
    """One scenario: check, run, save, show."""
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf

    from sim.sweep import note_run

    job = HydraConfig.get()
    folder, sweeping = Path(job.runtime.output_dir), job.mode is not None and job.mode.name == "MULTIRUN"
    typed: Any = OmegaConf.to_container(job.overrides.task, resolve=False)
    axes = dict(override.partition("=")[::2] for override in typed)
    if sweeping:
        Jobs.folder, Jobs.begun = Path(job.sweep.dir), Jobs.begun + 1
    try:
        scenario = from_hydra(composed)
        if scenario.sensitivity.ranges:
            _find_drivers(scenario, folder, sweeping)
            return
        result = _run(scenario, folder, _title(axes) if sweeping else "")
        if sweeping:
            note_run(folder, axes, digest=result.digest)
        else:
            _show(result, folder)
    except (SimError, OSError, MemoryError) as error:
        if sweeping:
            note_run(folder, axes, failed=_told(error))
        else:
            _forget(folder)
        Jobs.code = _complain(f"{_title(axes)}: {_told(error)}" if sweeping else _told(error))


def _run(scenario: Scenario, folder: Path, title: str) -> Result:
    from tqdm import tqdm

    from sim.result import simulate

    words = f"{Jobs.begun}/{Jobs.total} {title}" if title else scenario.name
    with tqdm(desc=words[:60], unit=" calls", unit_scale=True, disable=None, leave=not title) as bar:
        result = simulate(scenario, bar.update)
    result.save(folder)
    return result


def _find_drivers(scenario: Scenario, folder: Path, sweeping: bool) -> None:
    """A tornado or Sobol indices: many runs of its own."""
    from tqdm import tqdm

    from sim.report import show_sobol, show_tornado
    from sim.sensitivity import sobol, tornado

    if sweeping:
        raise ConfigError("sensitivity.ranges: takes many runs of its own, so cannot be part of a sweep (-m)")
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
    from sim.report import show_run

    show_run(result, folder)


def _gather(folder: Path) -> None:
    from sim.report import show_sweep
    from sim.sweep import gather

    show_sweep(gather(folder), folder)


def _title(axes: dict[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in axes.items() if key != "experiment")


def _forget(folder: Path) -> None:
    """Leave nothing of a run that was refused: Hydra has made its folder before asking us."""
    if {path.name for path in folder.glob("*")} <= {".hydra"}:
        shutil.rmtree(folder, ignore_errors=True)
        for parent in folder.parents[:2]:
            if parent.exists() and not any(parent.iterdir()):
                parent.rmdir()


def _flags_first(arguments: list[str]) -> list[str]:
    """`sim agent=solo -m seed=1,2` as Hydra can read it: flags before settings; unknown flags are refused in one line."""
    from hydra._internal.utils import get_args_parser

    flags: list[str] = []
    settings: list[str] = []
    left = iter(arguments)
    for argument in left:
        if argument in _WITH_VALUE:
            flags += [argument, *itertools.islice(left, 1)]
        else:
            (flags if argument.startswith("-") else settings).append(argument)
    parser = get_args_parser()
    parser.error = _refuse  # type: ignore[method-assign]
    parser.parse_args(flags)
    return flags + settings


def _refuse(message: str) -> NoReturn:
    raise ConfigError(f"{message}; see sim --help")


def _with_axes(arguments: list[str]) -> list[str]:
    """An experiment that has axes is a sweep: `experiment=fanout` needs no `-m`."""
    if _SHOWS & set(arguments):
        return arguments
    for name in [argument.removeprefix("experiment=") for argument in arguments if argument.startswith("experiment=")]:
        for folder in (*_own_folders(arguments), CONF):
            file = folder / "experiment" / f"{name}.yaml"
            if file.is_file() and re.search(r"^\s+sweeper:", file.read_text(errors="replace"), re.MULTILINE):
                return ["--multirun", *arguments]
    return arguments


def _own_folders(arguments: list[str]) -> list[Path]:
    """Folders given with `--config-dir`."""
    out = [argument.partition("=")[2] for argument in arguments if argument.startswith("--config-dir=")]
    out += [after for before, after in itertools.pairwise(arguments) if before in ("--config-dir", "-cd")]
    return [Path(folder) for folder in out]


def _count(arguments: list[str]) -> int:
    """How many scenarios a sweep will have, for the progress bar."""
    if not {"-m", "--multirun"} & set(arguments):
        return 1
    from hydra import compose, initialize_config_dir
    from hydra.core.override_parser.overrides_parser import OverridesParser

    overrides = [argument for argument in arguments if "=" in argument and not argument.startswith("-")]
    given = OverridesParser.create().parse_overrides(overrides)
    swept = {each.key_or_group: sum(1 for _ in each.sweep_string_iterator()) for each in given if each.is_sweep_override()}
    experiment = [str(each.input_line) for each in given if each.key_or_group == "experiment" and not each.is_sweep_override()]
    if experiment:
        register_schema()
        with initialize_config_dir(str(CONF), version_base="1.3"):
            params = compose("config", experiment, return_hydra_config=True).hydra.sweeper.params or {}
        parsed = OverridesParser.create().parse_overrides([f"{key}={value}" for key, value in params.items()])
        named = {each.key_or_group for each in given}
        swept |= {
            e.key_or_group: sum(1 for _ in e.sweep_string_iterator())
            for e in parsed
            if e.is_sweep_override() and e.key_or_group not in named
        }
    total = 1
    for number in swept.values():
        total *= number
    return total


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
