"""A page as HTML: one file, escaped throughout, that asks no network for anything."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from sim.report.html.content import Page
from sim.report.html.drawing import inline
from sim.results.escape import visible

_HERE = Path(__file__).parent
_SCRIPT = (_HERE / "sort.js").read_text(encoding="utf-8")
_SHOWN = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
"""By which a browser knows our own script: no other runs, wherever it may have got in."""


def _final(value: Any) -> Any:
    """Texts of users without control characters, before they are escaped."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else visible(value)


def html(page: Page) -> str:
    """The whole document."""
    settings = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined, finalize=_final,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    settings.globals |= {"drawn": lambda drawing: Markup(inline(drawing))}
    style = (_HERE / "style.css").read_text(encoding="utf-8")
    return settings.get_template("page.jinja").render(page=page, style=Markup(style), script=Markup(_SCRIPT), script_hash=_SHOWN)
