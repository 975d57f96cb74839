"""The main study's answer: what a task costs by workflow and backend at measured work, with the range over harnesses that bills leave."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from sim.report.grid import HARNESS, HIGHEST, LOWEST, Study, in_words, mark, place_label
from sim.report.numbers import dollars, number, percent
from sim.report.reference.labels import ONE_AGENT, value_name
from sim.report.tables import aligned, spanned

CHAT = "chat"
USD, SOLVED, SUCCESS, NET = "cost_per_task_usd", "cost_per_success_usd", "success_rate", "net_value_per_task_usd"
READING = (
    "a to b: lowest and highest over the harnesses ({harnesses}) whose bills say what work a model does. *: bills of one of them alone, so "
    "no range is known: they differ by a factor of about two elsewhere. ?: an extrapolation, nobody has measured teams of that size."
)
WORTH = (
    "Which backend is worth most goes by worth less bill: success is as measured in {source}, and a lead is sure where chance alone would "
    "give it in fewer than 5 of 100 sweeps."
)
Verdicts = Mapping[str, Mapping[Any, Mapping[str, str]]]
"""By harness, workflow and backend: whether it may be the best by worth less bill (`sim.sweeps.comparison.best`)."""


def workflow_tables(one: Study, adding: Collection[Any], unsure: Collection[str] = ()) -> str:
    """All of them in print, with what the marks mean."""
    parts = [part for said, texts in workflow_ranges(one, adding, unsure) for part in ([f"{said}:"] if said else []) + [aligned(texts)]]
    return "\n\n".join([*parts, marks_mean(one)])


def marks_mean(one: Study) -> str:
    """What stands between two numbers, and behind some of them."""
    return READING.format(harnesses=", ".join(value_name(HARNESS, each) for each in one.harnesses))


def workflow_ranges(one: Study, adding: Collection[Any], unsure: Collection[str] = ()) -> list[tuple[str, pd.DataFrame]]:
    """Dollars a task where agents share one job out, where they add work, and dollars a solved task; a row a backend; each with what is
    said of it.

    `unsure`: backends of which not every harness has bills.
    """
    lines = {line: f"{line}*" if line in unsure else line for line in one.lines}
    dividing = [place for place in one.places if place not in adding]
    parts = [("", _ranges(one, lines, "USD per task on", dividing, USD))]
    if adding:
        added = [place for place in one.places if place in ONE_AGENT or place in adding]
        said = "Workflows that add work (each agent a whole job, or a check of another's)"
        parts.append((said, _ranges(one, lines, "USD per task on", added, USD)))
    measured = [place for place in one.places if not mark(place)]
    unknown = [place for place in measured if place == CHAT or one.at(place, SOLVED + LOWEST).empty]
    solved = [place for place in measured if place not in unknown]
    named = " or ".join(f"a {place}" if place == CHAT else place_label(one.x, place, one.names) for place in unknown)
    said = f"Dollars a solved task{f' (how often {named} would solve it, nobody has measured)' if named else ''}"
    parts.append((said, _ranges(one, lines, "USD per solved task on", solved, SOLVED, success=True)))
    return parts


def workflow_sentences(one: Study, adding: Collection[Any], unsure: Collection[str] = ()) -> list[str]:
    """What one agent takes and costs, and what teams make of that."""
    return [part for part in (_alone(one, unsure), *_teams_finding(one, adding)) if part]


def turn_finding(one: Study, adding: Collection[Any], verdicts: Verdicts, value_usd: float) -> list[str]:
    """In two sentences: which backend is worth most over its bill for one agent and who may be as good, by bills of any harness; and the
    first workflows, of those that share out and those that add, at which it surely is no longer, by bills of all."""
    start, firsts, rivals = one.where_measured, dict[str, list[str]](), dict[str, None]()
    for harness, alone in zip(one.harnesses, one.each, strict=True):
        net = alone.at(start, NET).dropna()
        if len(net) < 2:
            return []
        firsts.setdefault(str(net.idxmax()), []).append(value_name(HARNESS, harness))
        rivals |= dict.fromkeys(line for line, verdict in verdicts[harness][start].items() if verdict == "maybe")
    others = [line for line in rivals if line not in firsts]
    named = [line if len(firsts) == 1 else f"{line} ({' and '.join(harnesses)})" for line, harnesses in firsts.items()]
    match = f"; {_in_a_row(others)} may match {'it' if len(named) == 1 else 'them'}" if others else ""
    said = f"At {dollars(value_usd)} a solved task, {_in_a_row(named, 'or')} is worth most for {in_words(one.x, start)}{match}"
    return [said, *(_turn(one, adding, verdicts, first) for first in firsts)]


def _turn(one: Study, adding: Collection[Any], verdicts: Verdicts, first: str) -> str:
    """Where the first of one agent is surely behind, whichever harness's bills are taken, and behind whom."""
    after = one.places[one.places.index(one.where_measured) + 1 :]
    behind, leaders = [], dict[str, None]()
    for places in ([place for place in after if place not in adding], [place for place in after if place in adding]):
        lost = [place for place in places if all(each.get(place, {}).get(first) == "no" for each in verdicts.values())]
        if lost:
            behind.append(in_words(one.x, lost[0]))
            leaders |= dict.fromkeys(str(alone.at(lost[0], NET).idxmax()) for alone in one.each)
    if not behind:
        return f"Nowhere does {first} surely fall behind"
    return f"{first} surely falls behind {_in_a_row(list(leaders), 'or')} from {' and from '.join(behind)} on"


def _alone(one: Study, unsure: Collection[str]) -> str:
    """One agent's tokens over a chat's, from the chat, backend and harness that make least of it to those that make most, and its bill."""
    place = one.where_measured
    lows, highs = one.at(place, USD + LOWEST), one.at(place, USD + HIGHEST)
    if len(lows) < 2 or place not in ONE_AGENT:
        return ""
    ends = [pd.concat([alone.at(place, f"multiplier_per_message{end}") for alone in one.each]) for end in ("_least", "_most")]
    times = f"{number(ends[0].min(), 2)} to {number(ends[1].max(), 2)} times a chat's tokens per message and costs " if len(ends[0]) else ""
    cheap, dear = str(lows.idxmin()), str(highs.idxmax())
    told = [
        f"{dollars(value)} ({line}{', one harness' if line in unsure else ''})"
        for value, line in ((lows[cheap], cheap), (highs[dear], dear))
    ]
    return f"One agent {f'takes {times}' if times else 'costs '}{told[0]} to {told[1]} per task"


def _teams_finding(one: Study, adding: Collection[Any]) -> list[str]:
    """What teams come to, over one agent on the same backend by the same bills."""
    start, said = one.where_measured, []
    for kind, places in (
        (
            "share the job out (how is assumed, and that they solve as many)",
            [place for place in one.places if place not in adding and place not in (CHAT, start)],
        ),
        ("add work", [place for place in one.places if place in adding]),
    ):
        times = {place: pd.concat([alone.at(place, USD) / alone.at(start, USD) for alone in one.each]) for place in places}
        each = [
            f"{place_label(one.x, place, one.names)} {number(times[place].min(), 2)} to {number(times[place].max(), 2)}"
            for place in (places if kind == "add work" else dict.fromkeys([*places[:1], *places[-1:]]))
            if len(times[place].dropna())
        ]
        if each:
            said.append(f"Teams that {kind} cost, in times of one agent: {_joined(each)}")
    return said


def _ranges(
    one: Study, lines: Mapping[str, str], heading: str, places: Sequence[Any], metric: str, *, success: bool = False
) -> pd.DataFrame:
    out: dict[str, list[str]] = {heading: list(lines.values())}
    if success:
        out["success"] = [percent(float(one.values(line, SUCCESS)[one.where_measured])) for line in lines]
    for place in places:
        out[f"{place_label(one.x, place, one.names)}"] = [_span(one, line, place, metric) for line in lines]
    return pd.DataFrame(out)


def _span(one: Study, line: str, place: Any, metric: str, sign: str = "") -> str:
    low, high = (float(one.values(line, metric + end)[place]) for end in (LOWEST, HIGHEST))
    return spanned(low, high, lambda value: sign + number(value, 2))


def _in_a_row(names: Sequence[str], last: str = "and") -> str:
    return f" {last} ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _joined(said: Sequence[str]) -> str:
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])}; {said[-1]}"
