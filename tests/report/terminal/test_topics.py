"""What is read first of a run: metrics that there are, each under what it is about."""

from __future__ import annotations

import pandas as pd

from sim.report.terminal.topics import TOPICS, by_topic
from sim.results.metric import BY_EACH
from sim.results.metrics import HEADLINES, METRICS


def summary(*names: str) -> pd.DataFrame:
    """As `sim.report.tables.readable` makes it."""
    return pd.DataFrame({"metric": names, "mean": [str(place) for place, _ in enumerate(names)], "95 % interval": "", "unit": "x"})


def test_every_topic_holds_metrics_that_there_are_each_once() -> None:
    whole = {metric.name for metric in METRICS}
    parts = {name.replace(by, "") for name in whole for by in BY_EACH if name.endswith(f".{by}")}
    named = [name for names in TOPICS.values() for name in names]
    assert len(named) == len(set(named))
    assert set(named) <= whole | parts
    assert set(HEADLINES) <= set(named)


def test_what_was_lost_comes_first_and_what_is_not_there_is_not_named() -> None:
    found = by_topic(summary("cost_per_task_usd", "lost_share", "cost_per_finished_task_usd", "success_rate", "agents"))
    assert list(found["metric"]) == ["lost_share", "cost_per_finished_task_usd", "cost_per_task_usd", "success_rate"]
    assert list(found["about"]) == ["lost", "", "money", "success"]
    assert list(found["mean"]) == ["1", "2", "0", "3"]


def test_a_run_that_lost_nothing_is_not_told_the_same_twice_nor_that_one_backend_has_all_of_the_bill() -> None:
    found = by_topic(summary("cost_per_task_usd", "cost_per_finished_task_usd", "cost_share.one"))
    assert list(found["metric"]) == ["cost_per_task_usd"]
    two = by_topic(summary("cost_per_task_usd", "cost_share.one", "cost_share.two"))
    assert list(two["metric"]) == ["cost_per_task_usd", "cost_share.one", "cost_share.two"]


def test_theory_stands_beside_what_it_knows_and_is_left_out_where_it_knows_nothing() -> None:
    known = summary("tasks", "success_rate").assign(theory=["5.00", ""], off=["exact", ""])
    assert "theory" in by_topic(known)
    assert "theory" not in by_topic(known.assign(theory=""))
