"""Files opened and taken apart: entries one after another, or a table as columns."""

from sim.logs.files.entries import FEW, MANY, Entry, File, Sample

__all__ = ["FEW", "MANY", "Entry", "File", "Sample"]
