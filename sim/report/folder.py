"""What the runs in a sweep's folder know of their backends."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from sim.report.bills import alone, bills
from sim.report.grid import HARNESS, Study, place_label
from sim.report.reference.labels import value_name, worded
from sim.results.files import NOTES, SUMMARY, TIMELINE, Files
from sim.results.kept.manifest import read_note
from sim.results.sample import Sample
from sim.scenario.load import load_run
from sim.scenario.scenario import NO_MATTER
from sim.settings.agent import AgentKind, Split
from sim.settings.events.event import marks
from sim.settings.run import GoalSettings
from sim.settings.work import Work, unlikely
from sim.sweeps.comparison import best
from sim.sweeps.folder import runs_of, settings_of
from sim.sweeps.goal import reached


def adds_work(agent: Mapping[str, Any]) -> bool:
    """Whether a workflow, by its settings as plain values, is more work than one agent would do."""
    kind, tries = agent.get("kind"), agent.get("tries", {})
    replicates = kind == AgentKind.orchestrator.value and agent.get("split") == Split.replicate.value
    return (
        replicates
        or kind in (AgentKind.debate.value, AgentKind.pipeline.value)
        or tries.get("most", 1) > 1
        or tries.get("verifier") is not None
    )


def _verbosities(works: Mapping[str, Any], harnesses: Collection[str]) -> list[float]:
    """Words by the bills of these harnesses, or of another that has bills of the model."""
    return [float(works[name if name in works else min(works)]["verbosity"]) for name in harnesses if works]


class Folder:
    """What the runs in a sweep's folder know of their backends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.runs = runs_of(path)
        self.scenario = settings_of(self.runs)
        self._settings: dict[Path, dict[str, Any]] = {}
        self._samples: dict[Path, Sample | None] = {}

    def settings(self, run: Path) -> dict[str, Any]:
        """Of one of the runs, as plain values; read once."""
        if run not in self._settings:
            self._settings[run] = settings_of([run])
        return self._settings[run]

    def sample(self, run: Path) -> Sample | None:
        """What a comparison needs of one of the runs; read once."""
        if run not in self._samples:
            self._samples[run] = Files(run).sample()
        return self._samples[run]

    @cached_property
    def _axes(self) -> dict[Path, dict[str, str]]:
        """What the sweep gave each run."""
        return {run: read_note(run)["axes"] for run in self.runs}

    @cached_property
    def models(self) -> dict[str, Any]:
        """Settings of each backend, by id."""
        return dict(self.scenario.get("market", {}).get("models", {}))

    @property
    def title(self) -> str:
        """What the report is called: the scenario's name, or the folder's where no run has left one."""
        return str(self.scenario.get("name", self.path.name))

    @property
    def names(self) -> dict[str, str]:
        """Backends' names for people, by id."""
        return {name: model["label"] or name for name, model in self.models.items()}

    @cached_property
    def asked(self) -> set[str]:
        """Ids of backends that any run may ask."""
        return {name for run in self.runs for name in self.settings(run).get("backends", [])}

    @property
    def start(self) -> str:
        """The moment of second 0; empty where runs begin at several."""
        known = {str(self.settings(run).get("start", "")) for run in self.runs}
        return known.pop() if len(known) == 1 else ""

    @property
    def guessed(self) -> list[str]:
        """Ids of backends whose seconds nobody has measured: their speed is assumed, or their words are."""
        works = [self.settings(run).get("work", {}) for run in self.runs]
        taken = {work["harness"] for work in works if work.get("kind") == Work.measured.value}
        wordy = {name for name, model in self.models.items() if any(map(unlikely, _verbosities(model.get("works", {}), taken)))}
        return [name for name, model in self.models.items() if name in self.asked and (model.get("speed_sure") == "A" or name in wordy)]

    @property
    def list_usd_per_mtok(self) -> dict[str, float]:
        """List price of input, by the backend's name for people."""
        return {self.names[name]: model["input_usd_per_mtok"] for name, model in self.models.items()}

    @cached_property
    def bills(self) -> pd.DataFrame | None:
        """What prices say against what bills say of one agent's task (`sim.report.bills`); None where all were given the same work."""
        if self.scenario.get("work", {}).get("kind", "same") == "same":
            return None
        named = [name for axes in self._axes.values() for name in axes.get("backends", "").strip("[]").split(",")]
        backends = [name for name in dict.fromkeys(named) if name in self.models]
        one = next((run for run in self.runs if alone(self.settings(run))), None)
        return bills(load_run(one, trust=True), backends, self.names) if one is not None and len(backends) > 1 else None

    def adding(self, one: Study) -> list[Any]:
        """Places whose workflows add work to one agent's, instead of sharing it out: whole jobs side by side, checks of others' work."""
        run_at = {place: self.runs[int(row["_run"])] for line in one.lines.values() for place, row in line.iterrows()}
        return [place for place in one.places if place in run_at and adds_work(self.settings(run_at[place]).get("agent", {}))]

    def by_value(self, one: Study) -> dict[str, dict[Any, dict[str, str]]]:
        """By harness, place and backend: whether it may be the best by worth less bill (`sim.sweeps.comparison.best`)."""
        return {harness: {place: self._rated(alone, place) for place in alone.places} for harness, alone in one.harnesses.items()}

    def _rated(self, one: Study, place: Any) -> dict[str, str]:
        lines = [line for line, rows in one.lines.items() if place in rows.index]
        samples = [self.sample(self.runs[int(one.lines[line].loc[place, "_run"])]) for line in lines]
        return dict(zip(lines, best(samples, "net_value_per_task_usd"), strict=True))

    def unsure(self, one: Study) -> list[str]:
        """Backends, by their names for people, of which not every harness of the sweep has bills."""
        return [self.names[name] for name, model in self.models.items() if not set(one.harnesses) <= set(model.get("works", {}))]

    @property
    def success_source(self) -> str:
        """Where success was measured."""
        return str(self.scenario.get("outcome", {}).get("quality_source", ""))

    @property
    def value_usd(self) -> float:
        """What a solved task is worth; 0: nobody has said."""
        return float(self.scenario.get("outcome", {}).get("value_usd", 0.0))

    @property
    def work(self) -> str:
        """What the backends were given to do, in words."""
        kind = self.scenario.get("work", {}).get("kind", "same")
        taken = dict.fromkeys(str(self.settings(run).get("work", {}).get("harness", "")) for run in self.runs)
        harness = " or ".join(value_name(HARNESS, each) for each in taken)
        words = {"own_turns": f"at each model's own turns ({harness})", "measured": f"at the work that bills in {harness} support"}
        return words.get(kind, "for the same work")

    @property
    def goal(self) -> GoalSettings | None:
        """What the sweep looked for; None where it was no search."""
        goal = GoalSettings(**self.scenario.get("goal", {}))
        return None if goal.success_floor is None else goal

    def rivals(self, one: Study, goal: GoalSettings) -> int:
        """How many of the scenarios that reach the floor, beside the best of them, may be as good."""
        rows = one.rows[reached(goal, one.rows)]
        verdicts = best([self.sample(self.runs[int(run)]) for run in rows.index], goal.metric)
        return max(0, verdicts.count("maybe") - 1)

    @cached_property
    def notes(self) -> dict[str, str]:
        """What the runs say of their own numbers: of each kind how many do, and what the first of them says.

        A setting that has an effect in some of them is none without, unless it is what the sweep sets; whose work is the same is seen.
        """
        files = [files for run in self.runs if (files := Files(run)).has(NOTES)]
        told: dict[str, list[str]] = {}
        for each in files:
            for kind, text in each.json(NOTES).items():
                told.setdefault(kind, []).append(f"{self._called(each.folder)}: {text}")
        swept = {name.rpartition(".")[2] for axes in self._axes.values() for name in axes}
        told.pop("same work", None)
        idle = told.get("unused", [])
        if len(idle) < len(files) and not swept & {name for text in idle for name in _settings_in(text)}:
            told.pop("unused", None)
        said = {kind: f"{len(texts)} of {len(files)} scenarios, such as {texts[0]}" for kind, texts in told.items()}
        same = [
            f"{axis} changes nothing in this sweep: scenarios that differ in it alone come to the same numbers." for axis in self._same()
        ]
        return {"axes": " ".join(same), **said} if same else said

    def _same(self) -> list[str]:
        """Axes of the sweep whose values all come to the same, whatever the others are."""
        came_to = {run: (run / SUMMARY).read_bytes() for run in self.runs if Files(run).has(SUMMARY)}
        found = []
        for axis in {name: None for axes in self._axes.values() for name in axes if name not in (*NO_MATTER, "engine", "log", "shards")}:
            groups: dict[tuple[tuple[str, str], ...], list[bytes]] = {}
            for run, summary in came_to.items():
                groups.setdefault(tuple((name, value) for name, value in self._axes[run].items() if name != axis), []).append(summary)
            several = [summaries for summaries in groups.values() if len(summaries) > 1]
            if several and all(len(set(summaries)) == 1 for summaries in several):
                found.append(axis)
        return found

    def _called(self, run: Path) -> str:
        """A run by what tells it from the others."""
        differ = [(name, value) for name, value in self._axes[run].items() if any(each.get(name) != value for each in self._axes.values())]
        return ", ".join(worded(name, value, self.names) for name, value in differ) or f"run {run.name}"

    def timelines(self, one: Study) -> dict[str, pd.DataFrame]:
        """Of the first, the second and the last place on the most expensive line, those that can be read."""
        files = {name: Files(run) for name, run in self.shown(one).items()}
        return {name: each.table(TIMELINE) for name, each in files.items() if each.has(TIMELINE)}

    def events(self, one: Study) -> dict[str, list[tuple[float, str]]]:
        """What happens in them, by the same names, where anything does."""
        shown = self.shown(one).items() if any(self.settings(run).get("events") for run in self.shown(one).values()) else ()
        return {name: marks(load_run(run), self.names) for name, run in shown}

    def shown(self, one: Study) -> dict[str, Path]:
        """Runs of the first, the second and the last place on the most expensive line, by the place's name."""
        line = one.lines[next(iter(one.lines))]
        shown = [place for place in dict.fromkeys([*one.places[:2], one.places[-1]]) if place in line.index]
        return {place_label(one.x, place, self.names): self.runs[int(line.loc[place, "_run"])] for place in shown}


def _settings_in(said: str) -> set[str]:
    """Last names of the settings that a note of `sim.results.notes.unused` is of, without its reasons."""
    keys = re.sub(r"\(.*?\)", "", said.rpartition("here: ")[2]).replace(",", " ").split()
    return {key.strip(";.").rpartition(".")[2] for key in keys}
