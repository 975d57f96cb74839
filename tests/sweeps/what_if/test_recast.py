"""Logs as they might have been, call by call, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim import ConfigError
from sim.logs import Log, read
from sim.sweeps.what_if.recast import Compaction, compacted, is_sub, served_by, times
from tests.logs.readers.traces.test_own import HEAD
from tests.logs.written import lines, rows


def log_of(path: Path, *calls: str, columns: str = "cached_tokens,cache_write_tokens,cost_usd,model,parent") -> Log:
    return read(lines(path / "x.csv", f"{HEAD},{columns}", *calls))


def family(path: Path) -> Log:
    """A lead with three sub-agents; the second has one of its own."""
    return log_of(
        path,
        "s,main,0,0,50000,10,0,50000,0.4,m,",
        "s,a1,0,10,10000,10,0,10000,0.1,m,main", "s,a1,1,20,20000,100,10000,10000,0.1,m,main",
        "s,a2,0,11,12000,10,0,12000,0.1,m,main", "s,a2,1,30,15000,10,12000,3000,0.1,m,main",
        "s,a3,0,12,9000,10,0,9000,0.1,m,main",
        "s,b,0,15,8000,10,0,8000,0.1,m,a2",
    )  # fmt: skip


def test_every_session_so_many_times(tmp_path: Path) -> None:
    log = family(tmp_path)
    three = times(log, 3)
    assert len(three.calls) == 3 * len(log.calls)
    assert three.sessions()[1] == ["s", "s (2)", "s (3)"]
    assert rows(three, "agent", "input_tokens", "start_s") == 3 * rows(log, "agent", "input_tokens", "start_s")


def test_calls_move_to_another_model_with_their_tokens_and_lose_their_bill(tmp_path: Path) -> None:
    log = family(tmp_path)
    moved = served_by(log, "kimi_k2_5", is_sub(log)[log.calls["agent"]])
    assert rows(moved, "model", "input_tokens")[:2] == [("m", 50_000), ("kimi_k2_5", 10_000)]
    assert np.isnan(moved.calls["cost_usd"]).tolist() == [False] + [True] * 6
    assert rows(log, "model")[1] == ("m",)


def test_a_prompt_over_the_limit_is_summarised_first(tmp_path: Path) -> None:
    """The summary reads what was there (50k) and writes 1,000; then the prompt is 20k and that summary, and 10k more a call later."""
    log = log_of(
        tmp_path,
        "s,main,0,0,20000,5,0,20000,1,m,", "s,main,1,9,50000,5,20000,30000,1,m,", "s,main,2,19,70000,5,50000,20000,1,m,",
        "s,main,3,29,80000,5,70000,10000,1,m,", "s,main,4,39,15000,5,9000,6000,1,m,", "s,main,5,49,30000,5,15000,15000,1,m,",
    )  # fmt: skip
    found, many = compacted(log, Compaction(60_000, 1_000, 0.0))
    columns = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")
    assert many == 1
    assert rows(found, *columns) == [
        (20_000, 0, 20_000, 5),
        (50_000, 20_000, 30_000, 5),
        (70_000, 50_000, 20_000, 1_000),
        (16_000, 0, 16_000, 5),
        (26_000, 16_000, 10_000, 5),
        (15_000, 9_000, 6_000, 5),
        (30_000, 15_000, 15_000, 5),
    ]
    assert np.isnan(found.calls["cost_usd"]).tolist() == [False, False, True, True, True, False, False]
    again, _ = compacted(log, Compaction(60_000, 1_000, 0.5))
    assert rows(again, "input_tokens")[3:5] == [(16_000 + 27_500,), (53_500,)]


@pytest.mark.parametrize(("tokens", "why"), [(50_000, "the longest has 50,000"), (90_000, "what a summary leaves is as long already")])
def test_where_nothing_would_be_summarised_it_says_so(tmp_path: Path, tokens: int, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        compacted(log_of(tmp_path, f"s,main,0,0,{tokens},5,0,0,,m,"), Compaction(60_000, 1_000, 0.0))
