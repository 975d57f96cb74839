"""Lists in columns that fit the terminal: the last column is wrapped."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from typing import Any

LEAST = 30
"""Letters of the last column, however narrow the terminal."""


def width() -> int:
    """Letters of a line: of the terminal, at most 120; 100 where there is none."""
    return min(120, shutil.get_terminal_size((100, 24)).columns)


def columns(rows: Sequence[Sequence[Any]]) -> str:
    """Rows of texts, each column as wide as it needs, two spaces between, the last wrapped to the width of the terminal."""
    texts = [[str(cell) for cell in row] for row in rows]
    wide = [max(len(row[place]) for row in texts) for place in range(len(texts[0]) - 1)]
    indent = sum(wide) + 2 * len(wide)
    said = []
    for *cells, last in texts:
        head = "".join(f"{cell:<{room}}  " for cell, room in zip(cells, wide, strict=True))
        lines = textwrap.wrap(last, max(LEAST, width() - indent), break_long_words=False) or [""]
        said.append("\n".join([f"{head}{lines[0]}".rstrip(), *(" " * indent + line for line in lines[1:])]))
    return "\n".join(said)


def paragraph(text: str, indent: int = 2) -> str:
    """A text wrapped to the terminal, indented."""
    return textwrap.fill(text, width(), initial_indent=" " * indent, subsequent_indent=" " * indent, break_long_words=False)
