"""What a sweep's table says, in sentences; each is computed from the table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sim.report.grid import Study, called, in_words, study
from sim.report.lost import first, unranked
from sim.report.numbers import compact, dollars, number, percent
from sim.report.reference.labels import AGENT, ONE_AGENT, Names, worded
from sim.settings.run import GoalSettings
from sim.sweeps.goal import ranked, reached

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


def spend_finding(one: Study, names: Names | None = None) -> str:
    """What the last place takes against the first, and what it costs on the cheapest and the most expensive line."""
    if one.rows.empty:
        return "No scenario finished"
    if one.loses and len(one.rows) > 1:
        return _per_answer(one, names)
    if "tasks" in one.rows and not one.rows["tasks"].any():
        return ""
    if one.x == "backends" or len(one.places) == 1:
        return _one_place(one, names)
    return _along(one, names)


def _along(one: Study, names: Names | None) -> str:
    """From the first place to the last."""
    first, last = _ended(one)
    costs = one.at(last, "cost_per_task_usd").sort_values()
    if costs.empty:
        return f"No scenario with {in_words(one.x, last, names)} finished"
    if first == last:
        tokens = compact(float(one.at(last, "tokens_per_task").max()))
        return f"With {in_words(one.x, last, names)} a task takes {tokens} tokens and costs {dollars(float(costs.max()))}"
    head = _tokens_finding(one, names)
    if len(costs) == 1:
        before = one.at(first, "cost_per_task_usd")
        return f"{head}; dollars a task go from {dollars(before.iloc[0])} to {dollars(costs.iloc[0])}" if len(before) else head
    subject = "the team costs" if "team_" in str(last) else "a task then costs"
    cheap, dear = (f"{dollars(costs.iloc[i])} {one.joint} {costs.index[i]}" for i in (0, -1))
    return f"{head}; {subject} {cheap} and {dear}"


def _ended(one: Study) -> tuple[Any, Any]:
    """The first place at which a task ended, and the last of all."""
    return next((place for place in one.places if len(one.at(place, "tokens_per_task"))), one.places[0]), one.places[-1]


def _per_answer(one: Study, names: Names | None) -> str:
    """Where work was lost: what a solved and what a finished task costs at the first and the last place."""
    said = []
    for what, metric in (("solved", "cost_per_success_usd"), ("finished", "cost_per_finished_task_usd")):
        rows = one.rows[one.rows[metric].notna()].sort_values(metric)
        if len(rows):
            ends = [f"{dollars(row[metric])} with {called(one, row, names)}" for row in (rows.iloc[0], rows.iloc[-1])]
            said.append(f"a {what} task costs {' to '.join(ends if len(rows) > 1 else ends[:1])}")
    text = "; ".join(said) or "no task was finished"
    return text[0].upper() + text[1:]


def _tokens_finding(one: Study, names: Names | None) -> str:
    """`By the user's message, one agent takes 450 times the tokens of a chat, a team of 16 takes 1,200 times`."""
    first, last = _ended(one)
    times = _times(one.at(last, "tokens_per_task") / one.at(first, "tokens_per_task"))
    much, against = (in_words(one.x, place, names) for place in (last, first))
    alone_at = next((place for place in one.places[1:-1] if place in ONE_AGENT), "")
    if first == "chat" and alone_at:
        alone, team = (_times(one.at(place, "multiplier_per_message")) for place in (alone_at, last))
        return f"By the user's message, one agent takes {alone} the tokens of {against}, {much} takes {team}"
    if one.x != AGENT:
        return f"A task takes {times} the tokens with {much} as with {against}"
    return f"{much[0].upper()}{much[1:]} takes {times} the tokens of {against}"


def _one_place(one: Study, names: Names | None) -> str:
    """Lines (or backends) compared where nothing else varies."""
    rows = one.rows.sort_values("cost_per_task_usd")
    low, high = rows.iloc[0], rows.iloc[-1]
    if len(rows) == 1:
        if one.loses:
            done = {"a solved task": low["cost_per_success_usd"], "a finished one": low["cost_per_finished_task_usd"]}
            said = [f"{what} costs {dollars(usd)}" for what, usd in done.items() if math.isfinite(usd)]
            return ", ".join(said).capitalize() or "No task was finished, so none has a price"
        return (
            f"A task takes {compact(low['tokens_per_task'])} tokens and costs {dollars(low['cost_per_task_usd'])}, "
            f"by the user's message {number(low['multiplier_per_message'])} times the tokens of a chat"
        )
    said = [worded("backends", row["_x"], names) if one.x == "backends" else row["_line"] for row in (low, high)]
    cheap, dear = (dollars(row["cost_per_task_usd"]) for row in (low, high))
    times = number(high["cost_per_task_usd"] / low["cost_per_task_usd"])
    return f"A task costs {cheap} {one.joint} {said[0]}, {dear} {one.joint} {said[1]}: {times} times as much"


def _times(ratios: pd.Series) -> str:
    """`1,240 times`: the median over the lines, or the range where it is wider than 5 %."""
    ratios = ratios.dropna()
    if ratios.empty:
        return "an unknown multiple of"
    low, middle, high = ratios.min(), ratios.median(), ratios.max()
    return f"{number(low)} to {number(high)} times" if high > 1.05 * low else f"{number(middle)} times"


def price_finding(one: Study, list_usd_per_mtok: Mapping[str, float], work: str = "for the same work") -> str:
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
        f"On the list input costs {number(listed[dear] / listed[cheap])} times as much on {dear} as on {cheap}; "
        f"the bill {work} is {low if low == high else f'{low} to {high}'} times as high"
    )


def success_finding(one: Study) -> str:
    """Which line solves a task for least at the last place, and whether the next one can be told from it."""
    if one.rows.empty or len(one.lines) < 2 or one.loses:
        return ""
    last = one.places[-1]
    costs = one.at(last, "cost_per_success_usd").sort_values()
    if len(costs) < 2:
        return ""
    best, second, worst = costs.index[0], costs.index[1], costs.index[-1]
    tops, bottoms = one.at(last, "cost_per_success_usd_ci_high"), one.at(last, "cost_per_success_usd_ci_low")
    overlap = bottoms.get(second, math.nan) <= tops.get(best, math.nan)
    unsure = f" (its interval overlaps with that of {second})" if overlap else ""
    if not overlap and len(costs) > 2:
        unsure = f" (next: {second}, {dollars(costs.iloc[1])})"
    where = f" for {in_words(one.x, last)}" if len(one.places) > 1 else ""
    against = f"{dollars(costs.iloc[-1])} {one.joint} {worst}"
    return f"Per solved task {best} is cheapest{where}: {dollars(costs.iloc[0])}{unsure}, against {against}"


def best_finding(one: Study, names: Names | None = None) -> str:
    """Which scenario is best of all, by paired comparisons of many; empty where replications are too few to say."""
    column = next((str(name) for name in one.rows.columns if str(name).startswith("best_cost_per_")), "")
    found = one.rows[one.rows[column].isin(["yes", "maybe"])] if column else one.rows.iloc[:0]
    compared = int(one.rows[column].ne("").sum()) if column else 0
    if found.empty or compared < 2 or len(one.rows) < 3:
        return ""
    if any(unranked(one, scenario) for _, scenario in found.iterrows()):
        return "Which is cheapest is not said: those that seem so lost work"
    by = "solved task" if column.endswith("success_usd") else "task"
    of = f"Of all {compared} scenarios" if compared == len(one.rows) else f"Of the {compared} scenarios of which that is known"
    said = [called(one, scenario, names) for _, scenario in found.iterrows()]
    if len(said) == 1:
        return f"{of} {said[0]} is cheapest per {by} (95 %)"
    return f"{of} {len(said)} may be cheapest per {by} (95 %), such as {said[0]} and {said[1]}"


def baseline_finding(one: Study) -> str:
    """How many scenarios cost more, less, or seemingly the same per task as the baseline."""
    told = one.rows.get("cost_per_task_usd_verdict", pd.Series(dtype=object)).dropna()
    ratios = one.rows.get("cost_per_task_usd_ratio", pd.Series(dtype=float)).reindex(told.index)
    compared = told[ratios != 1]
    if compared.empty or one.loses:
        return ""
    counts = [f"{count} {verdict}" for verdict, count in compared.value_counts().items()]
    low, high = number(ratios[compared.index].min()), number(ratios[compared.index].max())
    return f"Against the baseline, dollars by task: {', '.join(counts)}; {low} to {high} times"


def goal_finding(one: Study, goal: GoalSettings, rivals: int, names: Names | None = None) -> str:
    """The best scenario that reaches the floor, with intervals; or that none does, and which comes nearest.

    `rivals`: how many others that reach it may be as good.
    """
    if one.rows.empty:
        return ""
    floor = percent(goal.success_floor or 0)
    rows = ranked(goal, one.rows)
    first = rows.iloc[0]
    met = reached(goal, rows)
    if rows[goal.metric].isna().all():
        return f"No scenario has a {goal.metric}, so none is best"
    if not met.any():
        return f"None of {len(rows)} scenarios solves {floor} of its tasks; nearest comes {called(one, first, names)}: {_bill(first)}"
    best = "Cheapest" if goal.metric.startswith("cost_") else f"Best by {goal.metric}"
    of = f"those that solve at least {floor} ({int(met.sum())} of {len(rows)} scenarios)"
    parts = [f"{best} of {of}: {called(one, first, names)}; {_bill(first)}"]
    sure = rows[met & (rows["success_rate_ci_low"] >= (goal.success_floor or 0))]
    if len(sure) == 0:
        parts.append("No scenario's interval of success lies above the floor")
    elif sure.index[0] != rows.index[0]:
        parts.append(f"{best} whose interval of success lies above the floor: {called(one, sure.iloc[0], names)}; {_bill(sure.iloc[0])}")
    if rivals:
        parts.append(f"{rivals} other{'s' if rivals > 1 else ''} that reach{'' if rivals > 1 else 'es'} it may be as good (95 %)")
    return ". ".join(parts)


def _bill(scenario: pd.Series) -> str:
    """Dollars and success with their intervals."""
    cost, low, high = (dollars(scenario[f"cost_per_task_usd{end}"]) for end in ("", "_ci_low", "_ci_high"))
    solved, least, most = (percent(scenario[f"success_rate{end}"]) for end in ("", "_ci_low", "_ci_high"))
    return (
        f"{cost} a task ({low} to {high}), {dollars(scenario['cost_per_success_usd'])} a solved one, success {solved} ({least} to {most})"
    )


def money_finding(bill: pd.DataFrame, name: str, first: str, last: str) -> str:
    """Which kinds of token gained and lost share of the bill; `bill` has a column a kind, in shares, and a row a place."""
    if len(bill) == 1:
        top = bill.iloc[0].sort_values(ascending=False)
        return f"{percent(top.iloc[0])} of the bill pays for {top.index[0]}, {percent(top.iloc[1])} for {top.index[1]}"
    change = bill.iloc[-1] - bill.iloc[0]
    up, down = str(change.idxmax()), str(change.idxmin())
    where = f" on {name}" if name else ""
    return (
        (
            f"From {first} to {last} {up} go from {percent(bill[up].iloc[0])} to {percent(bill[up].iloc[-1])} of the bill{where}, "
            f"{down} from {percent(bill[down].iloc[0])} to {percent(bill[down].iloc[-1])}"
        )
        .replace("output go ", "output goes ")
        .replace("input go ", "input goes ")
    )


def finding(
    table: pd.DataFrame, names: Names | None = None, list_usd_per_mtok: Mapping[str, float] | None = None, work: str = "for the same work"
) -> str:
    """A sweep in a few clauses, each computed from its table.

    `list_usd_per_mtok` goes by the backends' names for people; `work` says what they were given to do.
    """
    one = study(table, names)
    if one.rows.empty:
        reason = one.failed["status"].iloc[0].removeprefix("failed: ") if len(one.failed) else "there is none"
        return f"No scenario finished: {reason}."
    parts = [
        *first(one, names),
        spend_finding(one, names),
        price_finding(one, list_usd_per_mtok or {}, work),
        success_finding(one),
    ]
    parts += [best_finding(one, names), baseline_finding(one)]
    return ". ".join(part for part in parts if part) + "."
