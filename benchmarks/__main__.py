"""`make bench`: one table of calls per second as ratios. `--all`: growth and overhead too, and the tables of the README anew."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator

from benchmarks import Run, Taken, alternate, floor, growth, idiomatic, naive, ours, overhead, ratio, record, stripped

ROUNDS = 7
CALLS = 100_000
GATES = {"floor": 0.18, "idiomatic": 1.2, "naive": 5.0}
"""What ours must reach, times each baseline."""
STRETCH = 0.28
"""Times the floor; a wish, not a gate."""


def main() -> None:
    """Print tables of medians; end with 1 when a gate is missed."""
    table, missed = speed_table()
    print(table)
    if "--all" in sys.argv:
        parts = [record.machine(), table]
        record.fill("bench", "\n\n".join(parts))
        for part in _rest():  # each is kept as it comes: ten minutes may be cut short
            print(f"\n{part}")
            parts.append(part)
            record.fill("bench", "\n\n".join(parts))
    elif "--memory" in sys.argv:
        print(growth.memory_table())
    if missed:
        sys.exit(f"bench: ours misses its gate: {', '.join(missed)}")


def speed_table(calls: int = CALLS, rounds: int = ROUNDS) -> tuple[str, list[str]]:
    """Every contestant against the baselines and against ours; and which gates are missed."""
    contestants: dict[str, Run] = {
        "floor": floor.run,
        "stripped": stripped.run,
        "idiomatic": idiomatic.run,
        "naive": naive.run,
        **ours.contestants(),
    }
    taken = alternate(contestants, calls, rounds, "rounds")
    return _written(taken, calls, rounds), [f"{gate:g} x {name}" for name, gate in GATES.items() if ratio(taken, "ours", name) < gate]


def _written(taken: Taken, calls: int, rounds: int) -> str:
    baselines = ("floor", "idiomatic", "naive")
    lines = [f"{'':31}{'calls/s':>10}{'us/call':>9}" + "".join(f"{'x ' + name:>13}" for name in baselines) + f"{'price/ours':>12}"]
    for name, speeds in taken.items():
        speed = statistics.median(speeds)
        ratios = "".join(f"{ratio(taken, name, to):13.3f}" for to in baselines)
        lines.append(f"{name:31}{speed:10,.0f}{1e6 / speed:9.2f}{ratios}{ratio(taken, 'ours', name):12.2f}")
    gates = ", ".join(f"{gate:g} x {name}" for name, gate in GATES.items())
    reached, most = ratio(taken, "ours", "floor"), ratio(taken, "stripped", "floor")
    lines.append(f"medians of {rounds} alternating rounds of about {calls:,} calls; gates for ours: {gates}")
    lines.append(
        f"stretch, no gate: {STRETCH:g} x floor, {STRETCH / most:.0%} of what the stripped model reaches ({most:.3f}); "
        f"ours is at {reached:.3f}, {reached / most:.0%} of it"
    )
    return "\n".join(lines)


def _rest() -> Iterator[str]:
    """Growth and overhead, a table at a time; at the end, which of their targets are missed."""
    start, start_ratios = overhead.start_table()
    yield start
    swept, sweep_ms = overhead.sweep_table()
    yield swept
    live, live_ratio = growth.live_table()
    yield live
    yield growth.memory_table()
    missed = ["price of a call by live agents"] * (live_ratio > growth.LIVE_TARGET)
    missed += [f"start-up ({name})" for name in ("built", "loaded", "shell") if start_ratios[name] > overhead.START_TARGET]
    missed += ["scenarios of a sweep"] * (sweep_ms > overhead.SWEEP_TARGET_MS)
    yield f"targets missed: {', '.join(missed) or 'none'}"


if __name__ == "__main__":
    main()
