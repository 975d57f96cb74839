"""How the price of a call and the memory grow: with the agents that are alive, and with the calls of a run."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from functools import partial
from pathlib import Path

from benchmarks import Run, alternate, ours, ratio
from sim.settings import Log

LIVE = (1_000, 10_000, 100_000)
LIVE_CALLS = round(LIVE[-1] / ours.ALIVE_A_TASK) * ours.CALLS_A_TASK
"""One task for each person of the most crowded run, in which all begin at once, so more than the average are alive at its peak."""
LIVE_TARGET = 3.0
"""At most so many times the price of a call, with the most agents alive."""
MEMORY_CALLS = (100_000, 1_000_000, 10_000_000)


def crowd(calls: int, live: int) -> int:
    """About so many calls by `live` agents, of leads and workers: each person begins a task when the last has ended."""
    return ours.run(calls, log=Log.none, **{"market.models.one.slots": 2 * live}, **ours.users(calls, live))


def live_table(calls: int = LIVE_CALLS, live: tuple[int, ...] = LIVE, rounds: int = 3) -> tuple[str, float]:
    """Price of a call by live agents, and how many times the first the last one is."""
    contestants: dict[str, Run] = {f"{count:,}": partial(crowd, live=count) for count in live}
    taken = alternate(contestants, calls, rounds, "live agents", warm_up=False)
    first, last = f"{live[0]:,}", f"{live[-1]:,}"
    lines = [f"{'live agents':16}{'us/call':>9}{'x ' + first:>11}"]
    lines += [f"{name:>15} {1e6 / statistics.median(taken[name]):9.2f}{ratio(taken, first, name):11.2f}" for name in taken]
    lines.append(
        f"medians of {rounds} alternating rounds of about {calls:,} calls, log=none; target: {last} at most {LIVE_TARGET:g} x {first}"
    )
    return "\n".join(lines), ratio(taken, first, last)


def memory_table(sizes: tuple[int, ...] = MEMORY_CALLS) -> str:
    """Peak memory of a run by its length, each in a fresh process."""
    lines = [f"{'calls, log=none':>16}{'peak':>11}"]
    for calls in sizes:
        script = f"from benchmarks import growth; growth.ours.run({calls}, log=growth.Log.none); print(growth.peak_mib())"
        out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        lines.append(f"{calls:16,}{float(out.stdout):7.0f} MiB")
    return "\n".join(lines)


def peak_mib() -> float:
    """Most memory this process has held; from /proc where there is one, as getrusage also counts the parent's before exec."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)
