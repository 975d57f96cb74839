"""Why it was the clock that turned a run, where the compiled twin might have."""

from __future__ import annotations

from sim.engine.compiled.library import missing, why_not
from sim.meter.tally import Tally
from sim.scenario.coupling import may_look_ahead
from sim.scenario.scenario import Scenario
from sim.settings.run import Engine

MANY_CALLS = 20_000
"""So many take the clock a tenth of a second or two: worth a word to those who have not asked for an engine."""


def clock(scenario: Scenario, pooled: Tally) -> str:
    """Nothing where nobody could be surprised: by what a scenario needs the clock for, unless the twin was asked for, or by little work."""
    asked, many = scenario.engine is Engine.compiled, scenario.engine is Engine.auto and pooled.calls >= MANY_CALLS
    if not (asked or many):
        return ""
    why = why_not(scenario, on_clock=bool(pooled.waited_units.any()) or not may_look_ahead(scenario))
    here = many and why == missing()
    if not why or not (asked or here):
        return ""
    return f"The compiled twin did not run this: {why}. The numbers are the same, they only took longer."
