"""How many tokens a minute does a team need, by how many it is?

    python -m experiments.quota_by_team

The vendor of Claude Code tells teams what to ask for a user: from 200,000 to 300,000 tokens a minute where there are up to five, from
10,000 to 15,000 beyond 500, since fewer work at once. Here 700 developers work for a week (`workload=office`, `agent=solo`, Claude Sonnet
4.6, cache reads counted); teams are drawn from them, and what a team needs is what it asks for in all but a share of the week's minutes.

Fitted to that table: two constants, how many of those with a seat use it in a week, and that share of minutes. So the six rows are no
prediction; their slope is one test. Not fitted: requests a minute of the same table. Assumed: offices of one time zone, 9 to 18. Would
change the finding: a team in several zones, who starts agents in parallel or at night.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import sim
from sim.report.study import INK, aligned, compact, draw_key, number, pen, percent, publish, scale, sheet, styled

from . import folder_of

DEVELOPERS, MINUTES = 700, 7 * 24 * 60
PUBLISHED = {
    "1 to 5": (2, (200e3, 300e3), (5.0, 7.0)),
    "5 to 20": (10, (100e3, 150e3), (2.5, 3.5)),
    "20 to 50": (32, (50e3, 75e3), (1.25, 1.75)),
    "50 to 100": (71, (25e3, 35e3), (0.62, 0.87)),
    "100 to 500": (224, (15e3, 20e3), (0.37, 0.47)),
    "over 500": (700, (10e3, 15e3), (0.25, 0.35)),
}
"""Users: their geometric middle (of the last row 700, an assumption), tokens and requests a minute and user. Source: docs.anthropic.com,
Claude Code, costs."""
ACTIVE = (0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.7, 1.0)
SHARES = (0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999)
DRAWS = 1500
"""Users drawn for each row, in teams of its size."""
SEED = 1


class Week(NamedTuple):
    """What each developer asks for in each minute of a week: arrays (developers, minutes)."""

    tokens: np.ndarray
    requests: np.ndarray


def week() -> Week:
    """Simulate it."""
    office = {"workload": "office", "workload.users": DEVELOPERS, "horizon_s": 60.0 * MINUTES, "replications": 1, "yes": True}
    result = sim.simulate(sim.load({"agent": "solo", "work": "same", "backends": ["claude_sonnet_4_6"]} | office))
    calls = result.calls
    user = result.tasks.set_index("task")["user"].reindex(calls["task"]).to_numpy(np.int64)
    minute = np.minimum((calls["t_request_s"] // 60).to_numpy(np.int64), MINUTES - 1)
    tokens = (calls["input_tokens"] + calls["output_tokens"]).to_numpy(float)

    def by_minute(weights: np.ndarray | None) -> np.ndarray:
        return np.bincount(user * MINUTES + minute, weights, DEVELOPERS * MINUTES).reshape(DEVELOPERS, MINUTES)

    return Week(by_minute(tokens), by_minute(None))


def needed(asked: np.ndarray, size: int, active: float, shares: tuple[float, ...]) -> np.ndarray:
    """A minute and user: what a team asks for at most in such a share of minutes, for each share; mean over teams that are drawn."""
    random = np.random.default_rng(SEED)
    teams = []
    for _ in range(max(4, DRAWS // size)):
        users = random.choice(DEVELOPERS, random.binomial(size, active), replace=False)
        teams.append(np.quantile(asked[users].sum(axis=0), shares) / size)
    return np.asarray(np.mean(teams, axis=0))


def middles(column: int) -> np.ndarray:
    """Geometric middles of a published column."""
    return np.array([np.sqrt(np.prod(row[column])) for row in PUBLISHED.values()])


def fitted(asked: Week) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows at the two constants that fit best; and how far off each pair is (rms of ln)."""
    grid, best = [], (np.inf, 1.0, SHARES[0])
    for active in ACTIVE:
        rows = np.array([needed(asked.tokens, size, active, SHARES) for size, *_ in PUBLISHED.values()])
        off = np.sqrt((np.log(np.maximum(rows, 1.0) / middles(1)[:, None]) ** 2).mean(axis=0))
        grid += [{"active": active, "minutes": share, "rms of ln": each} for share, each in zip(SHARES, off.tolist(), strict=True)]
        place = int(off.argmin())
        best = min(best, (float(off[place]), active, SHARES[place]))
    _, active, share = best
    table = []
    for (users, (size, tokens, requests)), middle in zip(PUBLISHED.items(), middles(1), strict=True):
        ours = [float(needed(each, size, active, (share,))[0]) for each in asked]
        everybody = float(needed(asked.tokens, size, 1.0, (share,))[0])
        row = {
            "users": users,
            "published": f"{compact(tokens[0])} to {compact(tokens[1])}",
            "ours": ours[0],
            "ours / middle": ours[0] / middle,
        }
        row |= {"all seats in use": everybody, "requests, published": f"{requests[0]:g} to {requests[1]:g}", "requests, ours": ours[1]}
        table.append(row | {"active": active, "minutes": share, "rms of ln": best[0]})
    return pd.DataFrame(table), pd.DataFrame(grid)


def finding(table: pd.DataFrame) -> str:
    """The two constants, how well they fit, and what everybody at once would need."""
    first, last = table.iloc[0], table.iloc[-1]
    requests = float((table["requests, ours"] / middles(2)).mean())
    return (
        f"The table is met within a factor of {np.exp(first['rms of ln']):.2f} (rms of ln {first['rms of ln']:.2f}, two constants fitted) "
        f"where {percent(first['active'])} of seats are in use in a week and the quota holds in all but {1 - first['minutes']:.2%} of "
        f"minutes; with all in use over 500 users need {compact(last['all seats in use'])} a user, not {compact(last['ours'])}. "
        f"Requests are {number(requests)} of the table's: ours have 118,000 tokens each"
    )


@styled
def by_size(table: pd.DataFrame) -> Figure:
    """Tokens a minute and user against users."""
    first = table.iloc[0]
    note = "Bars: published. Marks: simulated, two constants fitted to these rows, and the same if every seat is in use. Cache reads count."
    title = f"In a team of hundreds a user needs a twentieth of the quota: {percent(first['active'])} of seats in use, bursts apart"
    figure = sheet(title, 4.8, note, key=True)
    axes = figure.subplots()
    sizes = [size for size, *_ in PUBLISHED.values()]
    for size, (_, (low, high), _) in zip(sizes, PUBLISHED.values(), strict=True):
        axes.plot(
            [size, size],
            [low, high],
            color=INK,
            linewidth=7,
            alpha=0.3,
            solid_capstyle="butt",
            label="published" if size == sizes[0] else None,
        )
    for index, (column, label) in enumerate({"ours": "simulated, fitted", "all seats in use": "all seats in use"}.items()):
        axes.plot(sizes, table[column], label=label, **pen(index))
    scale(axes, "x", 1, 1000)
    scale(axes, "y", float(table["ours"].min()) * 0.7, float(table["all seats in use"].max()) * 1.3)
    axes.set_xlabel("users of the team (log scale)")
    axes.set_ylabel("tokens a minute a user")
    draw_key(figure, axes)
    return figure


def main() -> None:
    """Simulate, fit, print, draw."""
    folder = folder_of("quota_by_team", __doc__)
    table, grid = fitted(week())
    shown = table.drop(columns=["active", "minutes", "rms of ln"])
    for name in ("ours", "all seats in use"):
        shown[name] = shown[name].map(compact)
    for name in ("ours / middle", "requests, ours"):
        shown[name] = shown[name].map(number)
    near = grid[grid["rms of ln"] <= 0.2].sort_values("rms of ln")
    pairs = "; ".join(f"{percent(row['active'])} and {row['minutes']:.2%} ({row['rms of ln']:.2f})" for _, row in near.iterrows())
    text = f"Tokens a minute and user:\n\n{aligned(shown)}\n\nSeats in use and share of minutes within 0.2: {pairs or 'none'}"
    publish("quota_by_team", table, finding(table) + ".", {"quota_by_team": by_size(table)}, folder, text)


if __name__ == "__main__":
    main()
