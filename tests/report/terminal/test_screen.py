"""A terminal is given what it has room for, a pipe everything."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.report.tables import aligned
from sim.report.terminal.screen import WIDEST, fitted, room, show

TABLE = aligned(pd.DataFrame({"who": ["one", "another"], "USD/task": ["1.00", "12.5"], "success": ["90 %", "?"], "verdict": ["no", "yes"]}))
WIDE = max(map(len, TABLE.splitlines()))


@pytest.mark.parametrize(
    ("wide", "left"),
    [(None, []), (WIDE, []), (WIDE - 1, ["verdict"]), (24, ["success", "verdict"]), (5, ["USD/task", "success", "verdict"])],
)
def test_the_last_columns_are_left_out_first_and_named(wide: int | None, left: list[str]) -> None:
    lines = fitted(TABLE, wide).splitlines()
    table, more = lines[:4], " ".join(lines[4:])
    assert [line.split()[0] for line in table] == ["who", "-------", "one", "another"]
    assert more == (f"| less -S, or a wider terminal, shows more: {', '.join(left)}" if left else "")
    shown = [name for name in ("USD/task", "success", "verdict") if name in table[0]]
    assert [*shown, *left] == ["USD/task", "success", "verdict"]
    assert ("12.5" in table[3]) == ("USD/task" in shown)
    if wide and wide > 20:
        assert max(map(len, table)) <= wide


def test_tables_one_after_another_are_each_cut_by_their_own_columns() -> None:
    other = aligned(pd.DataFrame({"a long name of a row": ["x"], "USD": ["1"]}))
    lines = fitted(f"{other}\n{TABLE}", 25).splitlines()
    assert lines[0] == "a long name of a row  USD"
    assert "who      USD/task" in lines
    assert sum("shows more" in line for line in lines) == 1


def test_prose_is_wrapped_between_words_and_commands_are_left_whole() -> None:
    command = f"  sim {'agent=team ' * 10}"
    text = f"- {'word ' * 30}end\n\n{'a-path/' * 12}\n\n{command}"
    bullet, path, left = fitted(text, 40).split("\n\n")
    assert all(len(line) <= 40 for line in bullet.splitlines())
    assert bullet.splitlines()[1].startswith("  word")
    assert path == "a-path/" * 12
    assert left == command
    assert max(map(len, fitted("word " * 100, 300).splitlines())) <= WIDEST


def test_a_closed_output_is_told(tmp_path: Path) -> None:
    closed = (tmp_path / "x").open("w")
    closed.close()
    for none in (closed, None):
        with contextlib.redirect_stdout(none), pytest.raises(sim.DataError, match=r"^nothing can be shown, since the standard output is"):
            show("a text")


def test_what_is_no_terminal_is_given_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert room() is None
    show(f"{TABLE}\n\n{'word ' * 60}end")
    assert capsys.readouterr().out == f"{TABLE}\n\n{'word ' * 60}end\n"
