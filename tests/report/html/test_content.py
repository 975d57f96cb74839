"""What a table is sorted by, and where an answer is cut."""

from __future__ import annotations

import pandas as pd
import pytest

from sim.report.html.content import Table, sentences


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("1,540", 1540.0), ("$0.0022", 0.0022), ("12.3k", 12_300.0), ("8.14M (7M to 9M)", 8.14e6), ("43\u00a0%", 43.0), ("9.51 ±4%", 9.51),
        ("-2.00", -2.0), ("4.1B", 4.1e9), ("1e-05", 1e-5), ("team of 4", None), ("-", None), ("", None),
    ],
)  # fmt: skip
def test_what_a_cell_is_sorted_by(text: str, key: float | None) -> None:
    [[_, (shown, found)]] = Table("", pd.DataFrame({"what": ["a"], "value": [text]})).rows
    assert shown == text
    assert (float(found) if found else None) == (key and pytest.approx(key))


def test_a_share_below_one_percent_comes_before_one() -> None:
    keys = [float(key) for _, (_, key) in Table("", pd.DataFrame({"what": ["a", "b"], "lost": ["<1\u00a0%", "1\u00a0%"]})).rows]
    assert keys[0] < keys[1]


def test_numbers_stand_to_the_right_and_few_words_in_one_line() -> None:
    texts = {"n": ["1"], "tokens": ["1k"], "with": ["4 replicas of x"], "unit": ["USD"], "meaning": ["mean of " + 9 * "all "]}
    assert [kind for _, kind in Table("", pd.DataFrame(texts)).columns] == ["k", "n", "n", "k", ""]


def test_sentences_lose_nothing() -> None:
    said = "A task costs $1.5 on GLM-5. Of all 3 (8 %). Then Dr. No may be cheapest."
    assert sentences(said)[:2] == ["A task costs $1.5 on GLM-5.", "Of all 3 (8 %)."]
    assert " ".join(sentences(said)) == said
