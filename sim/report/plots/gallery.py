"""Which figures a run has, and which a sweep."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sim.call import Role, Status
from sim.report.findings.roles import ROLES, dollars_by_role
from sim.report.grid import Study, place_label, study
from sim.report.plots.amplification import amplification
from sim.report.plots.drivers import sobol_bars, tornado_bars
from sim.report.plots.frontier import success_by_cost
from sim.report.plots.latency import STAR, latency_by_backend, latency_spans
from sim.report.plots.lost import work_lost
from sim.report.plots.money import money_by_kind
from sim.report.plots.spend import spend_by_fanout
from sim.report.plots.timeline import tokens_over_time
from sim.report.reference.labels import Names
from sim.results.result import Result
from sim.settings.events.event import marks
from sim.settings.run import GoalSettings
from sim.sweeps.sensitivity import Tornado


def of_run(result: Result, table: pd.DataFrame, names: Names) -> dict[str, Figure]:
    """Of one scenario, whose summary is the one row of `table`."""
    work, models = result.scenario.work_taken, result.scenario.market.models
    guessed = [name for name in result.scenario.chosen() if models[name].speed_sure == "A" or work.uncounted(models[name]) is not None]
    return lost_if_any(table, names) | {
        "money_by_kind": money_by_kind(table, names, {ROLES[Role(role)]: usd for role, usd in dollars_by_role(result).items()}),
        "amplification": amplification(table, names),
        "latency_by_backend": latency_spans(spans(result, starred(names, guessed))),
        "tokens_over_time": tokens_over_time(
            {result.scenario.name: result.timeline}, {result.scenario.name: marks(result.scenario, names)}, begins(result.scenario.start)
        ),
    }


def of_grid(
    table: pd.DataFrame, names: Names, timelines: Mapping[str, pd.DataFrame], guessed: Collection[str] = (),
    events: Mapping[str, Sequence[tuple[float, str]]] = MappingProxyType({}), start: str = "",
) -> dict[str, Figure]:  # fmt: skip
    """Of a sweep over every combination (`sim.gather`); `guessed`: backends whose seconds nobody has measured; `events` by timeline;
    `start`: the moment of second 0, where that is one for all."""
    one = study(table, names)
    assumed = "" if "backends" in one.axes else _and([names.get(name, name) for name in guessed])
    line = next(iter(one.lines), "")
    of = f"{line[:1].upper()}{line[1:]}, the most expensive of {len(one.lines)}" if len(one.lines) > 1 else ""
    return lost_if_any(one, names) | {
        "spend_by_fanout": spend_by_fanout(one, names),
        "money_by_kind": money_by_kind(one, names),
        "amplification": amplification(one, names),
        "latency_by_backend": latency_by_backend(table, starred(names, guessed), assumed),
        "tokens_over_time": tokens_over_time(timelines, events, begins(start), of),
    }


def begins(start: str) -> str:
    """The moment of second 0 for people: `2026-02-16 09:00 UTC`; empty where there is none."""
    text = start.replace("T", " ")
    return re.sub(r"(\d\d:\d\d):00(?=\D|$)", r"\1", text) + (" UTC" if text and not re.search(r"([+-]\d\d:?\d\d|Z)$", text) else "")


def _and(said: Sequence[str]) -> str:
    return f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else "".join(said)


def starred(names: Names, guessed: Collection[str]) -> dict[str, str]:
    """All names, a star behind those of the guessed."""
    return {**names, **{name: f"{names.get(name, name)} {STAR}" for name in guessed}}


def lost_if_any(table: pd.DataFrame | Study, names: Names) -> dict[str, Figure]:
    """What was lost, where something was: the first figure."""
    one = study(table, names)
    return {"work_lost": work_lost(one, names)} if one.loses else {}


def of_search(one: Study, goal: GoalSettings, said: str) -> dict[str, Figure]:
    """Of a sweep that looked for something (`sim.sweeps.goal`)."""
    return {"success_by_cost": success_by_cost(one.rows, goal, said)}


def of_tornado(found: Tornado) -> dict[str, Figure]:
    """Of a tornado: one setting at a time."""
    return {"tornado": tornado_bars(found)}


def of_sobol(table: pd.DataFrame) -> dict[str, Figure]:
    """Of Sobol indices: all settings at once."""
    return {"sobol": sobol_bars(table)}


def spans(result: Result, names: Mapping[str, str]) -> pd.DataFrame:
    """Percentiles of the calls' time by backend, of the log where there is one; else of all calls together."""
    from_s = result.mean("warmup_s")
    times: dict[str, list[np.ndarray]] = {}
    for replication in result.replications:
        for rows in replication.log.batches():
            good = rows[(rows["status"] == Status.ok) & (rows["t_request_s"] >= from_s)]
            for index in np.unique(good["backend"]).tolist():
                mine, name = good[good["backend"] == index], result.scenario.backends[index]
                times.setdefault(names.get(name, name), []).append(mine["t_end_s"] - mine["t_request_s"])
    if not times:
        together = {p: result.mean(f"call_latency_{p}_s") for p in ("p50", "p95", "p99")}
        return pd.DataFrame(together, index=[place_label("backends", ",".join(result.scenario.backends), names)])
    points = {name: np.quantile(np.concatenate(times[name]), [0.5, 0.95, 0.99]) for name in sorted(times)}
    return pd.DataFrame.from_dict(points, orient="index", columns=["p50", "p95", "p99"])
