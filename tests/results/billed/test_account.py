"""What a log's bill says, as plain values that add up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sim
from sim import LogBill
from sim.logs import read
from sim.results.billed.account import account
from tests.logs.readers.traces.test_own import HEAD
from tests.logs.written import lines


def test_it_is_plain_and_add_up(tmp_path: Path) -> None:
    calls = [f"s-{each % 15},{'main' if each % 3 else 'a'},{each},{each},100000,{1000 + each % 15},0" for each in range(60)]
    bill = LogBill(read(lines(tmp_path / "x.csv", f"{HEAD},cached_tokens", *calls)), sim.load("backends=[minimax_m2_5]"))
    found = json.loads(json.dumps(account(bill), allow_nan=False))
    assert found["calls"] == 60
    assert found["sessions"] == 15
    assert len(found["dearest_sessions"]) == 10
    assert [each["priced_usd"] for each in found["dearest_sessions"]] == sorted(
        (each["priced_usd"] for each in found["dearest_sessions"]), reverse=True
    )
    whole = pytest.approx(found["priced_usd"], rel=1e-12)
    assert sum(each["priced_usd"] for each in found["models"]) == whole
    assert sum(each["priced_usd"] for each in found["agents_usd"].values()) == whole
    assert sum(found["models"][0][f"{kind}_usd"] for kind in ("fresh_input", "cache_read", "cache_write", "output", "fees")) == whole
    assert found["billed_usd"] is None
