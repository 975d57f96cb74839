"""`python -m benchmarks.stops 40`: so many single runs, sweeps and `again`, each ended at a random moment by KILL, TERM or INT.
`python -m benchmarks.stops 40 INT`: by Ctrl-C alone.

What may not happen: a folder with files of two runs, a run that was complete and is not any more, a process that goes on, a file that
stays when a later start has been and gone. Linux only: it looks into /proc.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sim.results.files import LOCK, ORIGIN, Files
from sim.results.kept.manifest import altered, read_note

SMALL = ["agent=chat", "replications=2", "log=full", "processes=2"]
COMMANDS = {
    "run": [*SMALL, "workload.tasks=300", "hydra.run.dir=run"],
    "sweep": ["-m", *SMALL, "workload.tasks=100", "seed=range(1,4)", "hydra.sweep.dir=sweep"],
    "again": ["again", "kept"],
}
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
MARK = "SIM_STOPS"
"""In the environment of all that is started here."""
PATIENCE_S = 60.0
"""A worker looks once a second whether its parent lives, if it is given a core."""


class Stops(NamedTuple):
    """What came of it."""

    ends: Counter[str]
    """How many ended how: by command and status."""
    mixed: int
    """Folders that said they were a run and held something else."""
    lost: int
    """Runs that had been complete, and were gone."""
    orphans: int
    """Processes that went on."""
    said: int
    """Ends by TERM or INT, once the command was under way, with another status (the signal itself: it was over) or more than the line that
    says so."""
    lines: Counter[str]
    """What those said that were stopped, numbers left out."""
    left: list[str]
    """Files that were there in the end, in the temporary folder or half-written beside a run."""


def stop(
    root: Path, stops: int, named: Sequence[str] = tuple(COMMANDS), signals: Sequence[signal.Signals] = SIGNALS, seed: int = 1
) -> Stops:
    """Stop so many commands, of the kinds that are named, by turns; then let one of each end."""
    luck, temporary = random.Random(seed), root / "temporary"
    temporary.mkdir(parents=True)
    environment = os.environ | {"TMPDIR": str(temporary), MARK: str(os.getpid())}
    _whole(root, environment, [*SMALL, "workload.tasks=20", "hydra.run.dir=kept"])
    kept, ends, lines = _held(root / "kept"), Counter[str](), Counter[str]()
    lasts = {name: _whole(root, environment, COMMANDS[name]) for name in named}
    mixed = lost = orphans = said = 0
    for number in range(stops):
        name, sent = named[number % len(named)], signals[number // len(named) % len(signals)]
        before = _complete(root)
        words = COMMANDS[name] + ([f"seed={number}"] if name == "run" else [])
        process = _start(root, environment, words)
        try:
            heard = process.communicate(timeout=luck.random() * lasts[name])[1]
        except subprocess.TimeoutExpired:
            under_way = _reads(process.pid, sent)
            process.send_signal(sent)
            heard = process.communicate()[1]
            if under_way and sent != signal.SIGKILL:
                told = [line for line in heard.splitlines() if "still at work" not in line]  # on a busy machine
                whole = len(told) <= 1 and all(line.startswith("sim: stopped") for line in told)
                said += process.returncode not in (0, 128 + sent, -sent) or not whole
                lines.update(re.sub(r"\d+|/\S+", "#", line) for line in told)
        ends[f"{name} {sent.name} {process.returncode}"] += 1
        orphans += _go_on()
        after = _complete(root)
        mixed += sum(each is None for each in after.values())
        lost += len(before.keys() - after.keys()) + (_held(root / "kept") != kept)
    for name in named:
        _whole(root, environment, COMMANDS[name])
    left = [str(path.relative_to(root)) for path in root.rglob("*") if path.name.endswith(".part") or path.name == LOCK]
    return Stops(ends, mixed, lost, orphans, said, lines, [*left, *(path.name for path in temporary.iterdir())])


def _start(root: Path, environment: dict[str, str], words: list[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sim", *words]
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # a child of a job in the background would inherit deaf ears
    try:
        return subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, heard)


def _whole(root: Path, environment: dict[str, str], words: list[str]) -> float:
    """Let a command end; its wall time in seconds."""
    begun = time.monotonic()
    process = _start(root, environment, words)
    heard = process.communicate()[1]
    assert process.returncode == 0, heard
    return time.monotonic() - begun


def _complete(root: Path) -> dict[str, str | None]:
    """Digest of each folder that says it is a run; None where its files are not those it says, or of two runs."""
    found: dict[str, str | None] = {}
    for folder in (root / "run", *sorted((root / "sweep").glob("[0-9]*"))):
        note, files = read_note(folder), Files(folder)
        if note.get("digest"):
            whole = not altered(folder, note) and files.json(ORIGIN)["digest"] == note["digest"]
            found[folder.name] = note["digest"] if whole and str(files.settings()["seed"]) == files.json(ORIGIN)["seed"] else None
    return found


def _held(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _reads(process: int, number: int) -> bool:
    """Whether a process has made itself ready for a signal; before, it has begun nothing that could be left half-done."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False
    caught = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(caught >> (signal.SIGTERM - 1) & 1) or (number == signal.SIGKILL)


def _go_on() -> int:
    """How many of the processes that were started here are still there when they have had time to go."""
    until = time.monotonic() + PATIENCE_S
    while (there := len(list(_marked()))) and time.monotonic() < until:
        time.sleep(0.1)
    return there


def _marked() -> Iterator[str]:
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={os.getpid()}".encode() in (place / "environ").read_bytes().split(b"\0"):
                yield place.name
        except OSError:
            continue


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        many, *named = sys.argv[1:] or ["40"]
        signals = [signal.Signals[f"SIG{name}"] for name in named] or SIGNALS
        for name, value in stop(Path(folder), int(many), signals=signals)._asdict().items():
            print(f"{name}: {dict(sorted(value.items())) if isinstance(value, Counter) else value}")
