"""Tokens over time: every minute counts, quiet ones too, and a year of them costs nothing to draw."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.patches import StepPatch

from sim.report.plots.timeline import tokens_over_time


def timeline(*calls: tuple[float, int]) -> pd.DataFrame:
    """Fresh input at seconds."""
    rows = [{"replication": 0, "t_s": at, "input_tokens": tokens} for at, tokens in calls]
    return pd.DataFrame(rows).assign(cache_read_tokens=0, cache_write_tokens=0, output_tokens=0)


def fresh(*calls: tuple[float, int]) -> tuple[list[float], list[float], str]:
    """Heights and edges of the lowest area, and the title."""
    figure = tokens_over_time({"a run": timeline(*calls)})
    [axes] = figure.axes[:1]
    heights, edges, _ = next(each for each in axes.patches if isinstance(each, StepPatch)).get_data()
    return heights.tolist(), edges.tolist(), figure.texts[0].get_text()


def test_a_quiet_minute_is_none() -> None:
    """Minutes of 60, 0, 30 and 42 tokens: the median is 36."""
    heights, edges, title = fresh((5, 40), (59, 20), (120, 30), (185, 12), (239, 30))
    assert heights == [60, 0, 30, 42]
    assert edges == [0, 1, 2, 3, 4]
    assert "end with 60 tokens per minute, the median is 36" in title


def test_many_minutes_share_a_step() -> None:
    """Of 801 minutes three share a step; the last holds the three it has."""
    heights, edges, _ = fresh((0, 30), (800 * 60, 60))
    assert (heights[0], heights[1], heights[-1], len(heights)) == (10, 0, 20, 267)
    assert edges[-1] == pytest.approx(801 / 60)


def test_a_century_is_drawn_as_fast_as_an_hour() -> None:
    heights, _, title = fresh((0, 30), (3e9, 60))
    assert len(heights) <= 401
    assert "the median is 0" in title
