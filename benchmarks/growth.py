"""How the price of a call and the memory grow: with the agents that are alive, and with the calls of a run."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import Run, alternate, ours, ratio
from sim.settings.run import Log

LIVE = (1_000, 10_000, 100_000)
LIVE_CALLS = round(LIVE[-1] / ours.ALIVE_A_TASK) * ours.CALLS_A_TASK
"""One task for each person of the most crowded run, in which all begin at once, so more than the average are alive at its peak."""
LIVE_TARGET = 3.0
"""At most so many times the price of a call, with the most agents alive."""
MEMORY_CALLS = (100_000, 1_000_000, 10_000_000)


def crowd(calls: int, live: int, run: Callable[..., int] = ours.run) -> int:
    """About so many calls by `live` agents, of leads and workers: each person begins a task when the last has ended."""
    return run(calls, log=Log.none, **{"market.models.one.slots": 2 * live}, **ours.users(calls, live))


def live_table(calls: int = LIVE_CALLS, live: tuple[int, ...] = LIVE, rounds: int = 3) -> tuple[str, float]:
    """Price of a call by live agents, and how many times the first the last one is."""
    contestants: dict[str, Run] = {f"{count:,}": partial(crowd, live=count) for count in live}
    contestants |= {f"{count:,} step by step": partial(crowd, live=count, run=ours.step_by_step) for count in live}
    taken = alternate(contestants, calls, rounds, "live agents", warm_up=False)
    first, last = f"{live[0]:,}", f"{live[-1]:,}"
    slow = f"{first} step by step"
    lines = [f"{'live agents':28}{'us/call':>9}{'x ' + first:>11}"]
    lines += [
        f"{name:28}{1e6 / statistics.median(taken[name]):9.2f}{ratio(taken, slow if 'step' in name else first, name):11.2f}"
        for name in taken
    ]
    lines.append(
        f"medians of {rounds} alternating rounds of about {calls:,} calls, log=none; target: {last} at most {LIVE_TARGET:g} x {first}"
    )
    return "\n".join(lines), max(ratio(taken, first, last), ratio(taken, slow, f"{last} step by step"))


def memory_table(sizes: tuple[int, ...] = MEMORY_CALLS) -> str:
    """Peak memory of a run by its length, each in a fresh process: with nothing logged, and with every call logged and saved."""
    lines = [f"{'calls':>16}{'log=none':>11}{'log=full, saved':>18}"]
    for calls in sizes:
        quiet = _told(f"growth.ours.run({calls}, log=growth.Log.none)")
        with tempfile.TemporaryDirectory() as folder:
            logged = _told(f"sim.simulate(growth.ours.scenario({calls})).save({folder!r})")
        lines.append(f"{calls:16,}{quiet:7.0f} MiB{logged:14.0f} MiB")
    return "\n".join(lines)


def _told(run: str) -> float:
    script = f"from benchmarks import growth; import sim; {run}; print(growth.peak_mib())"
    return float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)


def peak_mib() -> float:
    """Most memory this process has held; from /proc where there is one, as getrusage also counts the parent's before exec."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)
