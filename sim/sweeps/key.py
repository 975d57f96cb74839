"""What a run's numbers come from, as one key: settings in use, files and functions that they name, the engine.

Two runs with the same key have the same numbers, so a run that is there need not run again.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import simpy

from sim.engine.recorded import as_recorded
from sim.errors import SimError
from sim.scenario.scenario import NO_MATTER, Scenario
from sim.scenario.sources import sources
from sim.scenario.text import plain

PACKAGE = Path(__file__).resolve().parents[1]
MOVE_NO_NUMBER = {
    "__init__.py": "names what is public",
    "__main__.py": "starts the shell",
    "again.py": "starts the shell",
    "errors.py": "what is refused has no numbers",
    "shell": "starts runs",
    "results/provenance.py": "is written beside numbers",
    "validate": "compares numbers with others",
    "report": "shows numbers",
    "sweeps": "compares runs: tables between scenarios are made anew each time",
    "conf": "settings: in the key by their values",
    "scenario/load.py": "makes scenarios, which are in the key by their values",
    "scenario/composed": "makes scenarios, as load.py does",
    "scenario/hydra_errors.py": "says what is refused",
    "scenario/hydra_host.py": "leaves a host program's Hydra alone",
    "scenario/hydra_private.py": "makes composing quicker",
    "scenario/consistency.py": "refuses scenarios",
}
"""Parts of the package that cannot change the numbers of a run, and why. All others can, and so can what is added later:

`engine`, `agents`, `workload`, `router`, `meter`, `backends`, `logs`, `sampling`, `scenario`, `settings` and the words (`call`, `clock`,
`task`, `usage`, `columns`) make them; `theory` makes forecasts that routers choose by, and the chat baseline; `results` and `statistics`
make the metrics and intervals that a run's folder keeps. These are not kept apart, although a metric could be taken again from the
sums of the replications: the sums are not kept.
"""


def key_of(scenario: Scenario) -> str:
    """16 hex digits over everything that a run's results come from."""
    with contextlib.suppress(SimError):  # which the run will tell
        scenario = as_recorded(scenario)
    used = replace(scenario, market=replace(scenario.market, models=scenario.chosen()), **NO_MATTER)
    used.workload = replace(used.workload, trace="", trace_sha256="")  # its content is below
    read = _read(scenario)
    return _hex(json.dumps([plain(used), read, engine_digest(), np.__version__, simpy.__version__], sort_keys=True).encode())


def read_by(scenario: Scenario) -> list[tuple[str, str]]:
    """The files that it reads, by name, and what is in them: of its key that which may change while it runs."""
    with contextlib.suppress(SimError):
        scenario = as_recorded(scenario)
    return _read(scenario)


def _read(scenario: Scenario) -> list[tuple[str, str]]:
    return sorted((Path(file).name, found.sha256) for file, found in sources(scenario).items())


@functools.cache
def engine_digest() -> str:
    """16 hex digits over the files of the package that can change a run's numbers, with their places."""
    return _hex(b"".join(place.encode() + b"\0" + (PACKAGE / place).read_bytes() for place in engine_files()))


def engine_files() -> list[str]:
    """The files that can change a run's numbers, by their places in the package."""
    return sorted(_counting(PACKAGE, ""))


def _counting(folder: Path, place: str) -> Iterator[str]:
    for path in folder.iterdir():
        within = f"{place}{path.name}"
        if within in MOVE_NO_NUMBER:
            continue
        if path.is_dir():
            yield from _counting(path, f"{within}/")
        elif path.suffix == ".py":
            yield within


def _hex(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()[:16]
