"""A capacity sheet for people: what to know first, what is asked for, what quota to ask for, what the limits that are set do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from sim.report.asked import asked
from sim.report.numbers import compact, counted, number, percent
from sim.report.tables import aligned
from sim.results.capacity.asked import KINDS, WINDOWS_S
from sim.results.capacity.sheet import ACCEPTED, Capacity, Load
from sim.results.files import Files
from sim.results.metrics import UNITS
from sim.results.notes.unused import unused
from sim.scenario.scenario import Scenario
from sim.scenario.text import plain
from sim.settings.capacity.servers import BackendKind
from sim.settings.workload import WorkloadKind
from sim.statistics import digits

_SPOKEN = 0.01
"""The share held back for which quotas at more people are told."""
_FIRST = ("lost", "late", "never", "refused", "fallback", "caps", "warmup")
_WINDOWS = {1.0: "1 s", 10.0: "10 s", 60.0: "1 min"}


def page(sheet: Capacity) -> str:
    """All of it, as text."""
    names = _names(sheet.scenario)
    parts = ["\n".join(_first(sheet, names))]
    for name, loads in sheet.loads.items():
        one = loads[min(loads)]
        parts += [
            f"{names[name]}, where nothing is turned away: asked for, as a rate a minute\n\n{aligned(demand(one))}",
            f"Quota a minute to ask for on {names[name]}, so that no more than so many calls are held back\n\n{aligned(quotas(loads))}",
            _in_flight(loads),
        ]
    if sheet.as_set is not None:
        parts.append("\n".join(_as_set(sheet, names)))
    return "\n\n".join([*parts, "\n".join(f"- {line}" for line in _how(sheet))])


def _names(scenario: Scenario) -> dict[str, str]:
    return {name: model.label or name for name, model in scenario.market.models.items()}


def _first(sheet: Capacity, names: dict[str, str]) -> Iterator[str]:
    """Overload and lost work before anything else."""
    if sheet.as_set is not None:
        yield from (f"As it is set: {sheet.as_set.notes[kind]}" for kind in _FIRST if kind in sheet.as_set.notes)
        for limit, share in sheet.as_set.used.items():
            if share > 1:
                yield (
                    f"Overload: in its busiest hour the work asks for {digits(share, 2)} times {_limit(limit, names)}, "
                    "so as long as that lasts the backlog grows."
                )
    if idle := unused(sheet.scenario):
        yield idle
    yield asked(plain(sheet.scenario), names).replace("was run", "is to run")
    if not sheet.loads:
        yield "No call is asked for: nothing arrives before the end of the run (start, horizon_s, workload.hours)."
    low, high = sheet.usd_a_day[1:]
    span = "" if math.isnan(low) or low == high else f" ({number(low)} to {number(high)})"
    runs = f"{counted(sheet.replications, 'run')} of {number(sheet.days)} days"
    yield f"Where nothing is turned away it costs ${number(sheet.usd_a_day[0])}{span} a day; {runs}."
    if any(model.kind is BackendKind.self_hosted or model.reserved.units for model in sheet.scenario.chosen().values()):
        yield "That is by the list of prices: hours of own servers and of reserved units are in what it comes to as it is set."


def demand(load: Load) -> pd.DataFrame:
    """Rates a minute over windows."""
    rows = []
    for kind, words in KINDS.items():
        for window_s in WINDOWS_S:
            rates = load.rates[kind][window_s]
            row = {"": words if window_s == WINDOWS_S[0] else "", "in windows of": _WINDOWS[window_s]}
            row |= {name: _rate(*rates[share]) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("most", 1.0))}
            rows.append(row | {"busiest hour": compact(load.busy_hour[kind]) if window_s == WINDOWS_S[-1] else ""})
    return pd.DataFrame(rows)


def _rate(value: float, half: float) -> str:
    return compact(value) if math.isnan(half) or not half else f"{compact(value)} ±{compact(half)}"


def quotas(loads: dict[int, Load]) -> pd.DataFrame:
    """Quotas by kind: at so many people for each accepted share, at more of them for one."""
    one, rows = min(loads), []
    for kind, words in KINDS.items():
        row = {"": words} | {f"{100 * share:g} %": compact(loads[one].quotas[kind][share]) for share in ACCEPTED}
        others = {many: load.quotas[kind][_SPOKEN] for many, load in loads.items() if many != one}
        rows.append(row | {f"{many}x people, {100 * _SPOKEN:g} %": compact(quota) for many, quota in others.items()})
    return pd.DataFrame(rows)


def _in_flight(loads: dict[int, Load]) -> str:
    rows = [
        {
            "calls under way": f"{many}x people", "busiest hour": digits(load.erlangs, 2), "p99": f"{load.in_flight[0]:,.0f}",
            "most": f"{load.in_flight[1]:,.0f}",
        }
        for many, load in loads.items()
    ]  # fmt: skip
    return aligned(pd.DataFrame(rows))


def _limit(key: str, names: dict[str, str]) -> str:
    name, _, limit = key.rpartition(".")
    return f"{limit} of {names[name]}"


def _as_set(sheet: Capacity, names: dict[str, str]) -> Iterator[str]:
    assert sheet.as_set is not None
    yield "As it is set, limits and outages included:"
    rows = []
    for metric, (mean, low, high) in sheet.as_set.summary.items():
        unit = "USD" if metric.endswith("usd_a_day") else UNITS.get(metric, "")
        share = metric.endswith("share")
        told = [percent(value) if share else number(value) for value in (mean, low, high) if not math.isnan(value)]
        row = {"": metric, "mean": f"{told[0]} {unit}".rstrip() if told else "-", "95 % interval": " to ".join(told[1:])}
        for many, means in sheet.as_set.more.items():
            there = means.get(metric, math.nan)
            row[f"{many}x people"] = "-" if math.isnan(there) else percent(there) if share else number(there)
        rows.append(row)
    yield ""
    yield aligned(pd.DataFrame(rows))
    yield ""
    for limit, used in sheet.as_set.used.items():
        drains = (
            f"at {number(1 / used)} times the demand that hour's backlog stops draining" if 0 < used < 1 else "its backlog does not drain"
        )
        yield f"{_limit(limit, names)}: the busiest hour asks for {percent(used)} of it; {drains}."


def _how(sheet: Capacity) -> Iterator[str]:
    yield "Input counts when a call is asked for, and so does its output (providers set aside max_tokens beforehand)."
    yield "Windows without a call count too. Quotas: a bucket that holds a minute's worth, calls held back in order (a gateway)."
    yield "No quota is below the largest call, which the bucket has to hold: where people add little to it, that call sets it."
    yield "Clients that retry after 429s find it full more often: set the limit and run this again."
    if any(len(loads) > 1 for loads in sheet.loads.values()):
        recorded = sheet.scenario.workload.kind is WorkloadKind.trace
        yield f"2x, 3x: {'the log beside itself, at the same moments: the worst case' if recorded else 'independent runs side by side'}."
        if sheet.as_set is not None and sheet.as_set.more:
            yield "As it is set, at more people: they share the limits."
    known = [half for loads in sheet.loads.values() for _, half in loads[min(loads)].rates["fresh"][60.0].values()]
    if not all(map(math.isnan, known)):
        yield "±: half of the 95 % interval over runs."


def write(sheet: Capacity, folder: Path) -> list[str]:
    """Leave demand and quotas as CSV, numbers in full, and the duration curve; returns the names of the files."""
    from sim.report.plots.canvas import save_all
    from sim.report.plots.capacity import duration_curves

    names = _names(sheet.scenario)
    asked_for, wanted = [], []
    for name, loads in sheet.loads.items():
        for many, load in loads.items():
            key = {"backend": name, "times": many}
            for kind in KINDS:
                for window_s, rates in load.rates[kind].items():
                    figures = {f"p{100 * share:g}": value for share, (value, _) in rates.items()}
                    asked_for.append(key | {"kind": kind, "window_s": window_s} | figures)
                wanted += [key | {"kind": kind, "held_back": share, "per_min": value} for share, value in load.quotas[kind].items()]
    files = Files(folder)
    files.write_table("demand.csv", pd.DataFrame(asked_for))
    files.write_table("quotas.csv", pd.DataFrame(wanted))
    save_all({"duration": duration_curves({names[name]: loads for name, loads in sheet.loads.items()})} if sheet.loads else {}, folder)
    return ["demand.csv", "quotas.csv", *(["figures/duration.png"] if sheet.loads else [])]
