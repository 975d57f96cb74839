"""Recorded work: what a log of another tool, or of a run, says was done."""
