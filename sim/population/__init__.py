"""Who is on a market, what they choose and pay with: people in segments, day by day.

population = read_population(Path("people.yaml"))
found = live(population, work, until="2026-03-23")
by_week(found.tokens, found.first, [date(2026, 2, 9)])
"""

from sim.population.adoption import WEEK
from sim.population.calibrated import Fit, Knob, fit, sampled, turned
from sim.population.checked import checked, read_population
from sim.population.days import Days, Work, by_week, listed, live
from sim.population.strata import Strata, strata

__all__ = [
    "WEEK",
    "Days",
    "Fit",
    "Knob",
    "Strata",
    "Work",
    "by_week",
    "checked",
    "fit",
    "listed",
    "live",
    "read_population",
    "sampled",
    "strata",
    "turned",
]
