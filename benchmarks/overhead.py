"""What is paid besides the simulation: starting the program, and each scenario of a sweep."""

from __future__ import annotations

import dataclasses
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sim.engine.replicate import replicate
from sim.scenario.load import load
from sim.sweeps.sweep import replaced, sweep

START_TARGET = 1.3
"""A trivial run takes at most so many times the import of what it stands on."""
SWEEP_TARGET_MS = 10.0
"""A scenario of a sweep takes at most so much beyond its simulation."""
_IMPORTS = "import hydra, numpy, simpy"
_EMPTY = f"{_IMPORTS}, os; hydra.initialize_config_dir(os.getcwd(), version_base='1.3'); hydra.compose('empty')"
_EMPTY_APP = f"{_IMPORTS}, os; hydra.main(version_base='1.3', config_path=os.getcwd(), config_name='empty')(lambda settings: None)()"
_BUILT = """
import sim
from sim.settings.market import BackendSettings, MarketSettings
from sim.settings.workload import WorkloadSettings
market = MarketSettings(models={"mine": BackendSettings(input_usd_per_mtok=0.3, output_usd_per_mtok=1.2)})
sim.simulate(sim.Scenario(replications=1, backends=["mine"], market=market, workload=WorkloadSettings(tasks=1)))
"""
_TRIVIAL = ("agent=chat", "workload.tasks=1", "replications=1", "log=none")
COMMANDS = {
    "imports": (("-c", _IMPORTS), _IMPORTS),
    "built": (("-c", _BUILT), "a trivial run from Python, its settings built there: sim.simulate(sim.Scenario(...))"),
    "empty file": (("-c", _EMPTY), "nothing of ours: Hydra composes one empty file"),
    "empty app": (("-c", _EMPTY_APP), "nothing of ours: a Hydra app with that file, which does nothing"),
    "settings": (("-c", f"import sim; sim.load{_TRIVIAL}"), "Hydra composes a scenario and every backend of its market: sim.load(...)"),
    "loaded": (("-c", f"import sim; sim.simulate(sim.load{_TRIVIAL})"), "a trivial run from Python: sim.simulate(sim.load(...))"),
    "shell": (("-m", "sim", *_TRIVIAL), f"python -m sim {' '.join(_TRIVIAL)}"),
}
"""What is started, each in a fresh process, and what it is."""
_TABLE = "its table"
_ROOT = Path(__file__).resolve().parent.parent


def start_table(rounds: int = 11) -> tuple[str, dict[str, float]]:
    """Start-up of a trivial run against imports, by turns; and all ratios."""
    taken: dict[str, list[float]] = {name: [] for name in (*COMMANDS, _TABLE)}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "empty.yaml").touch()
        for number in range(rounds + 1):
            for name, (command, _) in COMMANDS.items():
                first_word, seconds = _seconds(command, folder)
                if number:  # the first time files are read and compiled
                    taken[name].append(seconds)
                    taken[_TABLE] += [first_word] * (name == "shell")
    paid = {name: statistics.median(own / base for own, base in zip(taken[name], taken["imports"], strict=True)) for name in taken}
    said = {name: meaning for name, (_, meaning) in COMMANDS.items()}
    said[_TABLE] = "of that until its table is there; then it draws figures and writes a page"
    lines = [f"{'':12}{'ms':>8}{'x imports':>11}"] + [
        f"{name:12}{1e3 * statistics.median(taken[name]):8.0f}{paid[name]:11.2f}   {meaning}" for name, meaning in said.items()
    ]
    lines.append(f"medians of {rounds} alternating rounds; target: a trivial run at most {START_TARGET:g} x imports")
    return "\n".join(lines), paid


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
    """Milliseconds of CPU a scenario beyond its simulation; and those of the sweep itself, in this process."""
    base = dataclasses.replace(load("agent=team", "workload.tasks=5", "replications=2"), processes=1)
    axes = {"seed": list(range(scenarios))}
    each = [replaced(base, {"seed": seed}).check() for seed in axes["seed"]]
    ms: dict[str, list[float]] = {"simulation": [], "sweep": [], "its table": [], "a folder of files": []}
    for _ in range(rounds):
        at = [time.process_time()]
        for scenario in each:
            for number in range(scenario.replications):
                replicate(scenario, number)
        at.append(time.process_time())
        swept = sweep(base, axes)
        at.append(time.process_time())
        rows = len(swept.results)
        at.append(time.process_time())
        with tempfile.TemporaryDirectory() as folder:
            at.append(time.process_time())
            sweep(base, axes, folder=folder)
            at.append(time.process_time())
        simulated, swept_s, table_s, _, folder_s = (1e3 * (b - a) / rows for a, b in itertools.pairwise(at))
        for name, value in zip(ms, (simulated, swept_s - simulated, table_s, folder_s - simulated), strict=True):
            ms[name].append(value)
    paid = {name: statistics.median(values) for name, values in ms.items()}
    said = {
        "simulation": "sim.engine.replicate.replicate alone",
        "sweep": "beyond that: sim.sweep(scenario, axes)",
        "its table": "and sim.sweep(...).results, with intervals",
        "a folder of files": "beyond the simulation: sim.sweep(..., folder=), whose files another sweep goes on from",
    }
    lines = [f"{'':18}{'ms/scenario':>12}"] + [f"{name:18}{paid[name]:12.2f}   {said[name]}" for name in paid]
    lines.append(
        f"medians of {rounds} rounds of {scenarios} scenarios in one process; target for the sweep: at most {SWEEP_TARGET_MS:g} ms"
    )
    return "\n".join(lines), paid["sweep"]
