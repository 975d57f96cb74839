"""What a notebook shows of a value: a headline, a small table, what belongs below. Texts are escaped, and there is no script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

MOST_ROWS = 12
"""Of a table in a notebook; how many more there are is said."""


def card(headline: str, columns: Sequence[str], rows: Sequence[Sequence[str]], below: Sequence[str] = (), most: int = MOST_ROWS) -> str:
    """As HTML: the first column to the left, the others to the right; headings may be empty, and of many rows the first are shown."""
    head = "".join(f"<th style='text-align:{_side(place)}'>{escape(name)}</th>" for place, name in enumerate(columns))
    body = "".join(f"<tr>{''.join(_cell(place, text) for place, text in enumerate(row))}</tr>" for row in rows[:most])
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if rows else ""
    more = [f"{len(rows) - most:,} more rows"] if len(rows) > most else []
    said = "".join(f"<p style='margin:.3em 0'><small>{escape(line)}</small></p>" for line in (*more, *below))
    return f"<div><p style='margin:.3em 0'><strong>{escape(headline)}</strong></p>{table}{said}</div>"


def _cell(place: int, text: str) -> str:
    return f"<td style='text-align:{_side(place)}'>{escape(text)}</td>"


def _side(place: int) -> str:
    return "right" if place else "left"
