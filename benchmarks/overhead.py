"""What is paid besides the simulation: starting the program, and each scenario of a sweep."""

from __future__ import annotations

import dataclasses
import itertools
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sim.scenario import load
from sim.simulation import replicate
from sim.sweep import replaced, sweep

START_TARGET = 1.3
"""A trivial run takes at most so many times the import of what it stands on."""
SWEEP_TARGET_MS = 10.0
"""A scenario of a sweep takes at most so much beyond its simulation."""
TRIVIAL = ("-m", "sim", "agent=chat", "workload.tasks=1", "replications=1", "log=none")
IN_PYTHON = ("-c", "import sim; sim.simulate(sim.load('agent=chat', 'workload.tasks=1', 'replications=1', 'log=none'))")
"""The same without what the shell leaves: a table, files, figures."""
COMPOSED = ("-c", "import sim; sim.load('agent=chat', 'workload.tasks=1', 'replications=1', 'log=none')")
"""Of that, all but the run: Hydra composes the settings of one scenario and of every backend of its market."""
IMPORTS = ("-c", "import hydra, numpy, simpy")
_ROOT = Path(__file__).resolve().parent.parent


def start_table(rounds: int = 11) -> tuple[str, float]:
    """Start-up of a trivial run against imports, each time in a fresh process, by turns; and their ratio."""
    commands = {"imports": IMPORTS, "settings": COMPOSED, "from Python": IN_PYTHON, "trivial run": TRIVIAL}
    table = "its table"
    taken: dict[str, list[float]] = {name: [] for name in (*commands, table)}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds + 1):
            for name, command in commands.items():
                first_word, seconds = _seconds(command, folder)
                if number:  # the first time files are read and compiled
                    taken[name].append(seconds)
                    taken[table] += [first_word] * (command is TRIVIAL)
    paid = {name: statistics.median(own / base for own, base in zip(taken[name], taken["imports"], strict=True)) for name in taken}
    lines = [f"{'':12}{'ms':>8}{'x imports':>11}"] + [
        f"{name:12}{1e3 * statistics.median(taken[name]):8.0f}{paid[name]:11.2f}   python {shlex.join(command)}"
        for name, command in commands.items()
    ]
    there = f"{1e3 * statistics.median(taken[table]):8.0f}{paid[table]:11.2f}"
    lines.append(f"{table:12}{there}   of that until its table is there; then it draws figures and writes a page")
    lines.append(f"medians of {rounds} alternating rounds, each in a process of its own; target: at most {START_TARGET:g} x imports")
    return "\n".join(lines), paid["trivial run"]


def _seconds(arguments: tuple[str, ...], folder: str) -> tuple[float, float]:
    """Until a process says its first word (or ends without one), and until it ends. What it compiles it finds again the next time."""
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    own = {"PYTHONPATH": path, "PYTHONPYCACHEPREFIX": str(Path(folder, "compiled")), "PYTHONDONTWRITEBYTECODE": ""}
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, *arguments], cwd=folder, env={**os.environ, **own}, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        first_word = time.perf_counter() - start
        process.stdout.read()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return first_word, time.perf_counter() - start


def sweep_table(scenarios: int = 40, rounds: int = 7) -> tuple[str, float]:
    """Milliseconds a scenario beyond its simulation; and that of the sweep itself, in this process."""
    base = dataclasses.replace(load("agent=team", "workload.tasks=5", "replications=2"), processes=1)
    axes = {"seed": list(range(scenarios))}
    each = [replaced(base, {"seed": seed}).check() for seed in axes["seed"]]
    ms: dict[str, list[float]] = {"simulation": [], "sweep": [], "its table": [], "a folder of files": []}
    for _ in range(rounds):
        at = [time.perf_counter()]
        for scenario in each:
            for number in range(scenario.replications):
                replicate(scenario, number)
        at.append(time.perf_counter())
        swept = sweep(base, axes)
        at.append(time.perf_counter())
        rows = len(swept.results)
        at.append(time.perf_counter())
        with tempfile.TemporaryDirectory() as folder:
            at.append(time.perf_counter())
            sweep(base, axes, folder=folder)
            at.append(time.perf_counter())
        simulated, swept_s, table_s, _, folder_s = (1e3 * (b - a) / rows for a, b in itertools.pairwise(at))
        for name, value in zip(ms, (simulated, swept_s - simulated, table_s, folder_s - simulated), strict=True):
            ms[name].append(value)
    paid = {name: statistics.median(values) for name, values in ms.items()}
    said = {
        "simulation": "sim.simulation.replicate alone",
        "sweep": "beyond that: sim.sweep(scenario, axes)",
        "its table": "and sim.sweep(...).results, with intervals",
        "a folder of files": "beyond the simulation: sim.sweep(..., folder=), whose files another sweep goes on from",
    }
    lines = [f"{'':18}{'ms/scenario':>12}"] + [f"{name:18}{paid[name]:12.2f}   {said[name]}" for name in paid]
    lines.append(
        f"medians of {rounds} rounds of {scenarios} scenarios in one process; target for the sweep: at most {SWEEP_TARGET_MS:g} ms"
    )
    return "\n".join(lines), paid["sweep"]
