"""Text as a terminal has room for it: paragraphs wrapped between words, tables with as many columns as fit.

Columns stand in the order of their importance: the last are left out first, and a line says which. A pipe or a file has room for all.
"""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from itertools import pairwise

from sim.errors import DataError

WIDEST = 120
"""Letters of a line of prose, however wide the terminal: longer ones are hard to read."""
_RULE = re.compile(r"-+(?:  -+)*")
"""The line below the headings of a table (`sim.report.tables.aligned`): where each column begins and ends."""
_BULLET = re.compile(r"- +")


def show(text: str) -> None:
    """Print a text as whoever reads it has room for it. Raises `DataError` where code of the user's has closed what is printed to."""
    if sys.stdout is None or sys.stdout.closed:
        raise DataError("nothing can be shown, since the standard output is closed: by code of your own? what the run leaves is whole")
    print(fitted(text, room()), flush=True)


def room() -> int | None:
    """Letters of a line of the terminal that is printed to; None where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def fitted(text: str, wide: int | None) -> str:
    """A text in lines of so many letters: its tables without the columns that do not fit, its paragraphs wrapped. None: as it is."""
    return text if wide is None else "\n\n".join(_block(block, wide) for block in text.split("\n\n"))


def _block(block: str, wide: int) -> str:
    """Lines without an empty one between: prose, or one table after another."""
    lines = block.split("\n")
    heads = [place - 1 for place in range(1, len(lines)) if _RULE.fullmatch(lines[place])]
    if not heads or heads[0]:
        return "\n".join(_wrapped(line, min(wide, WIDEST)) for line in lines)
    return "\n".join(_table(lines[start:end], wide) for start, end in pairwise([*heads, len(lines)]))


def _table(lines: Sequence[str], wide: int) -> str:
    """The columns that fit; the first in any case, since it says what each row is of."""
    spans = [found.span() for found in re.finditer("-+", lines[1])]
    fit = max(1, sum(end <= wide for _, end in spans))
    if fit == len(spans):
        return "\n".join(lines)
    kept = [line[: spans[fit - 1][1]].rstrip() for line in lines]
    out = ", ".join(lines[0][start:end].strip() for start, end in spans[fit:])
    return "\n".join([*kept, _wrapped(f"| less -S, or a wider terminal, shows more: {out}", min(wide, WIDEST))])


def _wrapped(line: str, wide: int) -> str:
    """A line of prose within so many letters; one that is indented is a command or drawn, and is left as it is."""
    if len(line) <= wide or line[:1].isspace():
        return line
    bullet = _BULLET.match(line)
    indent = " " * len(bullet[0]) if bullet else ""
    return textwrap.fill(line, wide, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
