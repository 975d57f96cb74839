"""What a study needs beside `sim` itself: paper and pens for its figures, numbers and tables for people, a folder to leave them in.

The public face of `sim.report` for studies, notebooks and scripts. It knows matplotlib: whoever only prints pays for its import too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from sim.report.numbers import compact, dollars, number, percent
from sim.report.plots.canvas import COLOURS, INK, Figures, draw_key, label_ends, log_ticks, pen, save_all, scale, sheet, styled
from sim.report.tables import aligned
from sim.report.terminal.screen import show
from sim.results.files import Files
from sim.statistics import digits, jackknife

__all__ = [
    "COLOURS",
    "INK",
    "aligned",
    "compact",
    "dollars",
    "draw_key",
    "jackknife",
    "label_ends",
    "log_ticks",
    "number",
    "pen",
    "percent",
    "publish",
    "scale",
    "sheet",
    "styled",
]


def publish(
    name: str,
    table: pd.DataFrame,
    finding: str,
    figures: Figures,
    folder: Path,
    text: str = "",
    more: Mapping[str, pd.DataFrame] | None = None,
) -> None:
    """Print a study's table (`text`, where it is too long to read) and finding; leave table, figures and `more` tables in a folder."""
    for file, each in {name: table, **(more or {})}.items():
        Files(folder).write_table(f"{file}.csv", each)
    save_all(figures, folder)
    show(f"{text or aligned(table.map(_written))}\n\n{finding}\n\n{folder}")


def _written(value: object) -> str:
    """Four significant digits of a number; everything else as it is."""
    if isinstance(value, float):
        return "-" if math.isnan(value) else "no end" if math.isinf(value) else digits(value, 4)
    return str(value)
