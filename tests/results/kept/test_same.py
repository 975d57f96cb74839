"""Two folders hold the same tables, or it is said which they do not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.results.files import CALLS, SUMMARY, TASKS, read_table
from sim.results.kept.same import TABLES, differing
from sim.settings.run import Log
from tests.worlds import agent, backend, scenario


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    result = sim.simulate(scenario(agent(), backend(noise_sigma=1.0), tasks=3, replications=2, log=Log.full))
    return result.save(tmp_path_factory.mktemp("run"))


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run, tmp_path / "copy"))


def test_however_they_are_stored(run: Path, copy: Path) -> None:
    assert differing(run, copy) == []
    calls = pd.read_parquet(copy / CALLS)
    calls.to_parquet(copy / CALLS, index=False, row_group_size=2, compression=None)
    summary = read_table(copy / SUMMARY)
    summary.to_csv(copy / SUMMARY, index=False, float_format="%.25g")
    assert (copy / SUMMARY).read_bytes() != (run / SUMMARY).read_bytes()
    assert differing(run, copy) == []


def test_one_number_is_enough(run: Path, copy: Path) -> None:
    calls = pd.read_parquet(copy / CALLS)
    calls.loc[len(calls) - 1, "cost_usd"] *= 1 + 1e-15
    calls.to_parquet(copy / CALLS, index=False)
    (copy / SUMMARY).write_text((copy / SUMMARY).read_text().replace("tasks,,3", "tasks,,4", 1))
    (copy / TASKS).unlink()
    assert differing(run, copy) == [SUMMARY, TASKS, CALLS]


def test_what_cannot_be_read_is_not_the_same(run: Path, copy: Path) -> None:
    for name in TABLES:
        (copy / name).write_bytes(b"\x00junk\xff")
    assert differing(run, copy) == list(TABLES)
