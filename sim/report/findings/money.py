"""What a sweep says of tokens and dollars."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sim.report.findings.effects import WRITTEN, comparable, effect, sentences, spanned_value, told
from sim.report.grid import Study, called, in_words, mark
from sim.report.lost import unranked
from sim.report.numbers import compact, dollars, number, percent
from sim.report.reference.labels import AGENT, ONE_AGENT, Names, worded

KINDS = {
    "fresh input": "cost_fresh_input_usd",
    "cache writes": "cost_cache_write_usd",
    "cache reads": "cost_cache_read_usd",
    "output": "cost_output_usd",
    "fees": "cost_fees_usd",
    "hours of servers": "cost_servers_usd",
    "reserved units": "cost_units_usd",
}
"""What is paid for, and the metric that says how much."""
CHAT = "chat"
MOSTLY = 0.75
"""Share of scenarios that lost little from which on places are told in their order, without the others."""
STEADY = 0.03
"""A share of the bill that moves by less is told as one."""
SAME = 0.05
"""Tokens that differ by a smaller share are called the same."""


def spend_clauses(one: Study, names: Names | None = None) -> list[str]:
    """Tokens and dollars a task: along the axis from its first place to the last that somebody has measured, else from least to most."""
    if "tasks" in one.rows and not one.rows["tasks"].any():
        return []
    if len(one.rows) > 1 and len(comparable(one)) < MOSTLY * sum(not mark(place) for place in one.rows["_x"]):
        return [told(effect(one, one.per_task), one, names, *WRITTEN[one.per_task])]
    if one.x == "backends" or len(one.places) == 1:
        return _one_place(one, names)
    return _along(one, names)


def spend_title(one: Study, names: Names | None = None) -> str:
    """The same as the title of a figure of tokens and dollars a task."""
    if one.rows.empty:
        return "No scenario finished"
    clauses = [clause for clause in spend_clauses(one, names) if clause]
    if clauses:
        return ". ".join(sentences(clauses))
    return "Tokens and dollars per finished task" if one.loses else "Tokens and dollars per task"


def _along(one: Study, names: Names | None) -> list[str]:
    """From the first place to the last."""
    first, last = _ends(one)
    kept = set(comparable(one)["_line"][comparable(one)["_x"] == last])
    costs = one.at(last, one.per_task).sort_values()
    costs = costs[[line in kept for line in costs.index]]
    if costs.empty:
        return [f"no scenario with {in_words(one.x, last, names)} finished"]
    if first == last:
        tokens = compact(float(one.at(last, "tokens_per_task").max()))
        return [f"with {in_words(one.x, last, names)} a task takes {tokens} tokens and costs {dollars(float(costs.max()))}"]
    tokens = one.at(last, "tokens_per_task") / one.at(first, "tokens_per_task")
    if (tokens.dropna() - 1).abs().max() < SAME:
        return [told(effect(one, one.per_task), one, names, *WRITTEN[one.per_task])]
    head = _tokens(one, first, last, names)
    if len(costs) == 1:
        return [head, told(effect(one, one.per_task), one, names, *WRITTEN[one.per_task])]
    subject = "that team costs" if "team_" in str(last) else "a task then costs"
    cheap, dear = (f"{_at(one, str(costs.index[i]), last)} {one.joint} {costs.index[i]}" for i in (0, -1))
    return [head, f"{subject} {cheap}, {dear}"]


def _at(one: Study, line: str, place: Any) -> str:
    """Dollars a task, over harnesses as a range."""
    return spanned_value(one.lines[line].loc[place], one.per_task, dollars)


def _ends(one: Study) -> tuple[Any, Any]:
    """The first place at which a task ended, and the last that is no extrapolation."""
    first = next((place for place in one.places if len(one.at(place, "tokens_per_task"))), one.places[0])
    return first, next((place for place in reversed(one.places) if not mark(place)), one.places[-1])


def _tokens(one: Study, first: Any, last: Any, names: Names | None) -> str:
    """`per message, one agent takes 450 times the tokens of a chat, a team of 4 takes 620 times`."""
    much, against = (in_words(one.x, place, names) for place in (last, first))
    alone_at = next((place for place in one.places[1:-1] if place in ONE_AGENT), "")
    if first == CHAT and alone_at and alone_at != last:
        alone, team = (_times(one.at(place, "multiplier_per_message")) for place in (alone_at, last))
        over = " across backends" if one.joint == "on" and len(one.lines) > 1 else ""
        return f"per user message, one agent takes {alone} {against}'s tokens{over}, {much} {team}"
    times = _times(one.at(last, "tokens_per_task") / one.at(first, "tokens_per_task"))
    if one.x != AGENT:
        return f"a task takes {times} the tokens with {much} as with {against}"
    return f"{much} takes {times} the tokens of {against}"


def _one_place(one: Study, names: Names | None) -> list[str]:
    """Lines (or backends) compared where nothing else varies."""
    if len(one.rows) > 1:
        found = effect(one, "cost_per_task_usd", comparable(one))
        if found is None or not found.apart:
            return [told(found, one, names, *WRITTEN["cost_per_task_usd"])]
        said = [worded("backends", row["_x"], names) if one.x == "backends" else row["_line"] for row in (found.low, found.high)]
        cheap, dear = (spanned_value(row, "cost_per_task_usd", dollars) for row in (found.low, found.high))
        times = number(found.high["cost_per_task_usd"] / found.low["cost_per_task_usd"])
        return [f"a task costs {cheap} {one.joint} {said[0]}, {dear} {one.joint} {said[1]}, {times} times as much"]
    [row] = one.rows.to_dict("records")
    if one.loses:
        done = {"a finished task": row["cost_per_finished_task_usd"], "a solved one": row["cost_per_success_usd"]}
        told_of = [f"{what} costs {dollars(usd)}" for what, usd in done.items() if math.isfinite(usd)]
        return [", ".join(told_of) or "no task was finished, so none has a price"]
    low, high = (row.get(f"cost_per_task_usd_ci_{end}", math.nan) for end in ("low", "high"))
    span = f" ({dollars(low)} to {dollars(high)})" if low < high else ""
    times = f"per user message that is {number(row['multiplier_per_message'])} times the tokens of a chat"
    return [f"a task takes {compact(row['tokens_per_task'])} tokens and costs {dollars(row['cost_per_task_usd'])}{span}", times]


def _times(ratios: pd.Series) -> str:
    """`1,240 times`: the median over the lines, or the range where it is wider than 5 %."""
    ratios = ratios.dropna()
    if ratios.empty:
        return "an unknown multiple of"
    low, middle, high = ratios.min(), ratios.median(), ratios.max()
    return f"{number(low)} to {number(high)} times" if high > 1.05 * low else f"{number(middle)} times"


def price_clause(one: Study, list_usd_per_mtok: Mapping[str, float], work: str = "for the same work") -> str:
    """The gap between the most expensive and the cheapest backend of the price list, as listed and as billed (for which `work`)."""
    listed = pd.Series({line: list_usd_per_mtok[line] for line in one.lines if list_usd_per_mtok.get(line)}, dtype=float)
    if len(listed) < 2:
        return ""
    dear, cheap = str(listed.idxmax()), str(listed.idxmin())
    billed = pd.concat([each.values(dear, "cost_per_task_usd") / each.values(cheap, "cost_per_task_usd") for each in one.each]).dropna()
    if billed.empty:
        return ""
    low, high = number(billed.min(), 2), number(billed.max(), 2)
    return (
        f"by list price {dear} costs {number(listed[dear] / listed[cheap])} times as much as {cheap}, "
        f"by the bill {work} {low if low == high else f'{low} to {high}'} times"
    )


def success_clause(one: Study, names: Names | None = None) -> str:
    """Which line solves a task for least at the last place that somebody has measured; who cannot be told from it is named too."""
    if one.rows.empty or len(one.lines) < 2 or one.loses:
        return ""
    _, last = _ends(one)
    costs = one.at(last, "cost_per_success_usd").sort_values()
    if len(costs) < 2:
        return ""
    best, second = str(costs.index[0]), str(costs.index[1])
    top, bottom = one.at(last, "cost_per_success_usd_ci_high"), one.at(last, "cost_per_success_usd_ci_low")
    overlap = not bottom.get(second, math.nan) > top.get(best, math.nan)
    where = f" for {in_words(one.x, last, names)}" if len(one.places) > 1 else ""
    low, high = (f"{dollars(costs[line])} {one.joint} {line}" for line in (best, second))
    if overlap:
        return f"per solved task{where} {low} and {high} cannot be told apart (95 %)"
    return f"per solved task{where} {best} is cheapest, {dollars(costs.iloc[0])}; then {second}, {dollars(costs.iloc[1])}"


def best_clause(one: Study, names: Names | None = None) -> str:
    """Which scenario is best of all, by paired comparisons of many; empty where replications are too few to say."""
    column = next((str(name) for name in one.rows.columns if str(name).startswith("best_cost_per_")), "")
    found = one.rows[one.rows[column].isin(["yes", "maybe"])] if column else one.rows.iloc[:0]
    compared = int(one.rows[column].ne("").sum()) if column else 0
    if found.empty or compared < 2 or len(one.rows) < 3:
        return ""
    if any(unranked(one, scenario) for _, scenario in found.iterrows()):
        return "none is called cheapest: those that seem so lost work"
    by = "solved task" if column.endswith("success_usd") else "task"
    of = f"of all {compared} scenarios" if compared == len(one.rows) else f"of the {compared} scenarios of which that is known"
    said = [called(one, scenario, names) for _, scenario in found.iterrows()]
    if len(said) == 1:
        return f"{of} {said[0]} is cheapest per {by} (95 %)"
    return f"{of} {len(said)} may be cheapest per {by} (95 %), such as {said[0]} and {said[1]}"


def baseline_clause(one: Study) -> str:
    """How many scenarios cost more, less, or seemingly the same per task as the baseline."""
    told = one.rows.get("cost_per_task_usd_verdict", pd.Series(dtype=object)).dropna()
    ratios = one.rows.get("cost_per_task_usd_ratio", pd.Series(dtype=float)).reindex(told.index)
    compared = told[ratios != 1]
    if compared.empty or one.loses:
        return ""
    counts = [f"{count} {verdict}" for verdict, count in compared.value_counts().items()]
    low, high = number(ratios[compared.index].min()), number(ratios[compared.index].max())
    return f"against the baseline, dollars per task: {', '.join(counts)}; {low} to {high} times"


def money_finding(bill: pd.DataFrame, name: str, first: str, last: str) -> str:
    """Which kinds of token gained and lost share of the bill; `bill` has a column a kind, in shares, and a row a place."""
    if len(bill) == 1:
        top = bill.iloc[0].sort_values(ascending=False)
        return f"{percent(top.iloc[0])} of the bill pays for {top.index[0]}, {percent(top.iloc[1])} for {top.index[1]}"
    change = bill.iloc[-1] - bill.iloc[0]
    up, down, where = str(change.idxmax()), str(change.idxmin()), f" on {name}" if name else ""
    if change.abs().max() < STEADY:
        top = str(bill.mean().idxmax())
        low, high = (percent(end) for end in (bill[top].min(), bill[top].max()))
        return f"{low if low == high else f'{low} to {high}'} of the bill{where} pays for {top}, {first} to {last} alike"
    return (
        (
            f"From {first} to {last} {up} go from {percent(bill[up].iloc[0])} to {percent(bill[up].iloc[-1])} of the bill{where}, "
            f"{down} from {percent(bill[down].iloc[0])} to {percent(bill[down].iloc[-1])}"
        )
        .replace("output go ", "output goes ")
        .replace("input go ", "input goes ")
    )
