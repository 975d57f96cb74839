"""What another model makes of the same work: a swap is not tokens times another price.

Recorded calls are one model's turns and words. How far another's bill for the same tasks lies from those tokens at its prices is known
where one harness has measured bills of both (`works` of a backend's file). It is taken over as a factor on the bill at the same work.
"""

from __future__ import annotations

from collections.abc import Mapping

from sim.backends.pricing import Price
from sim.settings.agent import AgentSettings
from sim.settings.market import BackendSettings
from sim.settings.work import Work, WorkChoice
from sim.theory.expected.forecast import forecast

TASKS = {"mini_v2": "swe_task", "openhands": "swe_task_openhands"}
"""By harness, the agent whose task its bills are of: an issue in a repository."""
MOST_UNMEASURED = 0.25
"""Of the dollars of calls that another model serves, where a range is still given."""


def factors(tasks: Mapping[str, AgentSettings], old: BackendSettings, new: BackendSettings) -> dict[str, float]:
    """By harness, how many times the new model's bill is what it would be if it did the old one's work; none: no harness has both bills."""
    found = {}
    for harness, task in tasks.items():
        seen, was = new.works.get(harness), old.works.get(harness)
        if seen is not None and was is not None and seen.bill and was.bill:
            found[harness] = seen.bill / was.bill / (_same(task, new) / _same(task, old))
    return found


def _same(task: AgentSettings, model: BackendSettings) -> float:
    """A model's bill for the reference's work, USD."""
    model = WorkChoice(Work.same).done_by(model)
    return forecast(task, model, Price(model)).usd


def measured(
    tasks: Mapping[str, AgentSettings], models: Mapping[str, BackendSettings], usd: Mapping[tuple[str, str], float]
) -> tuple[dict[str, float], float]:
    """Dollars by harness, from those at the same work by (old backend, new backend), and the share of what moved that nobody measured.

    What nobody measured stays at the same work. None where that is more than `MOST_UNMEASURED`, or where nothing moved.
    """
    moved = {pair: factors(tasks, models[pair[0]], models[pair[1]]) for pair in usd if pair[0] != pair[1]}
    known = [each for each in moved.values() if each]
    whole = sum(usd[pair] for pair in moved)
    unknown = sum(usd[pair] for pair, each in moved.items() if not each) / whole if whole else 0.0
    if not known or unknown > MOST_UNMEASURED:
        return {}, unknown
    shared = sorted(set(tasks).intersection(*known))
    return {harness: sum(each * moved.get(pair, {}).get(harness, 1.0) for pair, each in usd.items()) for harness in shared}, unknown
