"""What a metric is: a name, a unit, a meaning, and a formula of a run's sums; one, or one a backend, stage, plan or place."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sim.meter.tally import Tally
from sim.results.basis import Basis
from sim.results.percentiles import Percentile

Formula = Callable[[Tally, Basis], float]
Value = Callable[[Tally], float]
"""A formula of which the scenario is known."""
BY_BACKEND = "<backend>"
"""In a metric's name: there is one for each backend, called by its id."""
BY_STAGE = "<stage>"
"""The same for the stages of a pipeline, called by their names."""
BY_PLAN = "<plan>"
BY_OWN = "<own>"
"""For each backend on servers of one's own."""
BY_UNITS = "<units>"
"""For each backend with reserved units."""
BY_TEAM = "<team>"
"""For each team that shares the backends with others."""
BY_TEAMS = "<teams>"
"""For all of them, where there are any."""
BY_PLACE = "<place>"
"""For each place where a backend is served, called by its country or region."""

BY_EACH = (BY_BACKEND, BY_STAGE, BY_PLAN, BY_OWN, BY_UNITS, BY_TEAM, BY_TEAMS, BY_PLACE)
"""All of these."""


@dataclass(frozen=True)
class Metric:
    """One number of a summary, from the tally of one replication or of several pooled; sums are means over replications."""

    name: str
    unit: str
    """Empty for counts, shares and factors."""
    meaning: str
    formula: Formula | Percentile
    more_is_better: bool = False
    """The best scenario has most of it; of all other metrics it has least."""
    headline: int = 0
    """Place among the `HEADLINES`, from 1; 0: it is none."""

    def values(self, basis: Basis) -> dict[str, Value]:
        """By name, the metric for one scenario: one number, or one a backend, stage, plan or place."""
        if isinstance(self.formula, Percentile):
            return {self.name: self.formula}
        if "<" not in self.name:
            return {self.name: _on(self.formula, basis)}
        there: dict[str, Mapping[str, Basis]] = {
            BY_BACKEND: {name: basis._replace(backend=index) for index, name in enumerate(basis.backends)},
            BY_OWN: {basis.backends[index]: basis._replace(backend=index) for index in basis.own},
            BY_UNITS: {basis.backends[index]: basis._replace(backend=index) for index in basis.units},
            BY_STAGE: {name: basis._replace(stage=index) for index, name in enumerate(basis.stages)},
            BY_TEAM: {name: basis._replace(team=place) for place, name in enumerate(basis.teams)},
            BY_TEAMS: {"teams": basis} if basis.teams else {},
            BY_PLAN: {seats.name: basis for seats in basis.seats},
            BY_PLACE: {place: basis._replace(place=place) for place in (basis.providers.places if basis.providers else ())},
        }
        by = next(by for by in there if by in self.name)
        return {self.name.replace(by, name): _on(self.formula, one) for name, one in there[by].items()}


def _on(formula: Formula, basis: Basis) -> Value:
    return lambda tally: formula(tally, basis)


def ratio(above: float, below: float) -> float:
    """A quotient; nan where there is nothing to divide by."""
    return above / below if below else math.nan
