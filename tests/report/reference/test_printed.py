"""Lists fit the terminal."""

from __future__ import annotations

import pytest

from sim.report.reference.printed import columns, paragraph


@pytest.mark.parametrize("wide", [60, 80, 200])
def test_the_last_column_is_wrapped_to_the_terminal(wide: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(wide))
    lines = columns([("a", 1, "word " * 40), ("longer", 22, "")]).splitlines()
    assert max(map(len, lines)) <= min(wide, 120)
    assert lines[0].startswith("a       1   word")
    assert lines[1].startswith(" " * 12 + "word")
    assert lines[-1] == "longer  22"
    assert max(map(len, paragraph("word " * 40).splitlines())) <= min(wide, 120)
