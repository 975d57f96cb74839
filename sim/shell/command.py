"""What a command line says before Hydra reads it: which of it are flags, whether it is a sweep, of how many, and in which folder."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from sim.errors import ConfigError, DataError
from sim.scenario.composed.typed import check_length, open_mappings, refuse_thousands
from sim.scenario.hydra_host import own_hydra
from sim.scenario.hydra_private import can_be_looked_at
from sim.scenario.hydra_private import flags as hydras_flags
from sim.scenario.load import CONF, compose, refuse_unread
from sim.scenario.scenario import NO_MATTER
from sim.scenario.text import read_settings
from sim.shell.words import split
from sim.theory.expected.effort import MOST_MINUTES

_SWEEPS = {"--multirun", "-m"}
_SHOWS = {"--help", "-h", "--hydra-help", "--version", "--cfg", "-c", "--info", "-i", "--shell-completion", "-sc"}
_MET = 10_000
"""Values of an axis that are held against one another: more than that are a range."""
COMPOSED_S = 0.15
"""Seconds in which Hydra composes one scenario."""
_OWN_FOLDER = "outputs/sweep"
"""`hydra.sweep.dir` as it ships: stands for a folder that a command has for itself."""


class Command(NamedTuple):
    """A command line as Hydra can read it."""

    arguments: list[str]
    sweep: Path | None = None
    """The folder of a sweep."""
    scenarios: int = 1


def read(arguments: Sequence[str]) -> Command:
    """Raises `ConfigError`, or what Hydra raises, for what cannot be read.

    A sweep that names no folder gets one of its command: the same command finds there what it has run before.
    """
    agreed = "--yes" in arguments
    given_words = [*(word for word in arguments if word != "--yes"), *(["yes=true"] if agreed else [])]
    check_length(given_words)
    words = open_mappings(_with_axes(_flags_first(given_words)))
    if _own_folders(words) and not can_be_looked_at():
        raise ConfigError(
            "--config-dir: with this version of Hydra nobody can see what settings of others would run; pip install hydra-core==1.3.8"
        )
    refuse_unread(_own_folders(words), words)
    _refuse_pitfalls(words)
    if not _SWEEPS & set(words) or _SHOWS & set(words):
        return Command(words)
    given = _parsed([word for word in words if not word.startswith("-") and "=" in word])
    settled = [each.input_line for each in given if not each.is_sweep_override() and _is_hydras(each.key_or_group)]
    with own_hydra():
        composed = compose(settled, _own_folders(words), with_hydra=True)
    hydra = composed.hydra
    folder, added = _folder(hydra, words, given)
    axes = [] if is_search(hydra) else _axes(hydra, given)
    if axes and composed.baseline:
        from omegaconf import OmegaConf

        from sim.sweeps.sweep import check_named_baseline

        baseline: Any = OmegaConf.to_container(composed.baseline)
        check_named_baseline(baseline, {each.get_key_element(): _values(each) for each in axes})
    scenarios = int(hydra.sweeper.n_trials) if is_search(hydra) else _scenarios(axes)
    if scenarios * COMPOSED_S > 60 * MOST_MINUTES and "yes=true" not in words:
        hours = scenarios * COMPOSED_S / 3600
        raise ConfigError(
            f"this sweep has {scenarios:,} scenarios: to compose them alone takes {hours:,.0f} hours; "
            "--yes goes ahead, or take fewer values"
        )
    return Command([*words, *added], folder, scenarios)


def is_search(hydra: Any) -> bool:
    """Whether a sweep's scenarios are chosen one after another by what those before came to."""
    return "n_trials" in hydra.sweeper


def _is_hydras(key: str) -> bool:
    return key.split(".", maxsplit=1)[0].split("/", maxsplit=1)[0] in ("hydra", "experiment", "name", "baseline")


def _parsed(overrides: Sequence[str]) -> list[Any]:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    return list(OverridesParser.create().parse_overrides(list(overrides)))


def _folder(hydra: Any, words: Sequence[str], given: Sequence[Any]) -> tuple[Path, list[str]]:
    """Where a sweep goes, and the setting that says so where the command line does not."""
    if hydra.sweep.dir != _OWN_FOLDER:
        return Path(hydra.sweep.dir), []
    matter = [each.input_line for each in given if not each.key_or_group.startswith("hydra") and each.key_or_group not in NO_MATTER]
    told = [*matter, *(str(folder.resolve()) for folder in _own_folders(words))]
    fixed = {each.key_or_group: each.value() for each in given if not each.is_sweep_override()}
    called = fixed.get("name") or fixed.get("experiment") or "sweep"
    name = re.sub(r"[^\w.-]+", "_", str(called))[:60]
    folder = f"outputs/{name}-{hashlib.sha1(' '.join(told).encode(), usedforsecurity=False).hexdigest()[:8]}"
    return Path(folder), [f"hydra.sweep.dir={folder}"]


def _axes(hydra: Any, given: Sequence[Any]) -> list[Any]:
    """What is set: by the command line, and by the experiment's own axes where that says nothing of them."""
    named = {each.key_or_group for each in given}
    params = {key: str(value) for key, value in (hydra.sweeper.params or {}).items()}
    for key, value in params.items():
        if isinstance(hydra.sweeper.params[key], Sequence) and not isinstance(hydra.sweeper.params[key], str) and key != "backends":
            told = ",".join(str(each) for each in hydra.sweeper.params[key])
            raise ConfigError(f"hydra.sweeper.params, {key}: values of an axis are one text with commas between, not a list: '{told}'")
        refuse_thousands(key, value)
        if key == "backends" and "," in value and not value.startswith("["):
            lists = ",".join(f"[{each.strip()}]" for each in value.split(","))
            raise ConfigError(f"hydra.sweeper.params, backends: {value}: each value is a list, '{lists}'")
    own = _parsed([f"{key}={value}" for key, value in params.items()])
    return [*given, *(axis for axis in own if axis.key_or_group not in named)]


def _scenarios(axes: Sequence[Any]) -> int:
    """How many there will be, for the progress bar; `glob(...)` counts as one, since only Hydra knows of how many."""
    total = 1
    for each in axes:
        if each.is_sweep_override() and "GLOB" not in each.value_type.name:
            count, met = 0, set[str]()
            for count, value in enumerate(each.sweep_string_iterator(), 1):
                if (value := _plain_number(value)) in met:
                    raise ConfigError(f"{each.key_or_group}: has {value} twice, which would be one scenario run twice")
                if count <= _MET:
                    met.add(value)
            if not count:
                raise ConfigError(f"{each.key_or_group}: this sweep has no scenarios, its range is empty")
            total *= count
    return total


def _plain_number(value: str) -> str:
    """`2.0` as `2`: the same value."""
    return re.sub(r"^(-?\d+)\.0+$", r"\1", value)


def _values(axis: Any) -> set[str]:
    """Of an axis, as the shell writes them; none where only Hydra knows them."""
    if not axis.is_sweep_override():
        return {axis.get_value_element_as_str()}
    return set() if "GLOB" in axis.value_type.name else set(axis.sweep_string_iterator())


def _flags_first(arguments: Sequence[str]) -> list[str]:
    """`sim agent=solo -m seed=1,2` as Hydra can read it: flags before settings; unknown flags are refused in one line."""
    flags, settings = split(arguments)
    _check(flags)
    return flags + settings


def _check(flags: Sequence[str]) -> None:
    parser = hydras_flags()
    if parser is not None:
        parser.error = _refuse  # type: ignore[method-assign]
        parser.parse_args(flags)


def _refuse(message: str) -> NoReturn:
    raise ConfigError(f"{message}; see sim --help")


def _with_axes(arguments: list[str]) -> list[str]:
    """An experiment that has axes is a sweep: `experiment=fanout` needs no `-m`."""
    if (_SHOWS | _SWEEPS) & set(arguments):
        return arguments
    for name in [argument.removeprefix("experiment=") for argument in arguments if argument.startswith("experiment=")]:
        for folder in (*_own_folders(arguments), CONF):
            file = folder / "experiment" / f"{name}.yaml"
            if file.is_file() and _has_axes(file):
                return ["--multirun", *arguments]
    return arguments


def _refuse_pitfalls(words: Sequence[str]) -> None:
    """Raise `ConfigError` for what Hydra takes and nobody means: its own help and reruns, a folder called `~`, one for all scenarios."""
    for word in words:
        key, _, value = word.lstrip("+").partition("=")
        value = value.strip("'\"")
        if key in ("--hydra-help", "--experimental-rerun"):
            raise ConfigError(f"{key}: is Hydra's own, and of no use here; see sim --help, and sim again --help")
        if key in ("--info", "-i"):
            raise ConfigError(f"{key}: tells of Hydra's insides; sim --cfg job SETTINGS shows every setting as it stands")
        if key in ("--config-name", "-cn", "--config-path", "-cp"):
            raise ConfigError(f"{key}: would take other files for all settings; files of your own: --config-dir FOLDER experiment=NAME")
        if key in ("--package", "-p") and not {"--cfg", "-c"} & {each.partition("=")[0] for each in words}:
            raise ConfigError(f"{key}: says which part --cfg shows, and --cfg is not asked for")
        if key in ("hydra.run.dir", "hydra.sweep.dir") and not value and "=" in word:
            raise ConfigError(f"{key}=: names no folder; {key}=. is the current one")
        if key in ("hydra.run.dir", "hydra.sweep.dir") and value.startswith("~"):
            raise ConfigError(f"{key}={value}: nobody fills in the ~; write $HOME, which the shell does")
        if key == "hydra.sweep.subdir" and "${" not in value:
            raise ConfigError(f"{key}={value}: would be one folder for all scenarios; leave it out, or let it hold ${{hydra.job.num}}")


def _has_axes(file: Path) -> bool:
    """Whether an experiment sets a sweeper."""
    try:
        hydra = read_settings(file).get("hydra")
    except DataError:  # has aliases, or is no YAML
        return bool(re.search(r"^[^#]*\bsweeper:", file.read_text(errors="replace"), re.MULTILINE))
    return isinstance(hydra, dict) and "sweeper" in hydra


def _own_folders(arguments: Sequence[str]) -> list[Path]:
    """Folders given with `--config-dir`."""
    out = [argument.partition("=")[2] for argument in arguments if argument.startswith("--config-dir=")]
    out += [after for before, after in itertools.pairwise(arguments) if before in ("--config-dir", "-cd")]
    return [Path(folder) for folder in out]
