"""What a sweep says, by what was swept: overload first, then what its settings are there for (waits, success, time, money)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from sim.report.findings.effects import effect, of, sentences
from sim.report.findings.money import baseline_clause, best_clause, price_clause, spend_clauses, success_clause
from sim.report.findings.overload import overload
from sim.report.findings.rates import Period, rate_clause
from sim.report.grid import Study, study
from sim.report.lost import nothing_ended, waited
from sim.report.reference.labels import BACKENDS, Names

MOST = 2
"""Sentences of an answer; what else is known stands after it."""
_LIMITS = (
    "_per_min", "slots", "queue_limit", "limit_", "limits_", "quotas.", "servers.", "reserved.", "retry.", "workload.users",
    "workload.interarrival_s", "workload.backlog", "workload.batch_size", "workload.teams.", "router.fallback", "router.cooldown_s",
)  # fmt: skip
"""In keys of settings that decide who is served and who waits."""
_SUCCESS = ("tries", "outcome.", "quality", "agent.tries.", "agent.split", "router")
"""In keys of settings that decide what is solved."""
_TIME = ("_s", "_tokens_per_s", "place", "decode_slowdown")
"""At the end of keys of settings that take time."""


WAIT, NOTICED_S = "mean_wait_s", 1.0
"""A mean wait below so many seconds is not worth a word."""


class Found(NamedTuple):
    """What is said of a run or a sweep."""

    said: str
    """The answer: at most two sentences, each with its full stop."""
    more: list[str]
    """What else is known, the most important first; each with its full stop."""

    @property
    def paragraphs(self) -> list[str]:
        """The answer, and all else in one."""
        return [self.said, *([" ".join(self.more)] if self.more else [])]

    @classmethod
    def of(cls, told: Sequence[str]) -> Found:
        """Of sentences without full stops."""
        return cls(" ".join(f"{text}." for text in told[:MOST]), [f"{text}." for text in told[MOST:]])


def finding(
    table: pd.DataFrame | Study, names: Names | None = None, list_usd_per_mtok: Mapping[str, float] | None = None,
    work: str = "for the same work", period: Period | None = None,
) -> Found:  # fmt: skip
    """A sweep in sentences, each computed from its table.

    `list_usd_per_mtok` goes by the backends' names for people; `work` says what they were given to do; `period`, for how long a run counts.
    """
    one = study(table, names)
    if one.rows.empty:
        reason = one.failed["status"].iloc[0].removeprefix("failed: ") if len(one.failed) else "there is none"
        return Found(f"No scenario finished: {reason}.", [])
    first = [overload(one, names), nothing_ended(one, names), waited(one, names), baseline_clause(one)]
    rest = _rest(one, names, list_usd_per_mtok or {}, work)
    rest.insert(0 if period is not None and period.swept else min(1, len(rest)), rate_clause(one, period, names))
    return Found.of([*sentences(first[:1]), *sentences(first[1:]), *sentences(rest)])


def _rest(one: Study, names: Names | None, list_usd_per_mtok: Mapping[str, float], work: str) -> list[str]:
    """Clauses in the order of what was swept."""
    spent, solved = spend_clauses(one, names), [best_clause(one, names) or success_clause(one, names)]
    price = [price_clause(one, list_usd_per_mtok, work)]
    topic = topic_of(one.axes)
    if topic == "limits":
        return [*_moved(one, names, WAIT), *_moved(one, names, "task_latency_p50_s"), *spent, *solved, *price]
    if topic == "success":
        return [*_moved(one, names, "success_rate"), *_moved(one, names, "cost_per_success_usd"), *spent, *solved, *price]
    if topic == "time":
        return [*_moved(one, names, "task_latency_p50_s"), *spent, *solved, *price]
    return [*spent, *solved, *price]


def topic_of(axes: Sequence[str]) -> str:
    """What settings are there for: `limits`, `success`, `time` or `money`; where they differ, the first of these."""
    swept = [axis for axis in axes if axis != BACKENDS]
    if any(part in axis for axis in swept for part in _LIMITS):
        return "limits"
    if any(axis.startswith(_SUCCESS) or axis.rpartition(".")[2] == "quality" for axis in swept):
        return "success"
    plain = [axis.removesuffix(".mean").removesuffix(".median") for axis in swept]
    return "time" if any(axis.endswith(_TIME) and axis != "horizon_s" for axis in plain) else "money"


def _moved(one: Study, names: Names | None, metric: str) -> list[str]:
    """A clause of a metric that the sweep moves; none where it stays, or is not known."""
    found = effect(one, metric)
    if found is None or not found.high[metric] > 1.01 * found.low[metric] or (metric == WAIT and found.high[metric] < NOTICED_S):
        return []
    return [of(one, metric, names)]
