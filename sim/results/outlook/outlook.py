"""Tokens, dollars and minutes of a task and of all of a workload, before it is run."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from sim.engine.recorded import as_recorded, check_trace
from sim.errors import ConfigError, of_kind
from sim.meter.sums import real
from sim.results.metrics import INPUT, OUTPUT
from sim.results.outlook.quick import Quick, quick
from sim.results.outlook.spread import SHARES, Span, grouped, mean, percentile, rank_interval
from sim.results.outlook.told import Figures as Told
from sim.results.outlook.told import html, prompt
from sim.results.outlook.total import percentiles_of_sum
from sim.scenario.scenario import Scenario
from sim.settings.capacity.servers import BackendKind
from sim.settings.events.event import told
from sim.settings.workload import WorkloadKind
from sim.statistics import digits
from sim.theory import Expected, expect
from sim.theory.expected.forecast import tasks_ahead

MEASURES = ("tokens", "usd", "minutes")
MUCH_LOST = 0.01
"""Share of tasks lost from which on dollars are no estimate of what the work costs (an assumption, as in reports)."""
_BY_THEORY = {"tokens": ("tokens_per_task", 1.0), "usd": ("cost_per_task_usd", 1.0), "minutes": ("task_latency_mean_s", 60.0)}
_FIRST, _LAST = (
    ("lost", "late", "never", "refused", "fallback", "caps", "warmup", "unused", "success", "trace"),
    ("limits", "tail", "work", "lump", "speed"),
)
Figures = dict[str, dict[str, Span]]
"""By measure (tokens, usd, minutes): p50, p90, p99 and mean, as far as they are known."""


class Simulated(NamedTuple):
    """What the quick simulation was of."""

    tasks: int
    """That ended, in all runs."""
    runs: int
    calls: int
    whole: bool
    """Each run was all of the workload; else only its first tasks."""


@dataclass(frozen=True)
class Outlook:
    """What a scenario will come to."""

    scenario: Scenario
    said: tuple[str, ...]
    """What to know before the first number: overload, lost work, unknown success, what is extrapolated."""
    notes: tuple[str, ...]
    simulated: Simulated
    task: Figures
    """Of a task. Minutes are those of tasks with an answer, their users' thinking left out."""
    workload_tasks: float | None
    """Of a run of the scenario; None: nobody knows how many."""
    workload: Figures
    """Of a run of the scenario, from first to last; empty where it has no end that is known."""
    by_theory: tuple[str, ...]
    """Measures of which the mean of a task is exact."""
    unsolved: tuple[str, ...]
    """What theory cannot say, and why."""
    lost_share: float

    @property
    def spending(self) -> tuple[str, dict[str, Span]]:
        """What a budget is held against: dollars of the whole workload, where it has an end, else of a task; and that in words."""
        return (self.of_all, self.workload["usd"]) if "usd" in self.workload else ("a task", self.task["usd"])

    @property
    def is_empty(self) -> bool:
        """Whether no task begins, so that nothing is spent."""
        return self.workload_tasks is not None and round(self.workload_tasks) == 0 and math.isnan(self.spending[1]["p90"].value)

    @property
    def of_all(self) -> str:
        """The workload in words."""
        many = self.workload_tasks
        return "the whole workload" if many is None else f"the whole workload ({many:,.0f} task{'' if many == 1 else 's'})"

    def over(self, budget_usd: float) -> bool:
        """Whether P90 of the dollars is over a budget, or so much work is lost that nobody knows. Raises `ConfigError` for no number."""
        if not isinstance(budget_usd, Real) or not budget_usd >= 0:
            raise ConfigError(f"over: a budget is dollars, from 0 on, not {budget_usd!r:.80}")
        if self.is_empty:
            return False
        return not self.spending[1]["p90"].value <= budget_usd * (1 + 1e-9) or self.lost_share > MUCH_LOST

    def __repr__(self) -> str:
        return prompt(self.scenario.name, self.said, self._figures)

    def _repr_html_(self) -> str:
        return html(self.scenario.name, [*self.said, *self.notes], self._figures)

    @property
    def _figures(self) -> dict[str, Told]:
        return {"a task": self.task, self.of_all: self.workload}

    def as_dict(self) -> dict[str, Any]:
        """For JSON: what is not known is None."""
        return {
            "scenario": self.scenario.name,
            "said": list(self.said),
            "notes": list(self.notes),
            "simulated": self.simulated._asdict(),
            "task": _plain(self.task),
            "workload_tasks": self.workload_tasks,
            "workload": _plain(self.workload),
            "by_theory": list(self.by_theory),
            "unsolved": list(self.unsolved),
            "lost_share": _number(self.lost_share),
        }


def estimate(scenario: Scenario) -> Outlook:
    """What a scenario will come to: means by theory where it knows them, percentiles by a quick simulation, with their intervals.

    Takes about half a second of a core for the simulation, whatever the size of the scenario. Raises `ConfigError` or `DataError`; also for
    what is paid by the hour, since tasks do not say how many hours they take.
    """
    of_kind(scenario, Scenario, "estimate takes a scenario, as sim.load returns it")
    scenario = as_recorded(copy.deepcopy(scenario.check()))
    check_trace(scenario)
    for name, model in scenario.chosen().items():
        if model.kind is BackendKind.self_hosted or model.reserved.units:
            hourly = "reserved.units" if model.reserved.units else "kind=self_hosted"
            raise ConfigError(
                f"market.models.{name}.{hourly}: what is paid by the hour is not known ahead; run it, a run has it in its dollars"
            )
    found, expected = quick(scenario), expect(scenario)
    tasks = found.result.tasks
    groups = grouped(tasks["replication"], tasks["t_arrive_s"])
    answered = tasks["finished"].to_numpy(bool)
    busy_s = np.maximum(tasks["t_end_s"] - tasks["t_arrive_s"] - tasks["thinking_s"], 0.0).to_numpy(float)
    values = {
        "tokens": ((tasks["input_tokens"] + tasks["output_tokens"]).to_numpy(float), groups),
        "usd": (tasks["cost_usd"].to_numpy(float), groups),
        "minutes": (busy_s[answered] / 60, groups[answered]),
    }
    means = {name: expected.values.get(key, math.nan) / unit for name, (key, unit) in _BY_THEORY.items()}
    task = {name: _of_a_task(*each, found.independent, means[name]) for name, each in values.items()}
    workload, many = _whole(found, scenario, values, means)
    pooled = found.result.estimates.pooled
    return Outlook(
        scenario,
        said=tuple(_said(found, scenario, many)),
        notes=tuple(found.result.notes[kind] for kind in _LAST if kind in found.result.notes),
        simulated=Simulated(pooled.tasks, len(found.result.tallies), pooled.calls, found.whole),
        task=task,
        workload_tasks=many,
        workload=workload,
        by_theory=tuple(name for name, value in means.items() if not math.isnan(value)),
        unsolved=_unsolved(expected),
        lost_share=pooled.lost / pooled.tasks if pooled.tasks else math.nan,
    )


def _of_a_task(values: np.ndarray, groups: np.ndarray, independent: bool, by_theory: float) -> dict[str, Span]:
    found = {name: percentile(values, groups, share, independent) for name, share in SHARES.items()}
    exact = Span(by_theory, by_theory, by_theory)
    return found | {"mean": mean(values, groups) if math.isnan(by_theory) else exact}


def _whole(
    found: Quick, scenario: Scenario, values: dict[str, tuple[np.ndarray, np.ndarray]], means: dict[str, float]
) -> tuple[Figures, float | None]:
    """The same of a run, and its tasks: of runs as they came where how many tasks there are is chance, else the law of a sum."""
    tallies, tasks = found.result.tallies, found.result.tasks
    fixed = scenario.horizon_s is None and scenario.workload.kind is not WorkloadKind.trace
    many = tasks_ahead(scenario) if fixed or not found.whole else float(np.mean([each.started_tasks for each in tallies]))
    ranked: Figures = {}
    if found.whole and len(tasks):
        runs = tasks["replication"].to_numpy(np.int64)
        if found.steady:  # several workloads, one after another
            size = round(many or 1)
            runs = runs * len(tasks) + (tasks.groupby("replication")["t_arrive_s"].rank(method="first").to_numpy(np.int64) - 1) // size
        lasts = tasks.groupby(runs).agg(first=("t_arrive_s", "min"), last=("t_end_s", "max"))
        ranked["minutes"] = _of_runs(((lasts["last"] - lasts["first"]) / 60).to_numpy(float))
        if not fixed:
            ranked["tokens"] = _of_runs(np.array([float(each.tokens[:, (INPUT, OUTPUT)].sum()) for each in tallies]))
            ranked["usd"] = _of_runs(np.array([float(real(each.cost_units)) for each in tallies]))
            return {name: ranked[name] for name in MEASURES}, many
    if many is None:
        return {}, many
    summed: Figures = {}
    for name in MEASURES[:2]:
        whole = percentiles_of_sum(*values[name], round(many), list(SHARES.values()), means[name])
        average = mean(*values[name]) if math.isnan(means[name]) else Span(means[name], means[name], means[name])
        summed[name] = dict(zip(SHARES, whole, strict=True)) | {"mean": Span(*(many * each for each in average))}
    return summed | ranked, many


def _of_runs(values: np.ndarray) -> dict[str, Span]:
    return {key: rank_interval(values, share) for key, share in SHARES.items()} | {"mean": mean(values, np.arange(len(values)))}


def _said(found: Quick, scenario: Scenario, many: float | None) -> Iterator[str]:
    """What comes before the first number."""
    notes = found.result.notes
    yield from (notes[kind] for kind in _FIRST[:1] if kind in notes)
    yield from _overload(found, scenario)
    yield from (notes[kind] for kind in _FIRST[1:] if kind in notes)
    if scenario.plan.name:
        fee = f"${scenario.plan.usd_per_month:g} a seat and month"
        yield f"Dollars are at list prices, and so is what seats of {scenario.plan.name} cover for {fee}: a run says who pays what."
    if said := told(scenario.events, scenario.chosen(), scenario.start_time(), scenario.horizon_s or math.inf):
        yield said
    pooled = found.result.estimates.pooled
    if not pooled.tasks:
        why = "ended in what was simulated" if pooled.started_tasks else "arrives before the horizon (start, horizon_s, workload.hours)"
        yield f"No task {why}: there are no percentiles."
    if under_way := pooled.started_tasks - pooled.tasks:
        yield f"{under_way:,} of {pooled.started_tasks:,} tasks were under way at the horizon: they are in no figure of a task."
    if not found.whole:
        of = "all that will come" if many is None else f"{many:,.0f}"
        later = "" if found.independent else "; lines that grow after them, and later prices, are not in it"
        yield f"Extrapolated: only the first {pooled.started_tasks:,} tasks of {of} were simulated{later}."
    elif not found.independent and many is not None and scenario.horizon_s is None:
        yield "Tasks share lines, limits or caches: dollars and tokens of the whole are taken as if they did not."


def _overload(found: Quick, scenario: Scenario) -> Iterator[str]:
    """Backends that more work comes to than their slots serve: by Little's law, busy slots over those that there are."""
    if scenario.workload.kind is not WorkloadKind.open:
        return
    tasks, pooled = found.result.tasks, found.result.estimates.pooled
    came_s = float(tasks.groupby("replication")["t_arrive_s"].max().sum()) if len(tasks) else 0.0
    for name, backend, busy_s in zip(scenario.backends, scenario.chosen().values(), pooled.busy_s.tolist(), strict=True):
        if backend.slots and came_s and busy_s > backend.slots * came_s and float(pooled.waited_s.sum()) > 0:
            yield (
                f"Overload: work for {digits(busy_s / came_s, 3)} slots of {name} comes in, and it has {backend.slots:,}: "
                "its line grows as long as tasks come, so times are those of so short a run."
            )


def _unsolved(expected: Expected) -> tuple[str, ...]:
    missing = [name for name, (key, _) in _BY_THEORY.items() if key not in expected.values]
    return expected.unsolved if missing else ()


def _plain(figures: Figures) -> dict[str, Any]:
    return {
        name: {key: {end: _number(value) for end, value in span._asdict().items()} for key, span in each.items()}
        for name, each in figures.items()
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
