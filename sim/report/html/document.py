"""A page as HTML: one file, escaped throughout, that asks no network for anything."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from sim.report.html.content import Page
from sim.report.html.drawing import inline
from sim.results.escape import visible

MOST_BYTES = 999_000
"""Of a page. One that is longer with charts has none: what they show is in its tables and figures too."""
_HERE = Path(__file__).parent
_LIBRARIES = ("vendor/d3.min.js", "vendor/plot.umd.min.js", "charts/chart.js")
"""What every chart is drawn with."""


def _final(value: Any) -> Any:
    """Texts of users without control characters, before they are escaped."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else visible(value)


def html(page: Page) -> str:
    """The whole document."""
    text = _written(page)
    return text if len(text.encode()) <= MOST_BYTES or not page.charts else _written(page.without_charts())


def _written(page: Page) -> str:
    settings = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined, finalize=_final,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    settings.globals |= {"drawn": lambda drawing: Markup(inline(drawing)), "data": lambda chart: Markup(chart.json)}
    scripts = [_read(name) for name in ("sort.js", *_of_charts(page.charts))]
    return settings.get_template("page.jinja").render(
        page=page, style=Markup(_read("style.css")), scripts=list(map(Markup, scripts)), hashes=list(map(_hash, scripts))
    )


def _of_charts(kinds: Sequence[str]) -> list[str]:
    return [*_LIBRARIES, *(f"charts/{kind}.js" for kind in kinds)] if kinds else []


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """By which a browser knows our own scripts: no other runs, wherever it may have got in."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
