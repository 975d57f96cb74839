"""What prices say against what bills say: the same task on each backend by its list, and at the work that measured bills support."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sim.backends.pricing import Price
from sim.report.numbers import number
from sim.report.reference.labels import Names
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentKind
from sim.settings.work import HARNESS_NAMES, Work, WorkChoice
from sim.theory.expected.forecast import forecast

LIST, SAME, OWN = "list price", "same work", "own turns"
_WAYS = {SAME: Work.same, OWN: Work.own_turns}


def bills(scenario: Scenario, backends: Sequence[str], names: Names) -> pd.DataFrame:
    """How many times the most expensive backend of the list costs what each of them does: a row a backend, by its name for people.

    Columns: by list price of input; the scenario's task as a planner would reckon its bill (`sim.theory.expected.forecast`), at the same
    work and at the model's own turns; and the measured bills of each harness (`works` of the backend's file); nan where there is none.
    """
    models = scenario.market.models
    base = max(backends, key=lambda name: models[name].input_usd_per_mtok)
    harnesses = sorted({harness for name in backends for harness in models[name].works})
    rows = {}
    for name in backends:
        model = models[name]
        row = {LIST: models[base].input_usd_per_mtok / model.input_usd_per_mtok if model.input_usd_per_mtok else math.inf}
        for column, kind in _WAYS.items():
            row[column] = _ratio(scenario, base, name, WorkChoice(kind, scenario.work.harness))
        for harness in harnesses:
            seen, of_base = (models[each].works.get(harness) for each in (name, base))
            both = (of_base.bill, seen.bill) if seen is not None and of_base is not None else (None, None)
            row[_measured(harness)] = both[0] / both[1] if both[0] and both[1] else math.nan
        rows[names.get(name, name)] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(f"{names.get(base, base)} costs x times")


def shown(found: pd.DataFrame) -> pd.DataFrame:
    """The table in print."""
    out = pd.DataFrame({str(found.index.name): list(found.index)})
    for column in found:
        out[str(column)] = ["-" if math.isnan(value) else number(value) for value in found[column]]
    return out


def order_finding(found: pd.DataFrame) -> str:
    """Which backends the list puts on the wrong side of its most expensive one; empty where it puts none there."""
    measured = found[[column for column in found if str(column).startswith("measured")]]
    base = str(found.index.name).removesuffix(" costs x times")
    wrong = [str(name) for name in found.index if found.loc[name, LIST] > 1 and measured.loc[name].min() < 1]
    if not wrong:
        return ""
    sure = [name for name in wrong if measured.loc[name].max() < 1]
    some = [name for name in wrong if name not in sure]
    parts = [
        f"{_and(sure)} cost{'s' * (len(sure) == 1)} more" if sure else "",
        f"{_and(some)} may{'' if sure else ' cost more'}" if some else "",
    ]
    return f"The list misleads in sign: cheaper than {base} by it, by measured bills {', and '.join(part for part in parts if part)}"


def alone(settings: Mapping[str, Any]) -> bool:
    """Whether the task of a run, by its settings as plain values, is the work of one agent: measured bills are of such."""
    return bool(settings.get("agent", {}).get("kind") == AgentKind.react.value)


def _measured(harness: str) -> str:
    return f"measured, {HARNESS_NAMES.get(harness, harness)}"


def _ratio(scenario: Scenario, base: str, name: str, work: WorkChoice) -> float:
    above, below = (_usd(scenario, backend, work) for backend in (base, name))
    return above / below if below else math.nan


def _usd(scenario: Scenario, backend: str, work: WorkChoice) -> float:
    one = dataclasses.replace(scenario, backends=[backend], work=work)
    model = one.chosen()[backend]
    return forecast(one.agent, model, Price(model)).usd


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
