"""An SVG of matplotlib's made part of a page: no names but its own, no style for others, its words as text."""

from __future__ import annotations

import re

from markupsafe import escape

from sim.report.html.content import Drawing
from sim.results.escape import visible

FONTS = "'DejaVu Sans', Verdana, sans-serif"
"""Who has not the font that it is drawn with has one as wide."""
_ID = re.compile(r' id="([^"]*)"')
_USED = re.compile(r'(url\(#|href="#)([^)"]*)')
_BEFORE = re.compile(r"^.*?(?=<svg\b)|<metadata>.*?</metadata>|<style\b.*?</style>|<!--.*?-->", re.S)
_LONG = re.compile(r"(\.\d\d)\d+")
"""More of a coordinate than a hundredth of a point."""


def inline(drawing: Drawing) -> str:
    """The element `svg`, with a title for who cannot see it. Its ids begin with the figure's name."""
    text = _BEFORE.sub("", drawing.svg).strip()
    used = {found[2] for found in _USED.finditer(text)}
    text = _ID.sub(lambda found: f' id="{drawing.name}-{found[1]}"' if found[1] in used else "", text)
    text = _USED.sub(lambda found: f"{found[1]}{drawing.name}-{found[2]}", text)
    text = "".join(
        part if part.startswith("<text") else _LONG.sub(r"\1", part) for part in re.split(r"(<text\b.*?</text>)", text, flags=re.S)
    )
    text = text.replace("font-family: 'DejaVu Sans'", f"font-family: {FONTS}").replace("'DejaVu Sans';", f"{FONTS};")
    text = re.sub(r"\n\s*", "\n", text)
    head, body = re.match(r"<svg\b[^>]*>", text), f"{drawing.name}-title"
    assert head is not None
    box = re.search(r'viewBox="[\d. ]+"', head[0])
    opened = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {box[0] if box else ""}'
    title = f'<title id="{body}">{escape(visible(drawing.title))}</title>'
    return f'{opened} role="img" aria-labelledby="{body}">{title}{text[head.end() :]}'
