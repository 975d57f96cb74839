"""A company of 50 developers: subscriptions, API or a router? What a month costs, and a bad one.

    python -m experiments.team_of_50

Four kinds of people, by coding sessions a month: 5 run them all day (220), 15 work with an agent (100), 20 now and then (40), 10 rarely
(8). Each may have a seat of Claude Max ($200; $66 of list prices in 5 hours, $492 a week), whose spent windows make them wait or are paid
by the list; or the company pays by the list; or a router, for 5.5 % on top, takes the model that costs least for a solved session.

Calibrated: sessions (fitted to recorded ones), prices of February 2026, the plan (measured), turns and words as bills support them,
qualities of one harness. Assumed: the mix of people; sessions spread over day and night and weekends, which spares the 5-hour windows (so
waits and overflow are at least that); seats may be used so. Months differ by what people happened to do, and by nothing else: p90 is of
that. Left out: seats for teams, discounts by volume, and what waiting costs those who wait. Would change the finding: how many sessions
people have, and longer ones.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import sim
from sim.report.study import COLOURS, aligned, dollars, draw_key, percent, publish, sheet, styled

from . import folder_of

MONTH_S = 2_629_746
TASKS = 160
"""Months simulated in all, of four kinds of people and about as many ways to pay."""
SESSION_S = 4500
"""Of a session, its user's thinking included, about: the rest of a cycle is the gap between two."""
MIX = {"all day": (5, 220), "daily": (15, 100), "now and then": (20, 40), "rarely": (10, 8)}
"""People, and sessions a month of each (assumption)."""
SEAT, OVERFLOW = "plan=max_20x", "plan=max_20x_overflow"
MANY = (
    "claude_opus_4_6", "claude_sonnet_4_6", "gpt_5_2", "gemini_3_pro", "gemini_3_flash", "kimi_k2_5", "glm_5", "minimax_m2_5",
    "deepseek_v3_2",
)  # fmt: skip
WAYS: dict[str, tuple[str, ...]] = {
    "API, Opus 4.6": (),
    "a seat each, then wait": (SEAT,),
    "a seat each, then by the list": (OVERFLOW,),
    "a router to the cheapest solved session": ("router=cost_per_success", f"backends=[{','.join(MANY)}]", "router.fee=0.055"),
}
BEST = "seats where they pay, API else"


class Months(NamedTuple):
    """What people of one kind come to, month by month."""

    usd: np.ndarray
    sessions: float
    solved: float
    blocked_h: float
    """Of a seat, a month."""
    break_even_h: float
    """Busy hours a month from which a seat costs less than the list."""


def months(kind: str, how: tuple[str, ...], tasks: int | None = None) -> Months:
    """All people of a kind, for some months: one for every 20 of `TASKS`, if no other number is given."""
    people, sessions = MIX[kind]
    result = sim.simulate(
        sim.load(
            "agent=solo", "workload=users", f"workload.users={people}", "workload.tasks_per_user=null",
            f"workload.session_gap_s={{dist:exponential,mean:{max(600, MONTH_S / sessions - SESSION_S)}}}", f"horizon_s={MONTH_S}",
            f"replications={max(2, (tasks or TASKS) // 20)}", "log=none", *how,
        )
    )  # fmt: skip
    seated = bool(result.scenario.plan.name)
    each = result.by_replication.set_index("metric")["alone"]
    paid = each["plan_paid_usd.max_20x" if seated else "cost_usd"]
    begun = result.mean("tasks")
    return Months(
        usd=paid.to_numpy(float), sessions=begun, solved=begun * result.mean("success_rate"),
        blocked_h=result.mean("plan_blocked_h.max_20x") if seated else 0.0,
        break_even_h=result.mean("plan_break_even_h.max_20x") if seated else float("nan"),
    )  # fmt: skip


def table() -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row a way to pay, and a row a kind of people."""
    found = {(way, kind): months(kind, how) for way, how in WAYS.items() for kind in MIX}
    api, seats = "API, Opus 4.6", "a seat each, then by the list"
    for kind in MIX:
        found[BEST, kind] = min((found[way, kind] for way in (api, seats)), key=lambda months: float(months.usd.mean()))
    rows = []
    for way in (*WAYS, BEST):
        mine = [found[way, kind] for kind in MIX]
        usd = np.sum([each.usd for each in mine], axis=0)
        people = sum(count for count, _ in MIX.values())
        rows.append(
            {
                "paid by": way,
                "USD/month": usd.mean(),
                "p90": float(np.quantile(usd, 0.9)),
                "a developer": usd.mean() / people,
                "sessions": sum(each.sessions for each in mine),
                "solved": sum(each.solved for each in mine) / sum(each.sessions for each in mine),
                "USD/solved": usd.mean() / sum(each.solved for each in mine),
                "hours waited": sum(each.blocked_h * MIX[kind][0] for each, kind in zip(mine, MIX, strict=True)),
            }
        )
    by_kind = [
        {
            "people": kind, "how many": MIX[kind][0], "sessions/month": found[api, kind].sessions / MIX[kind][0],
            **{f"{way}, USD": found[way, kind].usd.mean() / MIX[kind][0] for way in WAYS},
            "blocked h": found["a seat each, then wait", kind].blocked_h, "break-even h": found[seats, kind].break_even_h,
        }
        for kind in MIX
    ]  # fmt: skip
    return pd.DataFrame(rows), pd.DataFrame(by_kind)


def finding(found: pd.DataFrame) -> str:
    """What each way costs a month."""
    rows = found.set_index("paid by")
    api, wait, beyond, router = (rows.loc[way] for way in WAYS)
    best = rows.loc[BEST]
    return (
        f"50 developers pay {dollars(api['USD/month'])} a month by the list on Opus 4.6 ({dollars(api['p90'])} in one month of ten), "
        f"{dollars(beyond['USD/month'])} with a seat each and what goes beyond it ({dollars(beyond['p90'])}), "
        f"{dollars(best['USD/month'])} with seats where they pay, and {dollars(router['USD/month'])} through a router to the cheapest "
        f"solved session ({percent(router['solved'])} solved, {percent(api['solved'])} on Opus); seats without overflow cost "
        f"{dollars(wait['USD/month'])} and {wait['hours waited']:,.0f} hours of waiting, for which "
        f"{percent(1 - wait['sessions'] / api['sessions'])} of the sessions are not done"
    )


def text(found: pd.DataFrame, kinds: pd.DataFrame) -> str:
    """Both tables, in dollars."""
    shown = found.copy()
    shown["solved"] = found["solved"].map(percent)
    for name in ("USD/month", "p90", "a developer", "sessions", "hours waited"):
        shown[name] = found[name].map(lambda value: f"{value:,.0f}")
    shown["USD/solved"] = found["USD/solved"].map(lambda value: f"{value:,.2f}")
    people = kinds.rename(
        columns={f"{way}, USD": short for way, short in zip(WAYS, ("API", "seat, wait", "seat, list", "router"), strict=True)}
    )
    people = people.map(lambda value: f"{value:,.0f}" if isinstance(value, float) else value)
    return f"The company's month:\n\n{aligned(shown)}\n\nA person's month, USD:\n\n{aligned(people)}"


@styled
def month_by_way(found: pd.DataFrame, kinds: pd.DataFrame) -> Figure:
    """Bars of a month by way to pay, by kind of people; a mark at p90."""
    title = finding(found).partition("; seats")[0]
    figure = sheet(title, 6.4, "Bars: mean month; lines: one month of ten costs more. Parts: people by sessions a month.", key=True)
    axes = figure.subplots()
    ways = [*WAYS, BEST]
    places = list(range(len(ways)))[::-1]
    begun = np.zeros(len(ways))
    each = {kind: kinds.set_index("people").loc[kind] for kind in MIX}
    for (kind, row), colour, hatch in zip(each.items(), COLOURS, ("", "//", "..", "xx"), strict=False):
        costs = [float(row[f"{way}, USD"]) for way in WAYS]
        costs.append(min(costs[0], costs[2]))
        values = MIX[kind][0] * np.array(costs)
        label = f"{MIX[kind][0]} {kind} ({MIX[kind][1]})"
        axes.barh(places, values, left=begun, height=0.7, color=colour, hatch=hatch, edgecolor="white", label=label)
        begun = begun + values
    for place, p90 in zip(places, found["p90"], strict=True):
        axes.plot([p90, p90], [place - 0.42, place + 0.42], color="black", linewidth=2)
    axes.set_yticks(places, ways)
    axes.set_xlabel("a month (USD)")
    axes.set_xlim(0)
    draw_key(figure, axes)
    return figure


def main() -> None:
    """Simulate, print, draw."""
    folder = folder_of("team_of_50", __doc__)
    found, kinds = table()
    publish("team_of_50", found, finding(found) + ".", {"team_of_50": month_by_way(found, kinds)}, folder, text(found, kinds))


if __name__ == "__main__":
    main()
