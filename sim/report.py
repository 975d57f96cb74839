"""What a run or a sweep says to people: tables, figures, a finding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sim.result import Result


def show_run(result: Result, folder: Path) -> None:
    print(result.summary.to_string())
    print(folder)


def show_sweep(table: Any, folder: Path) -> None:
    print(table.to_string())
    print(folder)
