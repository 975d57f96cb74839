"""What the pages for contributors name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "contributing").glob("*.md"))
_PATH = re.compile(r"\b((?:sim|conf|tests|calibration|docs)/[\w/]*[\w/](?:\.\w+)?)")
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
_MAKE = re.compile(r"`make (\w[\w-]*)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_paths_links_and_commands_exist(page: Path) -> None:
    text = page.read_text()
    missing = {path for path in _PATH.findall(text) if not (ROOT / path).exists()}
    missing |= {link for link in _LINK.findall(text) if not (page.parent / link).exists()}
    missing |= {f"make {target}" for target in _MAKE.findall(text) if f"\n{target}:" not in (ROOT / "Makefile").read_text()}
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_lines_are_short(page: Path) -> None:
    if page.stem != "house":
        assert max(len(line) for line in page.read_text().splitlines()) <= 130
