"""Texts of users come out as texts: in a terminal, in Markdown, in a spreadsheet."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from sim.results.escape import from_cells, in_cells, in_fence, in_markdown, one_line, visible


def test_a_terminal_is_told_nothing() -> None:
    assert (
        visible("\x1b]0;mine\x07 a\tb\nc\r\ud800 \u202etxt.exe é 日本 ±") == "\\x1b]0;mine\\x07 a\tb\nc\\r\\ud800 \\u202etxt.exe é 日本 ±"
    )
    assert one_line("a\tb\nc") == "a\\tb\\nc"


MARKDOWN = {
    "<script>alert(1)</script>": "&lt;script>alert(1)&lt;/script>",
    "&lt;b&gt; &#60; AT&T": "&amp;lt;b&amp;gt; &amp;#60; AT&T",
    "![x](http://evil/x.png)": "![x\\](http:&#47;&#47;evil/x.png)",
    "[a][b]\n[b]: javascript:c": "[a\\][b\\]\n[b\\]: javascript:c",
    "# head\n- item\n1. one\n> said\n---": "\\# head\n\\- item\n\\1. one\n\\> said\n\\---",
    "cost_per_task 5 * 3 [1.2] -3 %": "cost_per_task 5 * 3 [1.2] -3 %",
}


@pytest.mark.parametrize("text", MARKDOWN)
def test_markdown_shows_text(text: str) -> None:
    assert in_markdown(text) == MARKDOWN[text]


def test_no_text_ends_its_fence() -> None:
    assert in_fence("a") == "```text\na\n```"
    assert in_fence("a ``` b\n```` c") == "`````text\na ``` b\n```` c\n`````"


def test_no_cell_is_a_formula_and_all_come_back() -> None:
    cells = ["=1+1", "+cmd", "-x", "@sum", "\tx", "'quoted", "-", "-5", "+1e3", "plain", ""]
    table = pd.DataFrame(
        {"=name": cells, "value": range(len(cells)), "empty": float("nan")}, index=pd.Index(cells, name="metric", dtype=object)
    )
    written = in_cells(table)
    assert list(written["'=name"])[:6] == ["'=1+1", "'+cmd", "'-x", "'@sum", "'\tx", "''quoted"]
    assert list(written["'=name"])[6:10] == ["-", "-5", "+1e3", "plain"]
    assert list(written.index)[:1] == ["'=1+1"]
    back = from_cells(written)
    assert list(back.index) == list(table.index)
    pd.testing.assert_frame_equal(back.reset_index(drop=True), table.reset_index(drop=True))
    text = "a,b\n'=1+1,1\n-5,2\n"
    read = from_cells(pd.read_csv(io.StringIO(text)))
    assert (read["a"].tolist(), read["b"].tolist()) == (["=1+1", "-5"], [1, 2])
    assert in_cells(pd.DataFrame({"a": []})).empty
