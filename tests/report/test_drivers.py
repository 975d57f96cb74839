"""What moves a metric, in a sentence and in print, from tables made by hand."""

from __future__ import annotations

import math

import pandas as pd

from sim.report.drivers import sobol_finding, sobol_listing, tornado_finding, tornado_listing
from sim.sweeps.sensitivity import Tornado

KEYS = ["agent.turns.mean", "agent.fanout", "market.models.one.cache_read_usd_per_mtok"]


def tornado() -> Tornado:
    rows = [
        {"setting": key, "base": 5.0, "low": 2.0, "high": 9.0, "at_low": 1.0, "at_high": swing + 1.0, "difference_at_low": -1.0,
         "difference_at_low_ci_low": -1.5, "difference_at_low_ci_high": -0.5, "difference_at_high": 2.0, "difference_at_high_ci_low": 2.0,
         "difference_at_high_ci_high": 2.0, "swing": swing}
        for key, swing in zip(KEYS, (8.0, 3.0, 1.0), strict=True)
    ]  # fmt: skip
    return Tornado("cost_per_task_usd", 2.0, pd.DataFrame(rows))


def sobol() -> pd.DataFrame:
    table = pd.DataFrame(
        {"setting": KEYS, "low": 2.0, "high": 9.0, "S1": [0.5, 0.2, 0.1], "S1_conf": 0.01, "ST": [0.6, 0.3, 0.1], "ST_conf": 0.02}
    )
    table.attrs = {"metric": "cost_per_task_usd", "p05": 1.0, "p95": 4.0}
    return table


def test_a_tornado_names_what_moves_most_and_where_prices_come() -> None:
    told = tornado_finding(tornado())
    assert told == (
        "Cost per task is moved most by turns: $1.0 at 2, $9.0 at 9; then by sub-agents (swing $3.0). Cache read price comes third of 3."
    )


def test_bars_that_cannot_be_told_apart_are_not_ranked() -> None:
    """Swings of 8, 7.9 and 1, each within half: the first two may have either place."""
    found = tornado()
    close = Tornado(found.metric, found.base, found.table.assign(swing=[8.0, 7.9, 1.0]))
    told = tornado_finding(close)
    assert told.startswith("What moves cost per task most is not sure, perhaps turns: $1.0 at 2, $9.0 at 9; ")
    assert "turns and sub-agents cannot be told apart (95\u00a0%)" in told
    assert list(tornado_listing(close)["place"]) == ["1 to 2", "1 to 2", "3"]
    assert list(tornado_listing(found)["place"]) == ["1", "2", "3"]


def test_a_tornado_in_print_has_paired_changes_with_their_intervals() -> None:
    found = tornado_listing(tornado())
    assert list(found["swing"]) == ["8.00", "3.00", "1.00"]
    assert found.loc[0, "change at low"] == "-1.00 ±0.50"
    assert found.loc[0, "change at high"] == "+2.00"


def test_sobol_indices_in_a_sentence_and_in_print() -> None:
    told = sobol_finding(sobol())
    assert told.startswith(
        "50\u00a0% of the variance of cost per task comes from turns alone, 60\u00a0% with its interactions; next is sub-agents "
    )
    assert told.endswith("Nine tenths of the combinations give $1.0 to $4.0; cache read price comes third of 3.")
    assert sobol_finding(sobol().assign(ST=math.nan)) == "None of these settings moves cost per task."
    found = sobol_listing(sobol())
    assert found.loc[1, "with interactions (ST)"] == "0.300 ±0.020"
