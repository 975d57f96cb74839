"""Rows: a record's names are the columns that are stored, in their order."""

from __future__ import annotations

from sim.columns import TASKS
from sim.meter.rows import TaskRow, larger


def test_a_tasks_record_has_the_columns_that_are_stored() -> None:
    assert TaskRow._fields == tuple(column.name for column in TASKS if column.code)


def test_a_buffer_grows_until_it_has_room_for_a_chunk() -> None:
    small = bytearray(8)
    assert [len(small := larger(small, 32)) for _ in range(4)] == [16, 32, 32, 32]
    assert larger(small, 32) is small
