"""Studies: each a question, a command, a finding, a figure, a table. `python -m experiments.<name>`."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from sim.report.plots.canvas import save_all
from sim.report.tables import aligned
from sim.results.files import write_whole


def publish(name: str, table: pd.DataFrame, finding: str, figures: Mapping[str, Figure], folder: Path, text: str = "") -> None:
    """Print a study's table (`text`, where the table is too long to read) and finding; leave table and figures in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / f"{name}.csv", lambda path: table.to_csv(path, index=False))
    save_all(figures, folder)
    print(f"{text or aligned(table.map(_written))}\n\n{finding}\n\n{folder}")


def folder_of(name: str, about: str | None) -> Path:
    """Where a study's results go: `outputs/<name>`, or what `--out` says."""
    parser = argparse.ArgumentParser(prog=f"python -m experiments.{name}", description=(about or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("outputs") / name, help="folder for the table and the figures")
    folder: Path = parser.parse_args().out
    return folder


def _written(value: object) -> str:
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:,.4g}"
    return str(value)
