"""Tables as a workbook for a spreadsheet: all numbers as numbers, no text a formula."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from sim.errors import ConfigError
from sim.results.files import Files

COMPARISON, RESULTS = "comparison.xlsx", "results.xlsx"
FORMULA, TEXT = "f", "s"
"""What a cell holds, as openpyxl has it: it takes `=1+1` for a formula, whoever wrote it."""


def check_openpyxl() -> None:
    """Raise `ConfigError` where what writes workbooks is not installed: before any work is done for one."""
    try:
        import openpyxl  # noqa: F401
    except ImportError:
        raise ConfigError("--xlsx needs openpyxl: pip install 'agent-token-sim[xlsx]'") from None


def write_workbook(sheets: Mapping[str, pd.DataFrame], folder: Path, name: str) -> Path:
    """`results.xlsx` of a run or a sweep, `comparison.xlsx`, whole or not at all: a sheet each, the first row and column stay in sight."""

    def write(path: Path) -> None:
        with path.open("wb") as file, pd.ExcelWriter(file, engine="openpyxl") as book:
            for sheet, table in sheets.items():
                table.to_excel(book, sheet_name=sheet, index=False, freeze_panes=(1, 1))
                for cell in (cell for cells in book.sheets[sheet].iter_rows() for cell in cells if cell.data_type == FORMULA):
                    cell.data_type = TEXT

    return Files(folder).write(name, write)
