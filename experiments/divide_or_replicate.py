"""How many workers: what does one job cost when it is divided over k of them, and what when each of them does all of it?

    python -m experiments.divide_or_replicate

The job: 80 turns on Claude Opus 4.6, a prompt of 20,000 tokens that grows by 1,750 a turn, 523 tokens of output. Divided over k > 1
workers, each does 80/k turns and 2 more to find its way in, and writes a report of 1,500 tokens, which a lead without a prompt
of its own reads twice. Replicated, each does all 80 turns and reports likewise. One worker works alone: no warm-up, report or lead.

A share is shorter, so its prompts are; but a worker starts from a base prompt of its own (which it must write into its own cache).
So k* = N sqrt(g p / (2 h)) with p the price at which a prompt is read again and h the dollars that one more worker adds.

Calibrated: prices of February 2026; growth and output of TraceLab (4,265 sessions). Assumed: warm-up and report; work that can be cut
into any number of equal shares; nothing fails or waits longer than the cache lives; no shortest prompt that is cached. Would change the
finding: workers that need more than two turns to find their way in, shares that overlap, a cache that workers share.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from itertools import product

import pandas as pd
from matplotlib.figure import Figure

import sim
from sim.report.study import INK, label_ends, pen, publish, scale, sheet, styled
from sim.settings.agent import AgentKind, AgentSettings, Split
from sim.settings.market import BackendSettings, MarketSettings
from sim.settings.profile import LoopSettings
from sim.settings.run import Log
from sim.settings.workload import WorkloadSettings
from sim.theory import best_division, loop_usd

from . import folder_of
from .effective_price import PREMIUM, job, plain

WORKERS = (1, 2, 3, 4, 6, 8, 10, 12, 16, 24, 40)
MOST = 100
"""Divided jobs are simulated for every k up to here, to find the best and the one that saves nothing."""
TURNS, BASE, GROWTH, OUTPUT = 80, 20_000, 1_750, 523
WARMUP, REPORT, READS = 2, 1_500, 2
CACHES = {"cached": True, "no cache": False}
Marks = dict[str, dict[str, float]]


def team(workers: int, split: Split) -> AgentSettings:
    """The job for so many workers. A report is written in equal parts in all of a worker's turns, and grows its context no further."""
    if workers == 1:
        return job(TURNS, miss=0)
    calls = TURNS + workers * WARMUP if split is Split.divide else TURNS * workers
    output = round(OUTPUT + workers * REPORT / calls)
    worker = LoopSettings(
        system_tokens=BASE,
        prompt_tokens=0,
        turns=TURNS,
        output_tokens=output,
        tool_result_tokens=GROWTH - output,
        tool_time_s=1.0,
    )
    return AgentSettings(
        kind=AgentKind.orchestrator,
        system_tokens=0,
        prompt_tokens=0,
        turns=1 + READS,
        output_tokens=1,
        fanout=workers,
        split=split,
        warmup_turns=WARMUP,
        report_tokens=REPORT,
        worker=worker,
    )


def run(agent: AgentSettings, backend: BackendSettings) -> sim.Result:
    """One task of which nothing is left to chance."""
    market = MarketSettings("study", {"one": backend})
    scenario = sim.Scenario(backends=["one"], market=market, agent=agent, workload=WorkloadSettings(tasks=1), replications=1, log=Log.none)
    return sim.simulate(scenario.check())


@cache
def opus(cached: bool) -> BackendSettings:
    """Opus 4.6's prices alone; a report is cached however short it is."""
    return dataclasses.replace(plain(sim.load().market.models[PREMIUM], cached=cached), cache_min_tokens=0)


def rates(backend: BackendSettings, cached: bool) -> tuple[float, float, float]:
    """Dollars a token: read again, seen for the first time, written by the model."""
    fresh, output = backend.input_usd_per_mtok, backend.output_usd_per_mtok
    read, write = backend.cache_read_usd_per_mtok, backend.cache_write_usd_per_mtok
    again, first = (read or fresh, write or fresh) if cached else (fresh, fresh)
    return again / 1e6, first / 1e6, output / 1e6


def by_formula(workers: int, backend: BackendSettings, cached: bool) -> float:
    """F2, F4 and F6c: dollars of the divided job."""
    again, first, output = rates(backend, cached)
    alone = workers == 1
    dollars = 0.0 if alone else workers * REPORT * (first + (READS - 1) * again + output)
    for place in range(workers):
        turns = TURNS // workers + (place < TURNS % workers) + (0 if alone else WARMUP)
        dollars += loop_usd(base=BASE, growth=GROWTH, output=OUTPUT, turns=turns, read=again, write=first, produced=output)
    return dollars


def best_by_formula(backend: BackendSettings, cached: bool) -> float:
    """F6c in dollars: h is what grows with k, whatever the length of the shares."""
    again, first, output = rates(backend, cached)
    warmup = loop_usd(base=BASE, growth=GROWTH, output=OUTPUT, turns=WARMUP, read=again, write=first, produced=output)
    overhead = warmup + REPORT * (first + (READS - 1) * again + output)
    return best_division(turns=TURNS, growth=GROWTH, overhead=overhead / again)


def tables() -> tuple[pd.DataFrame, Marks]:
    """Dollars by number of workers; and, cached or not, the best division and the first one that costs more than one worker again."""
    bills: dict[tuple[str, str], dict[int, float]] = {}
    formulas: dict[str, dict[int, float]] = {}
    marks = {}
    for name, cached in CACHES.items():
        backend = opus(cached)
        for split in Split:
            ks = WORKERS if split is Split.replicate else range(1, MOST + 1)
            bills[split.value, name] = {k: run(team(k, split), backend).mean("cost_per_task_usd") for k in ks}
        divided = bills["divide", name]
        formulas[name] = {k: by_formula(k, backend, cached) for k in WORKERS}
        best = min(divided, key=divided.__getitem__)
        even = next(k for k in divided if k > best and divided[k] >= divided[1])
        marks[name] = {"best": best, "usd": divided[best], "even": even, "formula": best_by_formula(backend, cached)}
    rows = []
    for k in WORKERS:
        row: dict[str, float] = {"workers": k}
        for kind, name in product(("divide", "replicate"), CACHES):
            row[f"{kind}, {name}"] = bills[kind, name][k]
            if kind == "divide":
                row[f"formula, {name}"] = formulas[name][k]
        rows.append(row)
    return pd.DataFrame(rows), marks


def finding(found: pd.DataFrame, marks: Marks) -> str:
    """The best division with a cache and without, and what replication costs beside it."""
    alone, many = found.iloc[0], found.iloc[-1]
    parts = []
    for name, words in (("no cache", "without a cache"), ("cached", "with one")):
        mark = marks[name]
        saved = 1 - mark["usd"] / alone[f"divide, {name}"]
        parts.append(
            f"{words} {mark['best']} workers are cheapest (-{saved:.0%}, formula {mark['formula']:.1f}), {mark['even']} cost more than one"
        )
    times = many["replicate, cached"] / alone["replicate, cached"]
    first = f"Divided, a job gets cheaper, then more expensive: {'; '.join(parts)}"
    return f"{first}. Replicated over {many['workers']:.0f} it costs {times:.0f} times as much"


@styled
def cost_by_workers(found: pd.DataFrame, marks: Marks) -> Figure:
    """Dollars against workers, four lines; the best divisions are marked."""
    note = (
        f"{TURNS} turns on Claude Opus 4.6. Each of k > 1 workers adds {WARMUP} turns, a base prompt of {BASE:,} tokens "
        f"and a report of {REPORT:,}. Rings: cheapest division k*. Cross: more than one worker costs, from here on."
    )
    figure = sheet(finding(found, marks), 6.8, note)
    axes = figure.subplots()
    ends, colours = {}, {}
    lines = [f"{split}, {name}" for split in ("divide", "replicate") for name in CACHES]
    for index, line in enumerate(lines):
        look = pen(index)
        axes.plot(found["workers"], found[line], **look)
        ends[line], colours[line] = (float(found["workers"].iloc[-1]), float(found[line].iloc[-1])), look["color"]
    bills = found.set_index("workers")
    for name, mark in marks.items():
        best, even, divided = int(mark["best"]), int(mark["even"]), bills[f"divide, {name}"]
        axes.plot([best], [mark["usd"]], "o", markersize=17, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=1.6)
        axes.annotate(f"k* = {best}", (best, mark["usd"]), xytext=(0, 14), textcoords="offset points", ha="center", color=INK)
        if even in divided.index:
            axes.plot([even], [divided[even]], "x", markersize=14, color=INK, markeredgewidth=1.6)
            axes.annotate(f"k = {even}", (even, divided[even]), xytext=(0, 14), textcoords="offset points", ha="center", color=INK)
    scale(axes, "x", 1, max(WORKERS))
    scale(axes, "y", float(found[lines].min().min()), float(found[lines].max().max()), "$")
    axes.set_xlabel("workers k (log scale)")
    axes.set_ylabel("dollars for all of the work (USD, log scale)")
    label_ends(axes, ends, colours)
    return figure


def main() -> None:
    """Simulate, print, draw."""
    folder = folder_of("divide_or_replicate", __doc__)
    found, marks = tables()
    figure = cost_by_workers(found, marks)
    publish("divide_or_replicate", found, finding(found, marks) + ".", {"divide_or_replicate": figure}, folder)


if __name__ == "__main__":
    main()
