"""A run's summary for a terminal: what matters first, by topic. The rest is in the page and the files that a run leaves."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

TOPICS = {
    "lost": (
        "lost_share", "cost_per_finished_task_usd", "rate_limited_share", "timeout_share", "given_up_share", "tasks_blocked",
        "tasks_in_flight",
    ),
    "money": (
        "cost_per_task_usd", "cost_per_success_usd", "net_value_per_task_usd", "cost_usd", "cost_per_task_usd.", "cost_share.",
    ),
    "plan": ("plan_paid_usd_per_seat_month.", "plan_paid_usd.", "plan_overflow_usd.", "plan_worth.", "plan_blocked_share."),
    "success": ("success_rate", "tasks", "wasted_usd"),
    "tokens": ("tokens_per_task", "calls_per_task", "cache_hit_rate", "effective_usd_per_mtok"),
    "time": ("task_latency_p50_s", "task_latency_p95_s", "call_latency_p50_s", "mean_wait_s", "wait_p99_s", "budget_wait_s"),
    "load": ("peak_tokens_per_min", "servers_idle_share.", "units_used_share.", "units_spilled_share."),
    "teams": ("jain_index.", "team_served_share.", "team_wait_s."),
}  # fmt: skip
"""Metrics by what they are about, in the order in which they are read. One that ends in a point: each of a backend, stage, plan or team."""
_ONLY_WHERE_LOST = ("cost_per_finished_task_usd",)
"""Says the same as another metric where nothing was lost."""
_ONLY_OF_SEVERAL = ("cost_share.",)
"""Is 1 where there is one."""


def by_topic(summary: pd.DataFrame) -> pd.DataFrame:
    """Of a summary for people (`sim.report.tables.readable`) what is read first, under its topics."""
    there = list(summary["metric"])
    chosen = [(topic if not place else "", name) for topic in TOPICS for place, name in enumerate(_of(topic, there))]
    rows = summary.set_index("metric").loc[[name for _, name in chosen]].reset_index()
    rows.insert(0, "about", [topic for topic, _ in chosen])
    order = ["about", "metric", "mean", "unit", "95 % interval", "theory", "off"]
    shown = rows[[name for name in order if name in rows]]
    return shown.drop(columns=["theory", "off"], errors="ignore") if not any(shown.get("theory", [])) else shown


def _of(topic: str, there: list[str]) -> Iterator[str]:
    """A topic's metrics, of those that there are."""
    for name in TOPICS[topic]:
        found = [each for each in there if each == name or (name.endswith(".") and each.startswith(name))]
        if (name in _ONLY_WHERE_LOST and "lost_share" not in there) or (name in _ONLY_OF_SEVERAL and len(found) < 2):
            continue
        yield from found
