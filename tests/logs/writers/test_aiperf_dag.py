"""dag_jsonl: who is begun when, waited for where, and how long turns wait; and AIPerf's own loader over it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.logs.writers.aiperf_dag import filler
from sim.settings.run import Log
from tests.logs.writers.runs import crew, folder_of
from tests.worlds import agent, loop, run, team

ROOT = Path(__file__).parents[3]
AIPERF = ROOT / ".venv" / "aiperf" / "bin" / "python"


def conversations(result: sim.Result, place: Path) -> dict[str, dict[str, Any]]:
    lines = folder_of(result, place, "aiperf-dag").read_text(encoding="utf-8").splitlines()
    return {each["session_id"]: each for each in map(json.loads, lines)}


def test_a_lead_begins_its_team_and_waits_for_it(tmp_path: Path) -> None:
    """By hand: a call takes a second, a tool 5; the lead sends two calls, its workers two each at once, and the lead reads two reports."""
    made = team(4, loop(turns=2, tool_time_s=5.0), fanout=2, spawn_after_turn=2, delegated_share=0.0, tool_time_s=5.0)
    result = run(made, log=Log.full)
    found = conversations(result, tmp_path)
    assert set(found) == {"0.0", "0.0/0.0", "0.0/0.1"}
    calls = result.calls[result.calls["agent"] == "0"]
    spawning = [number for number, turn in enumerate(found["0.0"]["turns"]) if "spawns" in turn]
    assert len(spawning) == 1
    begun = found["0.0"]["turns"][spawning[0]]["spawns"]
    assert begun == [{"children": [f"0.0/0.{worker}"], "join_at": spawning[0] + 1} for worker in (0, 1)]
    workers = result.calls[result.calls["agent"] == "0.1"]
    wait_s = calls["t_request_s"].iloc[spawning[0] + 1] - workers["t_end_s"].max()
    assert found["0.0"]["turns"][spawning[0] + 1]["delay"] == pytest.approx(1000 * wait_s, abs=1e-3)
    assert wait_s < 6
    first = workers["t_request_s"].iloc[0] - calls["t_end_s"].iloc[spawning[0]]
    assert [turn["delay"] for turn in found["0.0/0.1"]["turns"]] == pytest.approx([1000 * first, 5000], abs=1e-3)
    assert [turn["max_tokens"] for turn in found["0.0/0.1"]["turns"]] == [300, 300]


def test_what_grows_is_said_in_parts_and_what_was_rewritten_whole(tmp_path: Path) -> None:
    """B = 2,000 tokens, o = 300, g = 700: turns say 2,000, then 700 each; where a compaction came between, each says its whole prompt."""
    grown = conversations(run(agent(turns=3), log=Log.full), tmp_path / "grown")["0.0"]
    assert [len(turn["messages"][0]["content"]) // 4 for turn in grown["turns"]] == [2000, 700, 700]
    assert "context_mode" not in grown
    result = run(agent(turns=5, compact_at_tokens=3500, summary_tokens=100), log=Log.full)
    cut = conversations(result, tmp_path / "cut")["0.0"]
    assert cut["context_mode"] == "message_array_with_responses"
    sizes = [len(turn["messages"][0]["content"]) // 4 for turn in cut["turns"]]
    assert sizes == result.calls["input_tokens"].tolist()
    shrank = next(number for number, size in enumerate(sizes) if number and size < sizes[number - 1])
    before, after = (cut["turns"][number]["messages"][0]["content"] for number in (shrank - 1, shrank))
    assert not before.startswith(after)


def test_a_text_has_as_many_tokens_as_it_should() -> None:
    assert filler(0, "0.0") == ""
    assert filler(3, "0.0") == "0.0 the the t"[:12]
    assert len(filler(1000, "some name")) == 4000


@pytest.mark.slow
@pytest.mark.skipif(not AIPERF.exists(), reason="needs AIPerf in an environment of its own: make aiperf")
def test_aiperf_takes_our_plans_and_traces(tmp_path: Path) -> None:
    folder = crew().save(tmp_path / "run")
    for format in ("aiperf-dag", "weka", "mooncake"):
        sim.export(folder, format)
    words: list[str | Path] = [AIPERF, "-m", "tests.logs.writers.held_to_aiperf", folder / "export"]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    calls, agents = crew().calls, crew().calls.groupby(["replication", "task", "agent"]).ngroups
    charged = calls[calls["input_tokens"] > 0]
    assert said[0] == f"aiperf-dag: {len(charged)} turns of {agents} conversations, 16 of them roots"
    assert said[1] == f"weka: {len(charged)} calls of 16 traces"
    assert said[2] == f"mooncake: {len(charged)} calls, {charged['input_tokens'].sum()} input tokens"
