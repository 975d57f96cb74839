"""Recorded work: what a log of another tool, or of a run, says was done."""

from sim.logs.log import Log, read

__all__ = ["Log", "read"]
