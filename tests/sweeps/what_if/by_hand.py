"""A log of two sessions at Claude Opus 4.6, and its bills by hand at the prices of February 2026."""

from __future__ import annotations

from pathlib import Path

from sim.logs import Log, read
from tests.logs.readers.traces.test_own import HEAD
from tests.logs.written import OUT, READ, WRITE, lines

START_S = 1_771_200_000
"""A moment of February 2026."""
TWO = (
    "s,main,0,0,100000,1000,10", "s,main,1,20,110000,1000,10",  # ten seconds later: all of the last prompt is read
    "s,main,2,530,120000,1000,10",  # 500 s later: nothing is
    "t,main,0,1000000,50000,500,10",
)  # fmt: skip
WRITTEN, READS, OUTPUT = 100_000 + 10_000 + 120_000 + 50_000, 100_000, 3_500
BILL_USD = WRITTEN * WRITE + READS * READ + OUTPUT * OUT


def log_of(path: Path, *calls: str, columns: str = "api_time_s") -> Log:
    """Calls at seconds after a moment of February 2026."""
    moved = []
    for call in calls:
        cells = call.split(",")
        cells[3] = str(START_S + float(cells[3]))
        moved.append(",".join(cells))
    return read(lines(path / "log.csv", f"{HEAD},{columns}", *moved))


def two(path: Path) -> Log:
    """The log."""
    return log_of(path, *TWO)
