"""`python -m benchmarks.kills 24 10`: a sweep of so many scenarios, killed so many times, against the same sweep left alone."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from sim.results.files import NOTE, RESULTS, SUMMARY

SWEEP = ["-m", "agent=team_2", "replications=4", "log=sample", "processes=2"]


class Survival(NamedTuple):
    """What came of it."""

    kills: int
    alone_s: float
    """Wall time of the sweep left alone."""
    killed_s: float
    """Wall time of all starts of the other one together."""
    twice: int
    """Scenarios that were complete, and were run again all the same."""
    left_over: int
    """Half-written files at the end."""
    equal: bool
    """Both tables are the same to the bit."""


def survive(root: Path, scenarios: int, kills: int, tasks: int = 30, seed: int = 1) -> Survival:
    """Run a sweep in peace; run it again elsewhere, killing it at moments drawn from its whole life until it has been killed so often."""
    typed = [*SWEEP, f"workload.tasks={tasks}", f"seed=range(1,{scenarios + 1})"]
    begun = time.monotonic()
    _start(root, [*typed, "hydra.sweep.dir=alone"]).wait()
    alone_s = time.monotonic() - begun
    killed = root / "killed"
    luck, patience, done, twice, killed_s = random.Random(seed), 1.0, 0, 0, 0.0
    while True:
        before = _complete(killed)
        begun = time.monotonic()
        process = _start(root, [*typed, f"hydra.sweep.dir={killed.name}"])
        moment = patience * (0.5 + luck.random() * 2 * alone_s / (kills + 1) + (1.5 if done % 2 else 0.0))
        try:
            process.wait(moment if done < kills else None)
            ended = True
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            ended = False
        killed_s += time.monotonic() - begun
        twice += sum(before[run] != after for run, after in _complete(killed).items() if run in before)
        if not ended:
            done += 1
        elif done == kills:
            break
        else:
            # It ended before its last kill, as it may where the one left alone had a busier machine: all over again, with less patience.
            shutil.rmtree(killed)
            patience, done = patience / 2, 0
    tables = [(root / folder / RESULTS).read_bytes() for folder in ("alone", "killed")]
    return Survival(done, alone_s, killed_s, twice, len(list(killed.rglob(".*.part"))), tables[0] == tables[1])


def _start(root: Path, typed: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "sim", *typed], cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _complete(sweep: Path) -> dict[str, tuple[int, int]]:
    """Runs that say they are complete, with what would differ if they were run again; each one must be readable."""
    found = {}
    for note in sweep.glob(f"*/{NOTE}"):
        if json.loads(note.read_text())["digest"]:
            summary = note.with_name(SUMMARY).stat()
            found[note.parent.name] = (summary.st_ino, summary.st_mtime_ns)
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(survive(Path(folder), *map(int, sys.argv[1:] or ("24", "10"))))
