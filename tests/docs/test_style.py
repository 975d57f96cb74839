"""Words that users do not read: each has a better one in the page on style."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim import columns
from sim.report.reference.menus import menus, set_in
from sim.report.reference.settings import every_setting
from sim.results.metrics import METRICS

ROOT = Path(__file__).resolve().parents[2]
STYLE = ROOT / "docs" / "contributing" / "style.md"
SPEAK = ("report", "shell", "results/notes", "results/told", "results/outlook", "results/capacity", "scenario/told", "sweeps/told")
"""Rooms of `sim/` whose texts are printed or written on pages."""


def banned() -> dict[str, str]:
    """What to say instead, by the pattern of what not to say: lines of the style page."""
    return {
        pattern: say for say, pattern in re.findall(r"^- say (.+), not `([^`]+)`$", STYLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }


def pages() -> Iterator[tuple[str, str]]:
    """README and the pages of the site, but for those for contributors."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        if "contributing" not in path.parts:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def reference() -> Iterator[tuple[str, str]]:
    """What `sim list`, `sim explain` and the reference say."""
    yield from ((key, one.meaning + " ".join(one.choices.values())) for key, one in every_setting().items())
    yield from ((metric.name, metric.meaning) for metric in METRICS)
    yield from ((column.name, column.meaning) for table in (columns.CALLS, columns.TASKS, columns.TIMELINE) for column in table)
    for choices in menus().values():
        for choice in choices:
            yield choice.word, " ".join([choice.line, *(value.comment for value in set_in(choice))])


def printed() -> Iterator[tuple[str, str]]:
    """Texts of two words or more in rooms that speak, and what studies say of themselves."""
    files = [path for room in SPEAK for path in sorted((ROOT / "sim" / room).rglob("*.py"))]
    for path in [*files, *sorted((ROOT / "experiments").glob("*.py"))]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        hidden = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)} - {id(getattr(tree.body[0], "value", None))}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip() and id(node) not in hidden:
                yield f"{path.relative_to(ROOT).as_posix()}:{node.lineno}", node.value


TEXTS = {"pages": pages, "printed": printed, "reference": reference}


@pytest.mark.parametrize("where", TEXTS)
def test_users_read_the_words_of_the_field(where: str) -> None:
    found = [
        f"{name}: {hit[0]!r}, say {say}"
        for name, text in TEXTS[where]()
        for pattern, say in banned().items()
        for hit in re.finditer(pattern, text, flags=re.IGNORECASE)
    ]
    assert not found, "\n".join(found)


def test_the_style_page_bans_something_and_each_pattern_finds_its_word() -> None:
    assert len(banned()) >= 8
    for text in ("luck", "dearest backends", "by the session", "matched chat", "dollars by solved task", "toks", "expected-value twin"):
        assert any(re.search(pattern, text, flags=re.IGNORECASE) for pattern in banned()), text
    for text in ("random numbers", "per session", "the compiled twin", "deal", "session by session"):
        assert not any(re.search(pattern, text, flags=re.IGNORECASE) for pattern in banned()), text
