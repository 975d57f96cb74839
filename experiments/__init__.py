"""Studies: each a question, a command, a finding, a figure, a table. `python -m experiments.<name>`."""

from __future__ import annotations

import argparse
from pathlib import Path


def folder_of(name: str, about: str | None) -> Path:
    """Where a study's results go: `outputs/<name>`, or what `--out` says."""
    parser = argparse.ArgumentParser(prog=f"python -m experiments.{name}", description=(about or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("outputs") / name, help="folder for the table and the figures")
    folder: Path = parser.parse_args().out
    return folder
