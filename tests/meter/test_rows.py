"""Rows: a record's names are the columns that are stored, in their order."""

from __future__ import annotations

from sim.columns import TASKS
from sim.meter.rows import TaskRow


def test_a_tasks_record_has_the_columns_that_are_stored() -> None:
    assert TaskRow._fields == tuple(column.name for column in TASKS if column.code)
