"""What users have written is text and nothing else, also where a terminal, Markdown or a spreadsheet would take it for more."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_TURNS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the direction of writing, so that a text reads otherwise than it is."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


def visible(text: str) -> str:
    """Without control over a terminal: such characters are written as Python would, line breaks and tabs apart."""
    return "".join(_written(each) if _TURNS.match(each) or unicodedata.category(each) in ("Cc", "Cs") else each for each in text)


def one_line(text: str) -> str:
    """Visible, and line breaks too."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _written(letter: str) -> str:
    return letter if letter in "\n\t" else ascii(letter)[1:-1]


def in_markdown(text: str) -> str:
    """As a paragraph of Markdown: no HTML, no link, no image, no heading or list of its own; emphasis stays what it is."""
    text = re.sub(r"&(?=#?\w+;)", "&amp;", visible(text)).replace("<", "&lt;")
    text = re.sub(r"\](?=\s*[(\[:])", r"\\]", text).replace("://", ":&#47;&#47;")
    return re.sub(r"(?m)^(\s*)([#>|~`=-]|[*+](?=\s)|\d+(?=[.)]\s))", lambda found: f"{found[1]}\\{found[2]}", text)


def in_fence(text: str) -> str:
    """As it stands between fences that are longer than any in it."""
    text = visible(text)
    fence = "`" * max(3, *(len(found) + 1 for found in re.findall("`+", text)), 3)
    return f"{fence}text\n{text}\n{fence}"


def in_cells(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose texts no spreadsheet takes for formulas: `=1+1` gets an apostrophe before it, which `from_cells` takes away."""
    return _each_text(table, in_cell)


def from_cells(table: pd.DataFrame) -> pd.DataFrame:
    """What `in_cells` was given."""
    return _each_text(table, lambda text: text[1:] if isinstance(text, str) and text.startswith("'") else text)


def in_cell(text: Any) -> Any:
    """A text that no spreadsheet takes for a formula; anything else as it is."""
    if not (isinstance(text, str) and len(text) > 1 and text.startswith(_FORMULA)):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def _each_text(table: pd.DataFrame, change: Any) -> pd.DataFrame:
    import pandas as pd

    def changed(column: Any) -> Any:
        return column if pd.api.types.is_numeric_dtype(column) else column.map(change)

    table = table.copy()
    for place, kind in enumerate(table.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            table.isetitem(place, table.iloc[:, place].map(change))
    table.columns = [change(name) for name in table.columns]
    table.index = changed(table.index)
    return table
