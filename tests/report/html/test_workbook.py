"""A workbook holds what it is given, and no text of it is a formula."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd

from sim.report.html.workbook import RESULTS, write_workbook


def test_numbers_are_numbers_and_texts_are_texts(tmp_path: Path) -> None:
    given = pd.DataFrame({"what": ['=HYPERLINK("http://evil")', "-1+2", "plain"], "USD": [0.1, 2.0, float("nan")]})
    write_workbook({"one": given, "=two": given.head(1)}, tmp_path, RESULTS)
    book = openpyxl.load_workbook(tmp_path / RESULTS)
    assert book.sheetnames == ["one", "=two"]
    cells = [[(cell.value, cell.data_type) for cell in row] for row in book["one"].iter_rows()]
    assert cells == [
        [("what", "s"), ("USD", "s")],
        [('=HYPERLINK("http://evil")', "s"), (0.1, "n")],
        [("-1+2", "s"), (2, "n")],
        [("plain", "s"), (None, "inlineStr")],
    ]
