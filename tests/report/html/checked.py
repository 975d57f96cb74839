"""A page held to what every page is: well-formed, small, without a network, with tables and figures that a screen reader can tell."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input"}
SECTIONS = {"answer", "figures", "care", "sources", "settings", "made", "change"}


class Page(HTMLParser):
    """Every element closed in its order; ids, references and texts as they stand."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.said: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["script"], ["style"]):
            self.said.append(data)

    @property
    def text(self) -> str:
        """What is read, spaces as they come."""
        return " ".join(" ".join(self.said).split())


def checked(text: str) -> Page:
    """The page, once it is held to all of it."""
    assert len(text.encode()) < 1_000_000
    page = Page(text)
    ids = [held["id"] for _, held in page.tags if "id" in held]
    assert len(ids) == len(set(ids))
    for tag, held in page.tags:
        for name, value in held.items():
            assert name.startswith("xmlns") or name == "aria-label" or "//" not in value, (tag, name, value)
            assert not name.startswith("on"), (tag, name)
            if name in ("href", "xlink:href"):
                assert value.startswith("#"), (tag, value)
                assert value[1:] in ids, value
            if name == "aria-labelledby":
                assert value in ids, value
            assert set(re.findall(r"url\(#([^)]*)\)", value)) <= set(ids), value
    tags = [tag for tag, _ in page.tags]
    assert tags.count("h1") == tags.count("main") == 1
    charts = [held for tag, held in page.tags if "data-chart" in held]
    assert all("hidden" in held for held in charts)
    assert tags.count("script") == 1 + (len(charts) + 3 + len({held["data-chart"] for held in charts}) if charts else 0)
    assert tags.count("table") == tags.count("caption") == tags.count("thead") == tags.count("tbody")
    assert all(held.get("scope") in ("col", "row") for tag, held in page.tags if tag == "th")
    assert all(held["role"] == "img" for tag, held in page.tags if tag == "svg")
    assert tags.count("svg") == tags.count("figure")
    assert "@import" not in text
    assert set(ids) >= SECTIONS
    return page
