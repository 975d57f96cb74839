"""The reference is complete: each setting, choice, backend, column, metric, command and study, with unit and meaning."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from docs.reference import TABLES, main, pages
from sim import columns
from sim.columns import Column
from sim.report.reference.menus import menus
from sim.report.reference.settings import NAME, every_setting
from sim.report.reference.studies import studies
from sim.results.metrics import METRICS
from sim.shell.verbs import VERBS

written = cache(pages)


def said(text: str) -> str:
    """As a reader sees it."""
    return re.sub(r"\\([<>*_\[\]|])", r"\1", text)


def rows(page: str) -> dict[str, list[str]]:
    """The tables of a page, by the first cell without its marks."""
    cells = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in written()[f"reference/{page}.md"].splitlines() if line.startswith("|")]
    return {re.sub(r"[`\[].*?[`\]]", lambda mark: mark[0].strip("`[]"), row[0]): [said(cell) for cell in row[1:]] for row in cells}


def entries() -> dict[str, str]:
    """What stands under each setting."""
    parts = re.split(r"^#{2,3} ", written()["reference/settings.md"], flags=re.MULTILINE)
    return {re.split("`", part)[1]: said(part) for part in parts if part.startswith("`")}


def test_each_setting_has_meaning_type_unit_and_default() -> None:
    found = entries()
    assert sorted(found) == sorted(every_setting())
    for key, one in every_setting().items():
        assert one.meaning, key
        assert one.meaning in found[key], key
        assert f"Takes: {one.kind}" in found[key], key
        assert f"unit: {one.unit}" in found[key] or not one.unit, key
        assert f"default: `{one.default}`" in found[key] or not one.default, key


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("agent.fanout", ["at least 1", "(recorded: of 23 waves)", "`agent=debate`: `3`"]),
        ("market.models.<name>.cache_ttl_s", ["unit: seconds", "[backends](backends.md)"]),
        ("horizon_s", ["unit: seconds", "default: `null`"]),
        ("router.policy", ["- `cheapest`: "]),
    ],
)
def test_a_setting_as_it_is_read(key: str, words: list[str]) -> None:
    for word in words:
        assert word in entries()[key]


def test_each_column_and_metric_has_unit_and_meaning() -> None:
    every = [column for each, _ in TABLES.values() for column in each]
    tables = [value for value in vars(columns).values() if isinstance(value, tuple) and value and isinstance(value[0], Column)]
    assert len(tables) == len(TABLES) + 1, "a table of sim/columns.py that no page has (SPANS is inside PROVIDERS)"
    found = rows("columns")
    for name in {column.name for column in every}:
        of_name = [[column.unit or "-", column.meaning] for column in every if column.name == name]
        assert found[name] in of_name
        assert all(meaning for _, meaning in of_name)
    found = rows("metrics")
    for metric in METRICS:
        assert metric.meaning
        assert found[metric.name] == [metric.unit or "-", metric.meaning], metric.name


def test_each_choice_and_backend_is_there_with_its_date_and_marks() -> None:
    text = written()["reference/menus.md"] + written()["reference/backends.md"]
    for menu, choices in menus().items():
        for choice in choices:
            if menu.startswith("backend/"):
                assert f"### `{choice.name}` in {menu.partition('/')[2]} " in text
            else:
                assert f"| `{choice.word}`" in text
    opus = rows("backends")["claude_opus_4_6(#feb_2026.claude_opus_4_6)"]
    assert opus == ["Claude Opus 4.6", "5", "0.5", "6.25", "25", "2026-02-20"]
    assert rows("backends")["error_rate"][0] == every_setting()[f"market.models.{NAME}.error_rate"].unit
    assert "| `ttft_s` | seconds | `0.5529` | S: recorded sessions" in text


def test_each_command_and_study_is_there() -> None:
    text = written()["reference/commands.md"]
    for verb in VERBS:
        assert f"## sim {verb}\n\n```text\nusage: sim {verb} " in text
    assert {"loop_tokens", "line"} <= rows("theory").keys()
    assert all(meaning for (meaning,) in rows("theory").values())
    assert rows("studies").keys() >= {f"sim study {name}" for name in studies()}


def test_pages_can_be_written(tmp_path: Path) -> None:
    main(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")} == set(written())
