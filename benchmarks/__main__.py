"""`make bench`: calls per second as ratios, each round taking every contestant in turn, in this one process."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from benchmarks import calls_per_s, floor, idiomatic, naive, ours
from sim.settings import Log

ROUNDS = 7
CALLS = 100_000
GATES = {"floor": 0.18, "idiomatic": 1.2, "naive": 5.0}
"""What ours must reach, times each baseline."""
MEMORY_CALLS = (100_000, 1_000_000, 10_000_000)

CONTESTANTS: dict[str, Callable[[int], int]] = {
    "floor": floor.run,
    "idiomatic": idiomatic.run,
    "naive": naive.run,
    "ours": ours.run,
    "ours, log=none": lambda calls: ours.run(calls, log=Log.none),
    "ours, no slots": lambda calls: ours.run(calls, slots=None),
    "ours, shared decoding": lambda calls: ours.run(calls, decode_slowdown=0.0001),
    "ours, 10,000 live agents": lambda calls: ours.run(calls, live=10_000),
}


def main() -> None:
    """Print one table of medians; end with 1 when a gate is missed."""
    speeds: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
    for run in CONTESTANTS.values():
        run(CALLS // 10)
    for _ in tqdm(range(ROUNDS), desc="rounds", disable=None):
        for name, run in CONTESTANTS.items():
            speeds[name].append(calls_per_s(run, CALLS))
    _table(speeds)
    missed = [name for name, gate in GATES.items() if _ratio(speeds, "ours", name) < gate]
    if "--memory" in sys.argv:
        _memory()
    if missed:
        sys.exit(f"bench: ours misses its gate against {', '.join(missed)}")


def _ratio(speeds: dict[str, list[float]], name: str, to: str) -> float:
    """The median over rounds: both ran within seconds of one another, so the machine's drift cancels."""
    return statistics.median(a / b for a, b in zip(speeds[name], speeds[to], strict=True))


def _table(speeds: dict[str, list[float]]) -> None:
    baselines = ("floor", "idiomatic", "naive")
    print(f"{'':26}{'calls/s':>10}{'us/call':>9}" + "".join(f"{'x ' + name:>13}" for name in baselines))
    for name, taken in speeds.items():
        speed = statistics.median(taken)
        ratios = "".join(f"{_ratio(speeds, name, to):13.3f}" for to in baselines)
        print(f"{name:26}{speed:10,.0f}{1e6 / speed:9.2f}{ratios}")
    gates = ", ".join(f"{gate:g} x {name}" for name, gate in GATES.items())
    print(f"medians of {ROUNDS} alternating rounds of about {CALLS:,} calls; gates for ours: {gates}")


def _memory() -> None:
    """Peak memory of a run by its length, each in a fresh process."""
    for calls in MEMORY_CALLS:
        script = f"from benchmarks import __main__ as bench; bench.ours.run({calls}, log=bench.Log.none); print(bench.peak_mib())"
        out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        print(f"log=none, {calls:>10,} calls: {float(out.stdout):6.0f} MiB")


def peak_mib() -> float:
    """Most memory this process has held; from /proc where there is one, as getrusage also counts the parent's before exec."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
