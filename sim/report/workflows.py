"""The main study's answer: what a task costs by workflow and backend at measured work, with the range over harnesses that bills leave."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import pandas as pd

from sim.report.grid import HIGHEST, LOWEST, ONE_AGENT, Names, Study, in_words, mark, place_name
from sim.report.numbers import dollars, number, percent
from sim.report.tables import aligned

CHAT = "chat"
USD, SOLVED, SUCCESS = "cost_per_task_usd", "cost_per_success_usd", "success_rate"
READING = (
    "a to b: lowest and highest over the harnesses ({harnesses}) whose bills say what work a model does; one number: they agree, or one "
    "of them alone has the model. ?: an extrapolation, nobody has measured teams of that size."
)


def workflow_tables(one: Study, adding: Collection[Any]) -> str:
    """Dollars a task where agents share one job out, where they add work, and dollars a solved task; a row a backend."""
    dividing = [place for place in one.places if place not in adding]
    parts = [_ranges(one, "USD per task on", dividing, USD)]
    if adding:
        added = [place for place in one.places if place in ONE_AGENT or place in adding]
        parts.append(
            "Workflows that add work (each agent a whole job, or a check of another's):\n\n" + _ranges(one, "USD per task on", added, USD)
        )
    solved = [place for place in one.places if place != CHAT and not mark(place)]
    parts.append("Dollars a solved task (how often a chat would solve it, nobody has measured):\n\n" + _solved(one, solved))
    parts.append(READING.format(harnesses=", ".join(one.harnesses)))
    return "\n\n".join(parts)


def workflow_finding(one: Study, adding: Collection[Any], names: Names | None, value_usd: float) -> str:
    """What one agent costs, what teams make of that, and where the choice of backend turns."""
    parts = [_tokens_finding(one), _alone_finding(one), *_teams_finding(one, adding), turn_finding(one, names, value_usd)]
    return ". ".join(part for part in parts if part) + "."


def turn_finding(one: Study, names: Names | None, value_usd: float) -> str:
    """At which workflow another backend is worth more than the one that is for a single agent: value of what is solved, less the bill.

    Harness by harness, since they disagree about bills; the order is that of the places, from little to much.
    """
    start = one.where_measured
    places = [place for place in one.places if place != CHAT][[place for place in one.places if place != CHAT].index(start) :]
    told = {harness: _best_by_value(alone, places, value_usd) for harness, alone in zip(one.harnesses or [""], one.each, strict=True)}
    if not value_usd or not all(told.values()):
        return ""
    said: dict[str, list[str]] = {}
    for harness, best in told.items():
        first = best[places[0]]
        turns = next((place for place in places if best.get(place, first) != first), None)
        after = "" if turns is None else f", from {in_words(one.x, turns, names)} on with {best[turns]}"
        said.setdefault(
            f"{first} for {'all of these workflows' if turns is None else in_words(one.x, places[0], names)}{after}", []
        ).append(harness)
    parts = [f"{words} (by bills in {' and '.join(harnesses)})" if one.harnesses else words for words, harnesses in said.items()]
    return f"If a solved task is worth {dollars(value_usd)}, most of it is left after the bill with {_joined(parts)}"


def _best_by_value(one: Study, places: Sequence[Any], value_usd: float) -> dict[Any, str]:
    """By place the line of the highest expected worth less bill."""
    best = {}
    for place in places:
        net = value_usd * one.at(place, SUCCESS) - one.at(place, USD)
        if len(net.dropna()):
            best[place] = str(net.idxmax())
    return best if places and places[0] in best else {}


def _tokens_finding(one: Study) -> str:
    """One agent's tokens over a chat's, from the chat, backend and harness that make least of it to those that make most."""
    ends = [[alone.at(one.where_measured, f"multiplier_per_message{end}") for alone in one.each] for end in ("_least", "_most")]
    low, high = (pd.concat(each) for each in ends)
    if low.empty or one.where_measured not in ONE_AGENT:
        return ""
    return (
        f"For a message of its user one agent takes {number(low.min(), 2)} to {number(high.max(), 2)} times the tokens of a message to a "
        "chat, by which chat and which model"
    )


def _alone_finding(one: Study) -> str:
    place = one.where_measured
    costs = one.at(place, USD).sort_values()
    if len(costs) < 2:
        return ""
    cheap, dear = (f"{_span(one, str(costs.index[i]), place, USD, dollars)} {one.joint} {costs.index[i]}" for i in (0, -1))
    return f"At measured work one agent costs {cheap} and {dear}"


def _teams_finding(one: Study, adding: Collection[Any]) -> list[str]:
    """What teams come to, over one agent on the same backend by the same bills."""
    start, said = one.where_measured, []
    for kind, places in (
        ("share the job out", [place for place in one.places if place not in adding and place not in (CHAT, start)]),
        ("add work", [place for place in one.places if place in adding]),
    ):
        times = {place: pd.concat([alone.at(place, USD) / alone.at(start, USD) for alone in one.each]) for place in places}
        each = [
            f"{place_name(place)}{mark(place)} {number(times[place].min(), 2)} to {number(times[place].max(), 2)} times"
            for place in dict.fromkeys([*places[:1], *places[-1:]])
            if len(times[place].dropna())
        ]
        if each:
            said.append(f"Teams that {kind} cost, against one agent: {_joined(each)}")
    return said


def _ranges(one: Study, heading: str, places: Sequence[Any], metric: str) -> str:
    out: dict[str, list[str]] = {heading: list(one.lines)}
    for place in places:
        out[f"{place_name(place)}{mark(place)}"] = [_span(one, line, place, metric) for line in one.lines]
    return aligned(pd.DataFrame(out))


def _solved(one: Study, places: Sequence[Any]) -> str:
    at = one.where_measured
    out: dict[str, list[str]] = {
        "USD per solved task on": list(one.lines),
        "success": [percent(float(one.values(line, SUCCESS)[at])) for line in one.lines],
    }
    for place in places:
        out[f"{place_name(place)}{mark(place)}"] = [_span(one, line, place, SOLVED) for line in one.lines]
    return aligned(pd.DataFrame(out))


def _span(one: Study, line: str, place: Any, metric: str, write: Any = number) -> str:
    """`0.33 to 0.41`, or one number where both ends are written alike."""
    low, high = (float(one.values(line, metric + end)[place]) for end in (LOWEST, HIGHEST))
    if math.isnan(low):
        low = high = float(one.values(line, metric)[place])
    ends = [write(low, 2), write(high, 2)] if write is number else [write(low), write(high)]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def _joined(said: Sequence[str]) -> str:
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])}; {said[-1]}"
