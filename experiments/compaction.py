"""At what length should an agent summarise its context, when only the bill counts?

    python -m experiments.compaction

The loop: 1,000 turns on Claude Opus 4.6, a prompt of 20,000 tokens that grows by 1,750 (500, 4,000) a turn, 523 tokens of output.
Whenever the next prompt would be longer than the window W it is summarised in 5,000 tokens, and the loop goes on from B2 = 25,000.

A small window pays often for summaries, a large one carries a long context through every turn: the economic order quantity. A turn
costs p (B2 + W)/2 + (p B2 + F) g/(W - B2) and what does not depend on W, so W* = B2 + sqrt(2 g (B2 + F/p)). p is the price of reading
a token again, F a compaction beyond its prompt: the summary is written by the model (s p_o) and, with a cache, into the cache (s p_w);
where the head of the prompt does not stay cached, all of the new context is (B2 p_w).

Calibrated: prices of February 2026; growth and output of TraceLab (4,265 sessions). Assumed: a summary of 5,000 tokens; half of the
output is reasoning and leaves the context; no file is read again after a compaction and nothing is lost by it, in quality or in turns;
nothing fails or waits longer than the cache lives. Would change the finding: files that are restored, work that is done again.
"""

from __future__ import annotations

import dataclasses

import pandas as pd
from matplotlib.figure import Figure

from sim.report.study import INK, aligned, compact, draw_key, pen, publish, scale, sheet, styled
from sim.settings.agent import AgentSettings
from sim.theory import best_window

from . import folder_of
from .divide_or_replicate import opus, rates, run
from .effective_price import job

TURNS, BASE, OUTPUT, SUMMARY = 1_000, 20_000, 523, 5_000
AGAIN = BASE + SUMMARY
GROWTHS = (500, 1_750, 4_000)
GROWTH = 1_750
WINDOWS = range(27_000, 196_000, 2_000)
USUAL = 167_000
"""Where Claude Code compacts a window of 200,000 tokens."""
CACHES = {"head stays cached": True, "head is lost": True, "no cache": False}


def loop(window: int, growth: int) -> AgentSettings:
    """A long loop that compacts at this window. Half of its output is reasoning, which does not stay in the context."""
    result = growth - OUTPUT // 2
    one = job(TURNS, miss=0)
    return dataclasses.replace(one, reasoning_share=0.5, tool_result_tokens=result, compact_at_tokens=window, summary_tokens=SUMMARY)


def law(growth: int, cache: str) -> float:
    """F5b: the window of the least cost."""
    again, first, output = rates(opus(CACHES[cache]), CACHES[cache])
    written = {"head stays cached": SUMMARY, "head is lost": AGAIN, "no cache": 0}[cache]
    return best_window(again=AGAIN, growth=growth, extra=(SUMMARY * output + written * first) / again)


def column(cache: str, growth: int) -> str:
    """Name of a curve."""
    return f"{cache}, g={growth}"


def curves() -> pd.DataFrame:
    """Dollars a turn: a row a window, a column a growth and a cache (the simulator keeps a head cached if it may be shared)."""
    found: dict[str, list[float]] = {}
    for cache, cached in CACHES.items():
        backend = dataclasses.replace(opus(cached), share_system=cache == "head stays cached")
        for growth in GROWTHS:
            found[column(cache, growth)] = [run(loop(w, growth), backend).mean("cost_per_task_usd") / TURNS for w in WINDOWS]
    return pd.DataFrame({"window": list(WINDOWS)} | found)


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """A row a curve: the law's window, the best one, what it saves of the bill, and of the bill without the turns' own output."""
    bills = found.set_index("window")
    rows = []
    for cache, cached in CACHES.items():
        own = OUTPUT * rates(opus(cached), cached)[2]
        for growth in GROWTHS:
            bill, window = bills[column(cache, growth)], law(growth, cache)
            at_law = bill.iloc[abs(bills.index - window).argmin()]
            row: dict[str, object] = {"cache": cache, "growth": growth, "law W*": round(window), "best W": bill.idxmin()}
            row |= {"USD a turn": bill.min(), "at law's W": at_law, "at 167k": bill[USUAL], "output alone": own}
            row |= {"saved": 1 - bill.min() / bill[USUAL], "saved without output": (bill[USUAL] - bill.min()) / (bill[USUAL] - own)}
            rows.append(row)
    return pd.DataFrame(rows)


def finding(found: pd.DataFrame) -> str:
    """The best window of the middle growth, what it saves, and how well the law finds it."""
    rows = summary(found)
    rows["excess"] = rows["at law's W"] / rows["USD a turn"] - 1
    kept, lost, none = (rows[(rows["cache"] == cache) & (rows["growth"] == GROWTH)].iloc[0] for cache in CACHES)
    return (
        f"Compacting at {compact(kept['best W'])} tokens instead of {compact(USUAL)} saves {kept['saved']:.0%} of a turn "
        f"({kept['saved without output']:.0%} without its own output); at {compact(lost['best W'])} where the cache loses the head "
        f"({lost['saved']:.0%}), at {compact(none['best W'])} without a cache ({none['saved']:.0%}). "
        f"The square-root law's windows cost {rows['excess'].max():.1%} more than the best at most"
    )


@styled
def cost_and_law(found: pd.DataFrame) -> Figure:
    """Dollars a turn against the window; the best window against growth, simulated and by the law."""
    note = (
        f"Claude Opus 4.6, {TURNS:,} turns, base {BASE:,}, summary {SUMMARY:,} tokens. Left: {GROWTH:,} tokens of growth a turn; "
        "marks: the best window. Right: marks are simulated (steps of 2,000), lines are W* = B2 + sqrt(2 g (B2 + F/p))."
    )
    figure = sheet(finding(found), 6.6, note, key=True)
    left, right = figure.subplots(1, 2)
    rows = summary(found)
    growths = range(100, 5_001, 100)
    for index, cache in enumerate(CACHES):
        look = pen(index)
        bill = found[column(cache, GROWTH)]
        left.plot(found["window"], bill, color=look["color"], linestyle=look["linestyle"], linewidth=2, label=cache)
        at = int(bill.idxmin())
        left.plot([found["window"][at]], [bill[at]], look["marker"], color=look["color"], markersize=8)
        right.plot(growths, [law(growth, cache) for growth in growths], color=look["color"], linestyle=look["linestyle"], linewidth=2)
        mine = rows[rows["cache"] == cache]
        right.plot(mine["growth"], mine["best W"], look["marker"], color=look["color"], markersize=9)
    lines = [column(cache, GROWTH) for cache in CACHES]
    scale(left, "y", float(found[lines].min().min()), float(found[lines].max().max()), "$")
    scale(left, "x", 0, max(WINDOWS))
    scale(right, "x", 0, max(growths))
    scale(right, "y", 0, USUAL)
    left.axvline(USUAL, color=INK, linewidth=1)
    left.annotate("usual ", (USUAL, left.get_ylim()[0] * 1.05), ha="right", color=INK)
    right.axhline(USUAL, color=INK, linewidth=1)
    right.annotate("usual", (0, USUAL), xytext=(6, -16), textcoords="offset points", color=INK)
    left.set_xlabel("window W (tokens)")
    left.set_ylabel("dollars a turn (USD, log scale)")
    right.set_xlabel("growth of the context g (tokens a turn)")
    right.set_ylabel("cheapest window W* (tokens)")
    draw_key(figure, left)
    return figure


def main() -> None:
    """Simulate, print, draw."""
    folder = folder_of("compaction", __doc__)
    found = curves()
    text = aligned(summary(found).map(lambda value: f"{value:.4g}" if isinstance(value, float) else str(value)))
    publish("compaction", found, finding(found) + ".", {"compaction": cost_and_law(found)}, folder, text)


if __name__ == "__main__":
    main()
