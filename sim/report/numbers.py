"""Numbers as people read them: the same on pages and in figures as in a prompt and in a notebook (`sim.scenario.told.numbers`)."""

from sim.scenario.told.numbers import compact, counted, dollars, number, percent, share

__all__ = ["compact", "counted", "dollars", "number", "percent", "share"]
