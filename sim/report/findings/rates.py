"""What a bill is per day, per month and per developer, where a run has a length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sim.report.findings.effects import comparable, effect, told
from sim.report.grid import Study
from sim.report.numbers import dollars
from sim.report.reference.labels import Names
from sim.settings.workload import WorkloadKind

DAY_S = 86_400.0
USERS = "workload.users"
MONTH_DAYS = 365.25 / 12
WEEK_DAYS = 7.0
"""A run has to be this long to speak for a month: it has its weekend."""


class Period(NamedTuple):
    """How long a run counts, and for whom."""

    days: float
    users: int
    """People who work; 0: tasks come from nobody in particular, or how many is swept."""
    swept: bool = False
    """Whether it is."""


def period_of(scenario: Mapping[str, Any], axes: tuple[str, ...] = ()) -> Period | None:
    """By a scenario's settings as plain values; None where a run ends with its tasks, or is shorter than a day. `axes`: what is swept."""
    length, work = scenario.get("horizon_s"), scenario.get("workload", {})
    if not length or length < DAY_S or scenario.get("warmup", "none") != "none" or {"horizon_s", "warmup_s"} & set(axes):
        return None
    people, swept = work.get("kind") == WorkloadKind.users.value, USERS in axes
    return Period(length / DAY_S, int(work["users"]) if people and not swept else 0, people and swept)


def rate_clause(one: Study, period: Period | None, names: Names | None = None) -> str:
    """`the bill is $41 per day, $1,250 per month, $62 per developer and month`; of a sweep from where it is least to where it is most."""
    if period is None or "cost_usd" not in one.rows or one.rows["cost_usd"].isna().all():
        return ""
    if len(one.rows) > 1:
        per, into = _widest(period)
        rows = comparable(one)
        if period.swept:
            sums = ["cost_usd", "cost_usd_ci_low", "cost_usd_ci_high"]
            rows = rows.assign(**{name: rows[name] / rows[USERS].astype(float) for name in sums if name in rows})
        return told(effect(one, "cost_usd", rows), one, names, f"per {per} the bill is", lambda usd: dollars(usd * into))
    usd = float(one.rows["cost_usd"].iloc[0])
    said = [f"{dollars(usd / period.days)} per day"]
    if period.days >= WEEK_DAYS:
        month = usd / period.days * MONTH_DAYS
        said += [f"{dollars(month)} per month", *([f"{dollars(month / period.users)} per developer and month"] if period.users else [])]
    elif period.users:
        said.append(f"{dollars(usd / period.days / period.users)} per developer and day")
    return f"the bill is {', '.join(said)}"


def _widest(period: Period) -> tuple[str, float]:
    """The largest span that the run speaks for, of one developer where there are any: its name, and its part of the run's bill."""
    span, days = ("month", MONTH_DAYS) if period.days >= WEEK_DAYS else ("day", 1.0)
    return (f"developer and {span}" if period.users or period.swept else span), days / period.days / max(1, period.users)
