"""What does an outage of twenty minutes at eleven cost a team of developers, by what their clients do?

    python -m experiments.outage_cost

60 developers at their desks (`workload=office`, 9 to 18) work with agents on Claude Sonnet 4.6. At eleven it is out for 5 to 40 minutes:
every attempt is refused, what is being answered breaks off, and prompts go cold. Clients give up after ten retries (on average 2.5
minutes), or ask again until it is back, at most four minutes apart; or a gateway sends them on, to the same model at another provider or
to MiniMax M2.5. Each day with an outage is held against the same day without it, session by session, with the same random numbers: of
sessions that end on both, what they took longer and cost more; of those that are lost, what was spent and how long they had run.

Calibrated: sessions (fitted to recorded ones), price lists, caches of five minutes. Reported: ten retries (Claude Code's own). Assumed:
how often people ask (`workload=office`); that a session whose call is given up is lost, which is the worst that can happen: whoever types
"go on" afterwards has waited, no more; the same work on both models; that the other provider has the room. Not counted: that MiniMax M2.5
solves less, what people do while they wait, and what a day's deadline is worth. Would change the finding: longer caches, longer contexts,
clients that all come back at one moment to a limit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import sim
from sim.report.study import INK, aligned, dollars, draw_key, jackknife, number, pen, publish, sheet, styled
from sim.settings.events.event import EventKind, EventSettings

from . import folder_of

DEVELOPERS, MODEL, ELSEWHERE, CHEAP = 60, "claude_sonnet_4_6", "elsewhere", "minimax_m2_5"
BEGINS_S, DAY_S = 3 * 3600.0, 16 * 3600.0
"""From eight in the morning on: at eleven, and until midnight, so that whoever began by six is done."""
MINUTES = (5, 10, 20, 40)
LENGTH = 20
REPLICATIONS = 16
GIVE_UP = "give up after 10 retries"
WAITS = {"retry.attempts": 50, "retry.backoff_cap_s": 240.0}
POLICIES: dict[str, dict[str, Any]] = {
    GIVE_UP: {},
    "wait": WAITS,
    "wait, an hour's cache": WAITS | {f"market.models.{MODEL}.cache_ttl_s": 3600.0},
    "fall back, same model": {"router.fallback": [ELSEWHERE]},
    "fall back, MiniMax M2.5": {"router.fallback": [CHEAP]},
}
"""What clients do, as settings."""
PARTS = ("touched", "lost", "h in vain", "USD in vain", "h longer", "USD more")
"""Of an outage: sessions that it touches, those lost and what they had come to, what the others took longer and cost more."""


def day(policy: str, minutes: float, developers: int = DEVELOPERS, replications: int | None = None) -> sim.Result:
    """A working day of the team, with an outage of so many minutes (0: none)."""
    team: dict[str, Any] = {"agent": "solo", "work": "same", "workload": "office", "workload.users": developers, "retry.attempts": 11}
    team |= {"start": "2026-02-16T08:00:00", "horizon_s": DAY_S, "log": "sample", "log_sample": 10**6}
    plain = sim.load(team | {"backends": [MODEL], "replications": replications or REPLICATIONS})
    models = plain.market.models | {ELSEWHERE: plain.market.models[MODEL]}
    outage = EventSettings(kind=EventKind.outage, at=BEGINS_S, length_h=minutes / 60, backend=MODEL) if minutes else None
    changes: dict[str, Any] = {"market.models": models, "events": [outage] if outage else []} | POLICIES[policy]
    changes["backends"] = [MODEL, *changes.get("router.fallback", [])]
    return sim.simulate(sim.replaced(plain, changes))


def cost(calm: pd.DataFrame, struck: pd.DataFrame) -> pd.DataFrame:
    """What an outage came to, a row a replication, columns `PARTS`: sessions of the day with it less those of the day without."""
    both = calm.merge(struck, on=["replication", "task"], suffixes=("", "_struck"))
    busy, busy_struck = (both[f"t_end_s{of}"] - both[f"t_arrive_s{of}"] - both[f"thinking_s{of}"] for of in ("", "_struck"))
    lost = both["finished"] & ~both["finished_struck"]
    well = both["finished"] & both["finished_struck"]
    longer, more = (busy_struck - busy) / 3600, both["cost_usd_struck"] - both["cost_usd"]
    found = pd.DataFrame(
        {
            "touched": lost | (longer.abs() > 1e-6) | (more.abs() > 1e-9),
            "lost": lost,
            "h in vain": busy_struck.where(lost, 0.0) / 3600,
            "USD in vain": both["cost_usd_struck"].where(lost, 0.0),
            "h longer": longer.where(well, 0.0),
            "USD more": more.where(well, 0.0),
        }
    ).astype(float)
    return found.groupby(both["replication"]).sum()


def costs() -> pd.DataFrame:
    """For each policy and length: of each part the mean over replications, and half its 95 % interval."""
    rows = []
    for policy in POLICIES:
        calm = day(policy, 0).tasks
        for minutes in MINUTES:
            found = cost(calm, day(policy, minutes).tasks)
            row: dict[str, Any] = {"clients": policy, "minutes": minutes}
            for part in PARTS:
                values = found[part].to_numpy()
                left_out = (values.sum() - values) / (len(values) - 1)
                row |= {part: values.mean(), f"{part} +-": jackknife(values.mean(), left_out).ci_high - values.mean()}
            rows.append(row)
    return pd.DataFrame(rows)


def finding(found: pd.DataFrame) -> str:
    """What twenty minutes cost, by policy."""
    rows = found[found["minutes"] == LENGTH].set_index("clients")
    gone, wait, kept, same, cheap = (rows.loc[policy] for policy in POLICIES)
    return (
        f"{LENGTH} minutes' outage at eleven touches {number(gone['touched'], 2)} sessions of {DEVELOPERS} developers: clients that give "
        f"up lose {number(gone['lost'], 2)} of them, with {number(gone['h in vain'], 2)} hours and {dollars(gone['USD in vain'])} in "
        f"vain; clients that wait lose none and take {number(wait['h longer'], 2)} hours longer, for {dollars(wait['USD more'])} of cold "
        f"prompts ({dollars(kept['USD more'])} with an hour's cache); another provider of the model saves nearly all of the wait and "
        f"costs {dollars(same['USD more'])}, since prompts go cold on the way there and back; with MiniMax M2.5 to fall back on the bill "
        f"is {dollars(abs(cheap['USD more']))} {'more' if cheap['USD more'] > 0 else 'less'}"
    )


@styled
def by_length(found: pd.DataFrame) -> Figure:
    """Hours (left) and dollars (right) that an outage costs, against its length, a line a policy."""
    note = (
        f"{DEVELOPERS} developers on Claude Sonnet 4.6, an outage at eleven; each of {REPLICATIONS} days against itself without it; bars: "
        "95 % intervals. Hours that lost sessions had run and others took longer; dollars that lost ones had spent and others cost more."
    )
    lost = found[(found["minutes"] == LENGTH) & (found["clients"] == GIVE_UP)].iloc[0]
    title = f"Who gives up loses {number(lost['lost'], 2)} sessions in {LENGTH} minutes; who waits loses time, and cold prompts cost little"
    figure = sheet(title, 5.0, note, key=True)
    left, right = figure.subplots(1, 2)
    for index, policy in enumerate(POLICIES):
        rows = found[found["clients"] == policy]
        for axes, parts in ((left, ("h in vain", "h longer")), (right, ("USD in vain", "USD more"))):
            total = sum(rows[part] for part in parts)
            error = np.hypot(*(rows[f"{part} +-"] for part in parts))
            axes.errorbar(rows["minutes"] + 0.25 * (index - 2), total, error, label=policy, capsize=2, **pen(index))
    for axes, what in ((left, "hours"), (right, "USD")):
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.set_xticks(MINUTES)
        axes.set_xlabel("length of the outage (minutes)")
        axes.set_ylabel(f"cost of the outage ({what})")
    draw_key(figure, left)
    return figure


def main() -> None:
    """Simulate, print, draw."""
    folder = folder_of("outage_cost", __doc__)
    found = costs()
    shown = found[["clients", "minutes"]].astype(str)
    for part in PARTS:
        shown[part] = [f"{mean:,.1f} \u00b1{half:.1f}" for mean, half in zip(found[part], found[f"{part} +-"], strict=True)]
    shown["clients"] = shown["clients"].mask(shown["clients"].duplicated(), "")
    text = f"An outage at eleven, {DEVELOPERS} developers (95 % intervals):\n\n{aligned(shown)}"
    publish("outage_cost", found, finding(found) + ".", {"outage_cost": by_length(found)}, folder, text)


if __name__ == "__main__":
    main()
