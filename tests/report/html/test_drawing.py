"""Drawings on one page keep out of each other's way."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from matplotlib.figure import Figure

from sim.report.html.content import Drawing
from sim.report.html.drawing import inline
from sim.report.plots.canvas import save_all, save_drawings

WORDS = "tokens & <b>dollars</b> 1.23456"


def drawn(folder: Path, name: str) -> str:
    figure = Figure()
    axes = figure.subplots()
    axes.bar([1, 2], [1.23456789, 2], hatch="//")
    axes.set_xlabel(WORDS)
    save_all({name: figure}, folder)
    return save_drawings({name: figure}, folder)[name]


def test_ids_are_its_own_and_words_are_words(tmp_path: Path) -> None:
    one, two = (inline(Drawing(name, "<b>", drawn(tmp_path, name))) for name in ("one", "two"))
    for name, text in (("one", one), ("two", two)):
        ElementTree.fromstring(text)
        ids = re.findall(r' id="([^"]*)"', text)
        assert ids
        assert all(each.startswith(f"{name}-") for each in ids)
        assert set(re.findall(r"url\(#([^)]*)\)", text)) <= set(ids)
        assert "tokens &amp; &lt;b&gt;dollars&lt;/b&gt; 1.23456" in text
        assert "<title id=" in text
        assert "<style" not in text
        assert "metadata" not in text
        assert not re.search(r'd="[^"]*\.\d{3}', text)


def test_the_same_figure_gives_the_same_bytes(tmp_path: Path) -> None:
    assert drawn(tmp_path / "a", "one") == drawn(tmp_path / "b", "one")
