"""What a wait is made of: parts that add up, and prompts that start slowly, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments import pacific
from experiments.pacific import CASES, HANDSHAKES, PARTS, ROUND_TRIP_S, rows_of, slow_rounds
from tests.report.test_page import overlapping


def test_a_prompt_that_starts_slowly() -> None:
    """3,650 tokens go at once, 10,950 with twice as many in a second round, 25,550 in a third."""
    assert slow_rounds(np.array([0, 3_650, 3_651, 10_950, 10_951, 25_550, 118_000])).tolist() == [0, 0, 1, 1, 2, 2, 5]


def test_parts_of_a_wait_are_the_wait() -> None:
    found = pd.DataFrame(rows_of(next(iter(CASES)), tasks=3))
    assert found[list(PARTS)].sum(axis=1).tolist() == pytest.approx(found["seconds"].tolist())
    word, answer, step, session = found.to_dict("records")
    for row in (word, answer, step):
        assert row["round trips"] == pytest.approx(ROUND_TRIP_S, rel=0.05), "one a call; a step's failed attempts have theirs"
        assert 0 < row["handshakes"] < HANDSHAKES * ROUND_TRIP_S + 1e-9
    assert step["handshakes"] < word["handshakes"], "tools are faster than people, so connections stay open"
    assert session["seconds"] == pytest.approx(session["calls"] * step["seconds"])
    assert (found["network, low"] < found["network"]).all()
    assert (found["network"] < found["network, high"]).all()
    assert (found["next door, s"] < found["seconds"]).all()
    both = pd.concat([found, found.assign(case=list(CASES)[1])])
    assert overlapping(pacific.parts(both)) == []
    assert "crosses" in pacific.finding(both)
