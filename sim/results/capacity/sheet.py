"""A capacity sheet: what a workload asks each provider for where nothing is turned away, what quota that takes, and how it fares as set."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.engine.recorded import as_recorded
from sim.errors import ConfigError, of_kind
from sim.results.capacity.asked import HOUR_S, KINDS, SHARES, WINDOWS_S, Asked, asked, together
from sim.results.capacity.bucket import quota
from sim.results.capacity.told import html, prompt
from sim.results.result import Result
from sim.results.simulate import simulate
from sim.scenario.scenario import Scenario
from sim.scenario.told.numbers import counted, number
from sim.settings.capacity.reserved import ReservedSettings
from sim.settings.capacity.servers import BackendKind, ServerSettings
from sim.settings.events.event import DISTURBING
from sim.settings.market import BackendSettings
from sim.settings.run import Log
from sim.settings.workload import DemandWindow, WorkloadKind
from sim.statistics import t_quantile

ACCEPTED = (0.05, 0.01, 0.001)
"""Shares of calls that may be held back: quotas are told for each."""
TIMES = (1, 2, 3)
"""How many times the people."""
DAY_S = 86_400.0
LIMITS = ("requests_per_min", "input_tokens_per_min", "output_tokens_per_min", "tokens_per_min")
_OPEN: dict[str, Any] = {
    "kind": BackendKind.api,
    "servers": ServerSettings(),
    "reserved": ReservedSettings(),
    "slots": None,
    "queue_limit": None,
    "quotas": {},
    **dict.fromkeys(LIMITS),
}
"""A backend that turns nothing away."""


@dataclass(frozen=True)
class Load:
    """What one backend is asked for at so many times the people, over replications."""

    rates: dict[str, dict[float, dict[float, tuple[float, float]]]]
    """By kind, window in seconds and share (1: the most): a rate a minute, mean over replications, half its 95 % interval (nan: one)."""
    busy_hour: dict[str, float]
    """By kind: a minute of the busiest hour, mean over replications."""
    quotas: dict[str, dict[float, float]]
    """By kind and accepted share: the quota a minute to ask for, the greatest that a replication takes."""
    in_flight: tuple[float, float]
    """Calls under way, as a call finds them: p99 over all, and the most."""
    erlangs: float
    """Calls under way in the busiest hour, on average."""
    curve: np.ndarray
    """Fresh input tokens a minute, of the windows of a minute of the first replication, greatest first."""


@dataclass(frozen=True)
class AsSet:
    """What the scenario comes to with the limits, outages and brownouts that it has."""

    summary: dict[str, tuple[float, float, float]]
    """Metric -> mean, low, high."""
    used: dict[str, float]
    """Limit, as `claude_sonnet_4_6.input_tokens_per_min` -> share of it that a minute of the busiest hour asks for: over 1 the backlog of
    that hour grows as long as it lasts."""
    notes: dict[str, str]
    more: dict[int, dict[str, float]]
    """Times the people -> metric -> mean, at the same limits; empty: a recorded log."""


@dataclass(frozen=True)
class Capacity:
    """The sheet."""

    scenario: Scenario
    days: float
    """Length of a replication."""
    replications: int
    usd_a_day: tuple[float, float, float]
    """Where nothing is turned away: mean, low, high."""
    loads: dict[str, dict[int, Load]]
    """By backend that is asked for anything, and times the people."""
    as_set: AsSet | None
    """None: no limit, line, slot, quota or outage is set."""

    def __repr__(self) -> str:
        of = f"{counted(self.replications, 'run')} of {number(self.days)} days"
        return prompt(self.scenario.name, self.usd_a_day[0], of, self._quotas)

    def _repr_html_(self) -> str:
        notes = [] if self.as_set is None else list(self.as_set.notes.values())
        return html(self.scenario.name, self.usd_a_day[0], self._quotas, notes)

    @property
    def _quotas(self) -> dict[str, dict[int, dict[str, dict[float, float]]]]:
        return {name: {many: load.quotas for many, load in loads.items()} for name, loads in self.loads.items()}

    def as_dict(self) -> dict[str, Any]:
        """For JSON; what is not known is None."""
        loads = {name: {f"{many}x": _plain(load) for many, load in each.items()} for name, each in self.loads.items()}
        as_set = self.as_set and {
            "summary": {metric: _interval_of(span) for metric, span in self.as_set.summary.items()},
            "used_in_busy_hour": self.as_set.used,
            "more_people": {f"{many}x": {name: _known(mean) for name, mean in of.items()} for many, of in self.as_set.more.items()},
            "notes": self.as_set.notes,
        }
        usd = _interval_of(self.usd_a_day)
        return {"days": self.days, "replications": self.replications, "usd_a_day": usd, "loads": loads, "as_set": as_set}


def _plain(load: Load) -> dict[str, Any]:
    def windows(rates: dict[float, dict[float, tuple[float, float]]]) -> dict[str, Any]:
        return {
            f"{window:g}s": {_name(share): {"value": value, "half_width": _known(half)} for share, (value, half) in of.items()}
            for window, of in rates.items()
        }

    return {
        "per_minute": {kind: windows(rates) for kind, rates in load.rates.items()},
        "busy_hour_per_minute": load.busy_hour,
        "quota_per_minute": {kind: {f"{share:g}": value for share, value in of.items()} for kind, of in load.quotas.items()},
        "in_flight": {"p99": load.in_flight[0], "max": load.in_flight[1]},
        "busy_hour_erlangs": load.erlangs,
    }


def _interval_of(span: tuple[float, float, float]) -> dict[str, float | None]:
    return dict(zip(("mean", "low", "high"), map(_known, span), strict=True))


def _name(share: float) -> str:
    return "max" if share == 1 else f"p{100 * share:g}"


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def capacity(scenario: Scenario, times: Sequence[int] = TIMES) -> Capacity:
    """What the scenario asks its providers for, at `times` the people, and what its own limits do to it.

    Demand is simulated with no limit, line, slot, outage or brownout; so many times the people are so many independent replications side
    by side (a recorded log stands beside itself). Raises `ConfigError` or `DataError`.
    """
    of_kind(scenario, Scenario, "capacity takes a scenario, as sim.load returns it")
    of_kind(times, Sequence, "times: how many times the people, a list such as [1, 2, 3]")
    if not times or any(not isinstance(many, int) or isinstance(many, bool) or many < 1 for many in times):
        raise ConfigError(f"times={list(times)}: must be whole numbers from 1, one at least")
    scenario = as_recorded(dataclasses.replace(copy.deepcopy(scenario.check()), log=Log.full))
    wanted = max(times)
    if scenario.precision is not None or scenario.shards_run is not None:
        raise ConfigError("precision, shards_run: a capacity sheet counts every call of each replication; leave them out")
    free = {name: dataclasses.replace(scenario.market.models[name], **_OPEN) for name in scenario.backends}
    market = dataclasses.replace(scenario.market, models={**scenario.market.models, **free})
    undisturbed = [event for event in scenario.events if event.kind not in DISTURBING]
    calm = dataclasses.replace(scenario, market=market, events=undisturbed, replications=max(scenario.replications, wanted))
    found = simulate(calm)
    spans = _spans(found)
    loads = {name: each for name in scenario.backends if (each := _loads(found, name, spans, times))}
    usd = _usd_a_day(found, spans)
    as_set = _as_set(scenario, loads, times) if calm.market != scenario.market or calm.events != scenario.events else None
    return Capacity(scenario, float(np.mean(spans)) / DAY_S, len(spans), usd, loads, as_set)


def _limits(model: BackendSettings) -> dict[str, float]:
    return {name: float(value) for name in (*LIMITS, "slots") if (value := getattr(model, name)) is not None}


def _spans(found: Result) -> list[float]:
    """Seconds of each replication: to the horizon, else until the last task has ended."""
    if found.scenario.horizon_s is not None:
        return [found.scenario.horizon_s] * len(found.tallies)
    last = found.tasks.groupby("replication")["t_end_s"].max()
    return [float(last.get(number, 0.0)) for number in range(len(found.tallies))]


def _usd_a_day(found: Result, spans: Sequence[float]) -> tuple[float, float, float]:
    """Of calls, and of what is paid by the hour."""
    usd = found.calls.groupby("replication")["cost_usd"].sum()
    hours = [tally.capacity.fixed_usd for tally in found.tallies]
    return _interval([(float(usd.get(number, 0.0)) + hours[number]) / span * DAY_S for number, span in enumerate(spans) if span])


def _interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean of what is never below 0, and where it lies with 95 % confidence (nan: one value)."""
    mean = float(np.mean(values)) if values else math.nan
    half = _half(values)
    return mean, half if math.isnan(half) else max(0.0, mean - half), mean + half


def _half(values: Sequence[float]) -> float:
    if len(values) < 2:
        return math.nan
    return float(t_quantile(0.975, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values)))


def _loads(found: Result, backend: str, spans: Sequence[float], times: Sequence[int]) -> dict[int, Load]:
    calls = dict(iter(found.calls.groupby("replication")))
    nothing = found.calls.iloc[:0]
    parts = [asked(calls.get(number, nothing), backend, span) for number, span in enumerate(spans)]
    if not any(len(part.t_s) for part in parts):
        return {}
    recorded = found.scenario.workload.kind is WorkloadKind.trace
    loads = {many: _load(_crowds(parts, many, recorded)) for many in sorted(times)}
    for fewer, more in itertools.pairwise(loads.values()):  # of fewer groups the greatest may be less: more people need no less
        for kind, of in more.quotas.items():
            of.update({share: max(value, fewer.quotas[kind][share]) for share, value in of.items()})
    return {many: loads[many] for many in times}


def _crowds(parts: Sequence[Asked], many: int, recorded: bool) -> list[Asked]:
    """Groups of so many replications side by side, each in one, but that the last is filled up with the first ones: the largest call is in
    some group, however many there are. A recorded log, the same each time, stands beside itself."""
    if recorded:
        return [together([part] * many) for part in parts]
    return [together([parts[(first + n) % len(parts)] for n in range(many)]) for first in range(0, len(parts), many)]


def _load(groups: Sequence[Asked]) -> Load:
    rates: dict[str, dict[float, dict[float, tuple[float, float]]]] = {}
    for kind in KINDS:
        rates[kind] = {}
        for window_s in WINDOWS_S:
            each = [np.quantile(group.per_min(kind, window_s), SHARES) for group in groups]
            by_share = np.transpose(each).tolist()
            rates[kind][window_s] = {share: (float(np.mean(of)), _half(of)) for share, of in zip(SHARES, by_share, strict=True)}
    in_flight = np.concatenate([group.in_flight() for group in groups])
    curve = np.sort(groups[0].per_min("fresh", WINDOWS_S[-1]))[::-1]
    return Load(
        rates,
        busy_hour={kind: float(np.mean([group.per_min(kind, HOUR_S).max() for group in groups])) for kind in KINDS},
        quotas={kind: {share: max(quota(group.t_s, group.sizes[kind], share) for group in groups) for share in ACCEPTED} for kind in KINDS},
        in_flight=(float(np.quantile(in_flight, 0.99)), float(in_flight.max())),
        erlangs=float(np.mean([group.busy_hour_erlangs() for group in groups])),
        curve=curve,
    )


TOLD = ("refused_share", "wait_p50_s", "wait_p95_s", "wait_p99_s", "given_up_share", "lost_share", "cost_per_finished_task_usd")
"""Of the run as it is set."""


def _as_set(scenario: Scenario, loads: dict[str, dict[int, Load]], times: Sequence[int]) -> AsSet:
    found = simulate(scenario)
    summary = _summary(found)
    recorded = scenario.workload.kind is WorkloadKind.trace
    crowds = {many: _summary(simulate(_crowded(scenario, many))) for many in times if many > 1 and not recorded}
    more = {many: {metric: mean for metric, (mean, _, _) in of.items()} for many, of in crowds.items()}
    used: dict[str, float] = {}
    for name, of_backend in loads.items():
        load, model = of_backend[min(of_backend)], scenario.market.models[name]
        counted = "input" if model.limits_count_cache_reads else "fresh"
        per_min = load.busy_hour
        asks = {
            "requests_per_min": per_min["requests"], "input_tokens_per_min": per_min[counted], "output_tokens_per_min": per_min["output"],
            "tokens_per_min": per_min[counted] + per_min["output"], "slots": load.erlangs,
        }  # fmt: skip
        used |= {f"{name}.{limit}": asks[limit] / value for limit, value in _limits(model).items()}
    return AsSet(summary, used, dict(found.notes), more)


def _summary(found: Result) -> dict[str, tuple[float, float, float]]:
    rows = found.summary.loc[[metric for metric in TOLD if metric in found.summary.index], ["mean", "ci_low", "ci_high"]]
    summary = {str(metric): (float(mean), float(low), float(high)) for metric, mean, low, high in rows.itertuples()}
    return summary | {"usd_a_day": _usd_a_day(found, _spans(found))}


def _crowded(scenario: Scenario, many: int) -> Scenario:
    """So many times the people, who share the limits: users, or tasks that come so many times as fast."""
    work = scenario.workload
    if work.kind is WorkloadKind.users:
        teams = {name: dataclasses.replace(team, users=many * team.users) for name, team in work.teams.items()}
        return dataclasses.replace(scenario, workload=dataclasses.replace(work, users=many * work.users, teams=teams))
    hours = [dataclasses.replace(each, times=many * each.times) for each in work.hours] or [DemandWindow(times=many)]
    faster: dict[str, Any] = {"hours": hours, "otherwise": many * work.otherwise, "backlog": many * work.backlog}
    return dataclasses.replace(
        scenario, workload=dataclasses.replace(work, tasks=None if work.tasks is None else many * work.tasks, **faster)
    )
