"""Files of runs: read to the last bit, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.results.sample import Sample

if TYPE_CHECKING:
    import pandas as pd


def read_sample(folder: Path) -> Sample | None:
    """The metrics that a run left in its folder (`summary.csv`, `replications.csv`); None where it left none."""
    files = folder / "summary.csv", folder / "replications.csv"
    if not all(file.exists() for file in files):
        return None
    summary, left_out = read_table(files[0]).set_index("metric"), read_table(files[1])
    return Sample(dict(summary["mean"]), {str(name): part["without"].to_numpy() for name, part in left_out.groupby("metric", sort=False)})


def read_table(file: Path) -> pd.DataFrame:
    """A CSV of ours, its numbers to the last bit."""
    import pandas as pd

    older: dict[str, Any] = {"float_precision": "round_trip"} if pd.__version__ < "3" else {}
    return pd.read_csv(file, **older)


def read_json(file: Path) -> dict[str, Any]:
    """A file that holds a mapping; nothing where there is none, or none that can be read."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Have a file written aside and put in its place when it is complete."""
    aside = path.with_name(f".{path.name}.part")
    try:
        write(aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
