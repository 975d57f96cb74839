"""Whatever stands where a reader looks for something else: it is a broken line or a refusal, never a crash."""

from __future__ import annotations

import contextlib
import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim import DataError, LogBill
from sim.logs import read
from sim.report.billed.reconciled import page
from tests.logs.test_formats import WRITTEN
from tests.logs.written import february, lines

STRANGE: tuple[Any, ...] = (
    None,
    True,
    -1,
    1e400,
    float("nan"),
    "",
    "x",
    [],
    {},
    [[]],
    [None],
    {"a": []},
    [{}],
    10**30,
    "2026-13-77",
    "\ud800",
)
KINDS = [(name, entries) for name, several in WRITTEN.items() for entries in several if not isinstance(entries[0], str)]


def places(entry: Any) -> Iterator[tuple[Any, Any]]:
    """Every value in it, by what holds it and where."""
    held = entry.items() if isinstance(entry, dict) else enumerate(entry) if isinstance(entry, list) else ()
    for key, value in held:
        yield entry, key
        yield from places(value)


@pytest.mark.parametrize(("name", "entries"), KINDS, ids=[f"{name} {place}" for place, (name, _) in enumerate(KINDS)])
def test_any_value_anywhere(tmp_path: Path, name: str, entries: list[Any]) -> None:
    chance = random.Random(name)
    for number in range(9):
        written = copy.deepcopy(entries)
        spots = [spot for entry in written for spot in places(entry)]
        for holder, key in chance.sample(spots, min(len(spots), 1 + number % 3)):
            holder[key] = chance.choice(STRANGE)
        path = lines(tmp_path / f"{number}.jsonl", *written, *entries)
        for asked in (None, name):
            with contextlib.suppress(DataError):  # refused in one line
                log = read(path, format=asked)
                assert (log.calls["input_tokens"] >= 0).all()
                calls = int(log.calls["calls"].sum())
                assert page(LogBill(log, february())).startswith(f"{calls:,} call" if calls else f"{len(log.calls):,} sum")
