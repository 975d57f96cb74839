"""Own servers, units or the API: where ways cost the same, and how many servers there are, by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from experiments.self_host_or_api import API, OTHER, RESERVED, SCALED, SERVERS, break_evens, by_demand, crossing, finding, servers_for
from tests.report.test_page import overlapping

USD = {API: (100.0, 400.0), SERVERS: (1600.0, 1600.0), SCALED: (800.0, 800.0), OTHER: (1000.0, 4000.0), RESERVED: (2000.0, 2000.0)}
TABLE = pd.DataFrame(
    [
        {"developers": size, "way": way, "USD a week": usd, "USD a developer and month": 4 * usd / size}
        for way, each in USD.items()
        for size, usd in zip((10, 40), each, strict=True)
    ]
)
CHATS = pd.DataFrame({"chats a second": [1.0, 4.0], "API, USD/h": [8.0, 32.0], "own, USD/h": [16.0, 16.0], "own, done": [1.0, 1.0]})


def test_ways_cost_the_same_where_their_ratio_goes_through_one() -> None:
    assert crossing(np.array([10.0, 40.0]), np.array([2.0, 0.5])) == pytest.approx(20)
    assert math.isnan(crossing(np.array([10.0, 40.0]), np.array([2.0, 1.5])))
    even = break_evens(TABLE, CHATS)
    assert even["developers from which units pay"] == pytest.approx(20)
    assert even["servers pay below, USD/h"] == pytest.approx(4)
    assert even["autoscaled servers pay below, USD/h"] == pytest.approx(8)
    assert even["chats a second from which a server pays"] == pytest.approx(2)
    assert math.isnan(break_evens(TABLE, CHATS.assign(**{"own, done": [1.0, 0.5]}))["chats a second from which a server pays"])


def test_servers_have_room_for_what_calls_hold_at_once() -> None:
    """Ten calls of 100 tokens: 9 side by side, the last when they are over. As 95 % see it 9 are held, so 900 tokens."""
    calls = pd.DataFrame({"input_tokens": 60, "output_tokens": 40, "t_start_s": [0.0] * 9 + [5.0], "t_end_s": [5.0] * 9 + [6.0]})
    assert [servers_for(calls, memory) for memory in (1000, 500, 300)] == [1, 2, 3]


def test_the_finding_and_the_figure_say_what_the_table_says() -> None:
    said = finding(TABLE, CHATS)
    assert "$160 a developer and month, $80 autoscaled, $40 by the API" in said
    assert "units pay from 20 developers on" in said
    assert "from 2.00 a second on, of 4.00 that it bears" in said
    figure = by_demand(TABLE, CHATS)
    assert overlapping(figure) == []
    assert "lose to the API at every size of team" in figure.texts[0].get_text().replace("\n", " ")
