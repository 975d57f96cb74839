"""Is this machine ready? Versions, where the settings were found, room, cores; a line each, and what to do where something is amiss.

  sim doctor    in the folder in which you are to work

It ends with 1 where something is amiss.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from sim.shell.ending import MISTAKE, WELL

ROOM_GB = 1.0
"""Below so much free room a sweep may not be kept."""


def arguments(parser: ArgumentParser) -> None:
    """None."""


def run(asked: Namespace) -> int:
    """Print what there is; 1 where something is amiss."""
    from sim.report.reference.printed import columns

    found = list(_looked())
    print(columns([("ok" if well else "!!", what, said) for what, said, well in found]))
    return WELL if all(well for _, _, well in found) else MISTAKE


def _looked() -> Iterator[tuple[str, str, bool]]:
    """What was looked at, what is there, and whether that will do."""
    from sim.engine.compiled.library import missing
    from sim.report.reference.studies import studies
    from sim.results.provenance import __version__
    from sim.scenario.sources import CONF

    python = sys.version_info >= (3, 11)
    yield "sim", f"{__version__}, {Path(__file__).resolve().parents[2]}", True
    yield "python", f"{platform.python_version()}, {sys.executable}{'' if python else '; needs 3.11 or newer'}", python
    for name in _required():
        there = _version(name)
        yield name, there or f"missing: pip install {name}", bool(there)
    menus = len(list(CONF.glob("*/*.yaml")))
    yield "settings", f"{menus} files in {CONF}" if menus else f"none in {CONF}: install the package anew", menus > 0
    yield "studies", f"{len(studies())}: sim study lists them", True
    compiler = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), "")
    yield "compiler", f"{compiler or 'none'}; none is needed", True
    without = missing()
    yield "twin", f"{without}; runs take longer, and come to the same" if without else "compiled: engine=auto takes it", True
    yield "cores", f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} for this process", True
    here = Path.cwd()
    free = shutil.disk_usage(here).free / 1e9
    yield (
        "room",
        f"{free:,.1f} GB free in {here}{'' if free > ROOM_GB else '; make some, or set hydra.run.dir to another disk'}",
        free > ROOM_GB,
    )
    writable = os.access(here, os.W_OK)
    yield "outputs", f"go into {here / 'outputs'}{'' if writable else ': not writable; set hydra.run.dir=FOLDER'}", writable
    ours = not (here / "sim.py").exists()
    yield "names", "no sim.py here" if ours else f"{here / 'sim.py'} hides this package from python -m sim; rename it", ours


def _required() -> list[str]:
    """What the package says that it needs, on this Python; extras aside."""
    try:
        words = requires("agent-token-sim") or []
    except PackageNotFoundError:
        return []
    return list(
        dict.fromkeys(word.split(";")[0].split(">")[0].split("<")[0].split("=")[0].strip() for word in words if "extra ==" not in word)
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
