"""Studies: each a question, a command, a finding, a figure, a table. `python -m experiments.<name>`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn


class Words(argparse.ArgumentParser):
    """What a study takes. A mistake is one line, and ends with 1, as everywhere in `sim`."""

    def __init__(self, name: str, about: str | None) -> None:
        super().__init__(prog=f"python -m experiments.{name}", description=(about or "").partition("\n")[0])

    def error(self, message: str) -> NoReturn:
        self.exit(1, f"sim: {message}; a study takes no settings: see {self.prog} --help\n")


def folder_of(name: str, about: str | None) -> Path:
    """Where a study's results go: `outputs/<name>`, or what `--out` says."""
    parser = Words(name, about)
    parser.add_argument("--out", type=Path, default=Path("outputs") / name, help="folder for the table and the figures")
    folder: Path = parser.parse_args().out
    return folder
