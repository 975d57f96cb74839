"""Claude Code: what ccusage and our reader make of a run is what the run charged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import sim
from sim.logs import read
from sim.settings.capacity.reserved import ReservedSettings
from tests.generated import worlds
from tests.logs.writers.runs import TOKENS, back, charged, crew, folder_of, ran, simulated, told

_HERE = Path(__file__).parents[3] / ".venv" / "ccusage" / "node_modules" / ".bin" / "ccusage"
CCUSAGE = str(_HERE) if _HERE.exists() and shutil.which("node") else ""


@pytest.mark.slow
@settings(max_examples=15)
@given(scenario=worlds(router={"fee": 0.0}, backend_={"reserved": ReservedSettings()}))
def test_what_is_read_again_is_what_was_charged(scenario: sim.Scenario) -> None:
    """Calls, agents, models and tokens as they were, times to the millisecond, and the bill."""
    result = simulated(scenario)
    calls = charged(result)
    if calls.empty:
        with pytest.raises(sim.DataError, match=r"nobody sent a call|holds no calls"):
            back(result, "claude-code")
        return
    log = back(result, "claude-code")
    assert told(log, *TOKENS) == ran(result, *TOKENS)
    models = [log.models[each] for each in log.calls["model"]]
    assert sorted(models) == sorted(calls["backend"])
    for name in ("start_s", "end_s"):
        now, then = (np.concatenate([*each.values()])[:, 0] for each in _same_order(told(log, name), ran(result, name)))
        assert np.abs(now - then).max() < 0.00051
    bill = sim.LogBill(log, scenario)
    assert bill.priced.sum() == pytest.approx(calls["cost_usd"].sum(), rel=1e-9, abs=1e-12)


def _same_order(one: Any, other: Any) -> tuple[Any, Any]:
    return one, {key: other[key] for key in one}


def test_writes_for_an_hour_are_told_from_those_for_five_minutes(tmp_path: Path) -> None:
    """By hand from the first prompts: of a lead's the first 1,400 tokens are for an hour, of a worker's all."""
    log = read(folder_of(crew(), tmp_path, "claude-code"))
    agents = np.array([each.name == "main" for each in log.agents])[log.calls["agent"]]
    hours, writes = log.calls["cache_write_1h_tokens"], log.calls["cache_write_tokens"]
    assert (hours[~agents] == writes[~agents]).all()
    cold = agents & (log.calls["cache_read_tokens"] == 0)
    assert cold.sum() >= 6
    assert (hours[cold] == 1400).all()
    assert (hours[agents & (log.calls["cache_read_tokens"] >= 1400)] == 0).all()
    assert {each.parent for each in log.agents} == {"", "main"}


@pytest.mark.skipif(not CCUSAGE, reason="needs node, and ccusage: make ccusage")
def test_ccusage_comes_to_our_bill(tmp_path: Path) -> None:
    """To the cent and beyond: 500 calls with sub-agents and both lifetimes of caches, by its own price list, without a network."""
    result = crew()
    calls = charged(result)
    assert len(calls) > 500
    assert (calls["depth"] > 0).any()
    folder = folder_of(result, tmp_path, "claude-code")
    asked = [CCUSAGE, "claude", "session", "--offline", "--mode", "calculate", "--json", "--timezone", "UTC"]
    place = {"CLAUDE_CONFIG_DIR": str(folder), "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    said = subprocess.run(asked, env=place, capture_output=True, text=True, check=True).stdout
    totals = json.loads(said)["totals"]
    assert totals["totalCost"] == pytest.approx(calls["cost_usd"].sum(), abs=1e-6)
    kinds = ("cacheReadTokens", "cacheCreationTokens", "outputTokens", "totalTokens")
    total = calls["input_tokens"].sum() + calls["output_tokens"].sum()
    assert [totals[kind] for kind in kinds] == [*calls[[*TOKENS[1:]]].sum(), total]


def test_a_line_is_what_claude_code_writes(tmp_path: Path) -> None:
    """The bytes that ccusage looks for; ids of a call once; nothing but counts, times and ids."""
    folder = folder_of(crew(), tmp_path, "claude-code")
    files = sorted((folder / "projects" / "sim").rglob("*.jsonl"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    answers = [line for line in lines if '"usage":{' in line]
    assert len(answers) == len(charged(crew()))
    assert len({json.loads(line)["message"]["id"] for line in answers}) == len(answers)
    assert not any(":null" in line for line in lines)
    first = json.loads(files[0].read_text(encoding="utf-8").splitlines()[1])
    assert first["message"]["content"] == []
    assert first["timestamp"].startswith("2026-02-16T00:")
