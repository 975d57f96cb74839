"""What stands on a page, before it is HTML: texts, tables, drawings."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

MOST_ROWS = 200
"""Of a table on a page: what is longer is in a file beside it."""
SHORT = 28
"""Letters of a text that needs no second line."""
NO_NUMBER = ("", "-", "?", "unknown", "exact")
_NUMBER = re.compile(r"([-+<]?)\$?(\d[\d,]*\.?\d*(?:e[-+]?\d+)?)([kMBT]?)\b")
_SIZES = {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
_SENTENCE = re.compile(r"(?<=[\w)%]\.) +(?=[A-Z0-9])")


@dataclass(frozen=True)
class Table:
    """Texts in columns under a caption; the first column says what each row is of."""

    caption: str
    texts: pd.DataFrame
    note: str = ""

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Headings, and what stands below them: `n`, numbers; `k`, words that are short enough to keep together; nothing, texts."""
        return [(str(name), _kind(place, self.texts.iloc[:, place])) for place, name in enumerate(self.texts.columns)]

    @property
    def rows(self) -> Iterator[list[tuple[str, str]]]:
        """Each row's texts with what they are sorted by: a number as Python writes it, or nothing."""
        for row in self.texts.head(MOST_ROWS).itertuples(index=False):
            yield [(str(text), _key(str(text))) for text in row]

    @property
    def left_out(self) -> int:
        """How many rows are not shown."""
        return max(0, len(self.texts) - MOST_ROWS)


@dataclass(frozen=True)
class Drawing:
    """A figure as SVG."""

    name: str
    title: str
    """What it states, in a sentence."""
    svg: str


@dataclass(frozen=True)
class Chart:
    """A chart that the reader's hand changes, drawn by a script: without one nothing is seen of it, so its numbers stand elsewhere too."""

    kind: str
    """The script under `charts/` that draws it."""
    label: str
    data: Mapping[str, Any]
    """Plain values; texts in it are visible ones."""
    note: str = ""

    @property
    def json(self) -> str:
        """The data as it stands in an element `script`."""
        return json.dumps(self.data, separators=(",", ":")).replace("<", "\\u003c")


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    id: str
    heading: str
    paragraphs: Sequence[str] = ()
    tables: Sequence[Table] = ()
    drawings: Sequence[Drawing] = ()
    charts: Sequence[Chart] = ()
    code: str = ""
    """A command."""
    items: Sequence[str] = ()
    """A list."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing below the heading."""
        return not (self.paragraphs or self.tables or self.drawings or self.charts or self.code or self.items)


@dataclass(frozen=True)
class Page:
    """All of it, in the order in which it is read."""

    title: str
    question: str
    warnings: Sequence[str]
    """What has to be known before any number."""
    answer: str
    sections: Sequence[Section]
    made: Mapping[str, str] = field(default_factory=dict)
    """Version, seed, digest, by what they are."""

    @property
    def charts(self) -> list[str]:
        """Kinds of chart that stand on it."""
        return sorted({chart.kind for section in self.sections for chart in section.charts})

    def without_charts(self) -> Page:
        """The same for want of room."""
        return replace(self, sections=[replace(section, charts=()) for section in self.sections])

    @property
    def lead(self) -> str:
        """The answer's first two sentences."""
        return " ".join(sentences(self.answer)[:2])

    @property
    def more(self) -> list[str]:
        """Its other sentences."""
        return sentences(self.answer)[2:]


def sentences(text: str) -> list[str]:
    """A text cut where a sentence ends and another begins; nothing is lost, whatever names stand in it."""
    return [part for part in _SENTENCE.split(text) if part]


def _kind(place: int, column: pd.Series) -> str:
    if place and _numeric(column):
        return "n"
    return "k" if max((len(text) for text in map(str, column)), default=0) <= SHORT else ""


def _numeric(column: pd.Series) -> bool:
    told = [text for text in map(str, column) if text not in NO_NUMBER]
    return bool(told) and all(_key(text) for text in told)


def _key(text: str) -> str:
    """The first number of a text that begins with one: `1,540`, `$4.1`, `12k`, `43 %`, `9.5 ±4%`; `<1 %` is just below 1."""
    found = _NUMBER.match(text)
    if found is None:
        return ""
    sign, digits, size = found.groups()
    value = float(digits.replace(",", "")) * _SIZES[size]
    value = -value if sign == "-" else math.nextafter(value, 0) if sign == "<" else value
    return repr(value)
