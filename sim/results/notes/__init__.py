"""What a result says of its own numbers."""

from sim.results.notes.of_runs import notes

__all__ = ["notes"]
