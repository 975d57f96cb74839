"""Pages of an API that were saved as they came: the rows within, and whether all pages are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_ROWS = ("data", "results", "items", "rows", "logs")
_ALL_PAGES = ("total_pages", "totalPages", "page_count", "pages")
_ALL_ROWS = ("total", "total_count", "totalCount", "total_rows")
_MORE = ("has_more", "hasMore", "next_page", "nextPage", "next_cursor", "nextCursor", "next_page_token", "next")


class Pages:
    """Those that were read."""

    def __init__(self) -> None:
        self._read: set[str] = set()
        self._rows = self._with_more = self._all_pages = self._all_rows = 0

    def rows(self, entries: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Of each page what it holds, with its place; what is no page as it is."""
        for place, entry in entries:
            if (held := rows_of(entry)) is None:
                yield place, entry
                continue
            self._met(entry, len(held))
            yield from ((f"{place}, row {number}", row) for number, row in enumerate(held, 1))

    def _met(self, page: Mapping[str, Any], rows: int) -> None:
        about = {**page, **next((page[name] for name in ("meta", "pagination") if isinstance(page.get(name), dict)), {})}
        self._read.add(str(about.get("page") or f"#{len(self._read)}"))
        self._rows += rows
        self._with_more += any(about.get(name) for name in _MORE)
        self._all_pages = max(self._all_pages, _most(about, _ALL_PAGES))
        self._all_rows = max(self._all_rows, _most(about, _ALL_ROWS))

    def missing(self) -> tuple[str, int]:
        """That pages are missing, and how many rows are there; empty: nothing says so."""
        said = ""
        if self._all_pages > len(self._read):
            said = f"on {len(self._read)} of {self._all_pages} pages that there are: the calls of the others are missing"
        elif not self._all_pages and self._all_rows > self._rows:
            said = f"of {self._all_rows:,} that there are by their page: the calls of other pages are missing"
        elif not self._all_pages and not self._all_rows and self._read and self._with_more == len(self._read):
            said = "on pages of which each says that there are more: the calls of others are missing"
        return said, self._rows


def rows_of(entry: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """What a page holds; None: it is none."""
    for name in _ROWS:
        held = entry.get(name)
        if isinstance(held, list) and held and all(isinstance(each, dict) for each in held):
            return held
    return None


def _most(about: Mapping[str, Any], names: Iterable[str]) -> int:
    return max((about[name] for name in names if type(about.get(name)) is int), default=0)
