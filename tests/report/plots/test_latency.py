"""The title of a figure of latencies is of what somebody has measured."""

from __future__ import annotations

import pandas as pd
import pytest

from sim.report.plots.canvas import title_of
from sim.report.plots.latency import latency_spans


@pytest.mark.parametrize(
    ("starred", "said"),
    [
        ((), "The median call takes 2.0 s on A, 45 s on D"),
        (("D",), "Where seconds are measured, the median call takes 2.0 s on A, 5.0 s on C"),
        (("A", "C", "D"), "The median call takes 2.0 s on A *, 45 s on D *"),
    ],
)
def test_assumed_seconds_are_drawn_and_no_finding_where_others_are_measured(starred: tuple[str, ...], said: str) -> None:
    names = [f"{name} *" if name in starred else name for name in "ABCD"]
    spans = pd.DataFrame({"p50": [2.0, 4.0, 5.0, 45.0], "p95": 100.0, "p99": 200.0}, index=names)
    figure = latency_spans(spans)
    assert title_of(figure) == said
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == names
