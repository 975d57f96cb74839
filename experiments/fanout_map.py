"""Where does fan-out explode, and where does it pay to leave Claude Opus 4.6 for MiniMax M2.5?

    python -m experiments.fanout_map

One task = the loops of k workers, n turns each, side by side: a prompt of 20,000 tokens that grows by 1,750 a turn, 523 tokens of output,
never a cache miss. The lead that starts them has no prompt of its own and reads nothing back. The chat baseline is 6 exchanges (system
400, question 100, answer 400 tokens): 12,900 tokens, more than twice that of the main study (4 requests), whose multiples are other ones.

Tokens and dollars are linear in k and nearly quadratic in n. Opus 4.6 solves dP = 4.2 points more tasks (OpenHands, 500 tasks), worth
V dP a task; it is the rational choice up to k* = V dP / (c_Opus(n) - c_M2.5(n)) workers.

Calibrated: prices of February 2026; growth and output of TraceLab (4,265 sessions); dP. Assumed: V = 100 dollars a solved task (k* is
proportional to it); both models need the same turns and words; dP and V are the same for every k and n. Would change the finding: a
value that grows with the work (if it is proportional to k, no k flips the choice), a gap that widens on long tasks, a more expensive cache.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure

import sim
from sim.report.study import COLOURS, INK, aligned, compact, draw_key, number, publish, sheet, styled
from sim.settings.agent import AgentKind, AgentSettings
from sim.settings.market import BackendSettings
from sim.settings.profile import LoopSettings
from sim.theory import loop_usd

from . import folder_of
from .divide_or_replicate import rates, run
from .effective_price import PREMIUM, job, plain

FANOUTS = (1, 2, 4, 8, 16, 32)
TURNS = (1, 5, 10, 20, 40, 84)
RIVAL = "minimax_m2_5"
GAP, VALUE = 0.042, 100.0
"""More tasks that Opus 4.6 solves, as a share; dollars that a solved task is worth."""
DARK = 0.85
"""Share of the colour from which the numbers on it are white."""
CHAT = AgentSettings(
    kind=AgentKind.chat, system_tokens=400, prompt_tokens=100, requests=6, request_tokens=100, output_tokens=400, tool_result_tokens=0
)


def team(fanout: int, turns: int) -> AgentSettings:
    """So many workers with the whole job each. The lead's two calls hold 3 tokens together."""
    one = job(turns, miss=0)
    worker = LoopSettings(**{field.name: getattr(one, field.name) for field in dataclasses.fields(LoopSettings)})
    return AgentSettings(
        kind=AgentKind.orchestrator,
        fanout=fanout,
        system_tokens=0,
        prompt_tokens=0,
        turns=2,
        output_tokens=1,
        report_tokens=0,
        worker=worker,
    )


@cache
def model(name: str) -> BackendSettings:
    """A model's prices alone: the same turns and words for all."""
    return dataclasses.replace(plain(sim.load().market.models[name]), turn_multiplier=1.0, verbosity=1.0)


def cells() -> pd.DataFrame:
    """A row a cell of the map."""
    chat = run(CHAT, model(PREMIUM)).mean("tokens_per_task")
    rows = []
    for turns in TURNS:
        for fanout in FANOUTS:
            premium, rival = (run(team(fanout, turns), model(name)) for name in (PREMIUM, RIVAL))
            tokens, usd = premium.mean("tokens_per_task"), premium.mean("cost_per_task_usd")
            cheap = rival.mean("cost_per_task_usd")
            row: dict[str, object] = {"turns": turns, "workers": fanout, "tokens": tokens, "multiplier": tokens / chat}
            rows.append(row | {"Opus 4.6, USD": usd, "M2.5, USD": cheap, "premium": usd - cheap < VALUE * GAP})
    return pd.DataFrame(rows)


def flip_by_formula(turns: int) -> float:
    """F4: k* = V dP / (c_Opus(n) - c_M2.5(n))."""
    bills = []
    for name in (PREMIUM, RIVAL):
        again, first, output = rates(model(name), True)
        bills.append(loop_usd(base=20_000, growth=1_750, output=523, turns=turns, read=again, write=first, produced=output))
    return VALUE * GAP / (bills[0] - bills[1])


def by_turns(found: pd.DataFrame) -> pd.DataFrame:
    """A row a number of turns: the ends of the map, and the fan-out at which the choice flips."""
    rows = []
    for turns, part in found.groupby("turns"):
        one, many = part.iloc[0], part.iloc[-1]
        row: dict[str, float] = {"turns": int(str(turns))}
        for end in (one, many):
            row |= {
                f"{title}, k={end['workers']}": end[column]
                for title, column in (("x chat", "multiplier"), ("Opus 4.6, USD", "Opus 4.6, USD"))
            }
            row[f"M2.5, USD, k={end['workers']}"] = end["M2.5, USD"]
        row["flip k*"] = VALUE * GAP / (one["Opus 4.6, USD"] - one["M2.5, USD"])
        row["formula k*"] = flip_by_formula(int(str(turns)))
        rows.append(row)
    return pd.DataFrame(rows)


def finding(found: pd.DataFrame) -> str:
    """The far corner, and where the choice flips."""
    last = found.iloc[-1]
    flips = by_turns(found).set_index("turns")["flip k*"]
    middle, most = TURNS[3], TURNS[-1]
    return (
        f"{last['workers']} workers of {last['turns']} turns take {number(last['multiplier'])} times the tokens of a chat of 6 exchanges "
        f"and ${last['Opus 4.6, USD']:.0f} on Opus 4.6; at ${VALUE:.0f} a solved task MiniMax M2.5 is the rational choice "
        f"above {number(flips[1], 2)} workers of one turn, {number(flips[middle], 2)} of {middle} and {number(flips[most], 2)} of {most}"
    )


@styled
def maps(found: pd.DataFrame) -> Figure:
    """Multiplier and dollars, log colours, with the border between the two choices."""
    note = (
        "Opus 4.6 is the rational choice while what it solves more is worth more than it costs more. It solves "
        f"{100 * GAP:.1f} points more, a solved task is worth ${VALUE:.0f} (assumption). Chat: 6 exchanges, 12,900 tokens. "
        "Both models take the same turns and words."
    )
    figure = sheet(finding(found), 6.8, note, key=True)
    left, right = figure.subplots(1, 2)
    _map(left, found, "multiplier", COLOURS[0], lambda value: f"{compact(value)}×")
    _map(right, found, "Opus 4.6, USD", COLOURS[1], lambda value: "$" + number(value, 2 if value < 100 else 3))
    left.set_title("tokens, as a multiple of the chat's")
    right.set_title("dollars per task on Opus 4.6 (USD)")
    draw_key(figure, left)
    return figure


def _map(axes: Axes, found: pd.DataFrame, column: str, colour: str, written: Callable[[float], str]) -> None:
    values = found.pivot_table(index="workers", columns="turns", values=column).to_numpy()
    shades = LinearSegmentedColormap.from_list("shades", ["#FFFFFF", colour])
    norm = LogNorm(values.min(), values.max())
    axes.imshow(values, origin="lower", aspect="auto", cmap=shades, norm=norm)
    for (y, x), value in np.ndenumerate(values):
        axes.text(x, y, written(value), ha="center", va="center", color=INK if norm(value) < DARK else "white")
    premium = found.pivot_table(index="workers", columns="turns", values="premium", aggfunc="first").to_numpy(dtype=bool)
    axes.stairs(
        premium.sum(axis=0) - 0.5,
        np.arange(len(TURNS) + 1) - 0.5,
        baseline=None,
        color=INK,
        linewidth=3.5,
        clip_on=False,
        label="above this line MiniMax M2.5 is the rational choice, below it Opus 4.6",
    )
    flips = by_turns(found).set_index("turns")["flip k*"]
    axes.set_xticks(range(len(TURNS)), [f"{n}\n({number(flips[n], 2)})" for n in TURNS])
    axes.set_yticks(range(len(FANOUTS)), [str(k) for k in FANOUTS])
    axes.set_xlabel("turns of each worker (in brackets: workers at which the choice flips)")
    axes.set_ylabel("workers")
    axes.grid(False)


def main() -> None:
    """Simulate, print, draw."""
    folder = folder_of("fanout_map", __doc__)
    found = cells()
    text = aligned(by_turns(found).map(lambda value: number(value) if isinstance(value, float) else str(value)))
    publish("fanout_map", found, finding(found) + ".", {"fanout_map": maps(found)}, folder, text)


if __name__ == "__main__":
    main()
