"""What the study of an outage counts, by hand, and that clients who wait lose nothing."""

from __future__ import annotations

import pandas as pd
import pytest

from experiments import outage_cost
from experiments.outage_cost import GIVE_UP, day

COLUMNS = ["replication", "task", "t_arrive_s", "t_end_s", "thinking_s", "cost_usd", "finished"]


def test_an_outage_costs_the_difference_of_the_two_days() -> None:
    """One session is as ever, one lost after half an hour and $2, one an hour longer and $1 dearer; the fourth is lost on both days."""
    calm = pd.DataFrame(
        [
            [0, 0, 0.0, 3600.0, 0.0, 5.0, True],
            [0, 1, 0.0, 7200.0, 0.0, 5.0, True],
            [0, 2, 0.0, 3600.0, 600.0, 5.0, True],
            [0, 3, 0.0, 60.0, 0.0, 1.0, False],
        ],
        columns=COLUMNS,
    )
    struck = pd.DataFrame(
        [
            [0, 0, 900.0, 4500.0, 0.0, 5.0, True],
            [0, 1, 0.0, 2400.0, 600.0, 2.0, False],
            [0, 2, 0.0, 7200.0, 600.0, 6.0, True],
            [0, 3, 0.0, 60.0, 0.0, 1.0, False],
        ],
        columns=COLUMNS,
    )
    [found] = outage_cost.cost(calm, struck)[list(outage_cost.PARTS)].to_numpy().tolist()
    assert found == pytest.approx([2, 1, 0.5, 2.0, 1.0, 1.0])


@pytest.mark.slow
def test_who_waits_loses_time_who_gives_up_loses_sessions() -> None:
    """A small team: under the same luck nothing is lost by waiting; a cache that outlives the outage keeps prompts warm."""
    found = {}
    for policy in (GIVE_UP, "wait", "wait, an hour's cache"):
        calm, struck = (day(policy, minutes, developers=20, replications=2).tasks for minutes in (0, 20))
        found[policy] = outage_cost.cost(calm, struck).mean()
    assert found[GIVE_UP]["lost"] > 2
    assert found["wait"]["lost"] == 0
    assert found["wait"]["h longer"] > 0.3
    assert found["wait"]["USD more"] > 0.2
    assert abs(found["wait, an hour's cache"]["USD more"]) < 0.2 * found["wait"]["USD more"]
