"""Fits of logs whose parameters are known: what our own simulator wrote, and small ones by hand."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.errors import ConfigError
from sim.logs import Log, read
from sim.results.fitted.fit import Fit, fit
from sim.results.fitted.goodness import goodness
from sim.results.fitted.written import write_fit
from sim.sampling.distributions import distribution

LOOP = {
    "requests": "1", "prior_tokens": "0", "resumed_turns": "1", "turns_exponent": "0", "system_tokens": "5000", "prompt_tokens": "400",
    "turns": "{dist: geometric, mean: 12}", "output_tokens": "{dist: lognormal, median: 300, sigma: 0.6}", "output_scale": "1",
    "tool_result_tokens": "{dist: lognormal, median: 900, sigma: 0.8}", "result_scale": "1", "opening_turns": "0",
    "tool_time_s": "{dist: exponential, mean: 7}", "rewrite_rate": "0", "reasoning_share": "0.5", "keep_reasoning": "0.6",
    "window_tokens": "200000",
}  # fmt: skip


def run(folder: Path, *more: str) -> Log:
    """What a run of known parameters leaves, read as a log."""
    own = [f"agent.{name}={value}" for name, value in LOOP.items()]
    scenario = sim.load("agent=solo", *own, "replications=1", "processes=1", "log=full", *more)
    sim.simulate(scenario).save(folder)
    return read(folder / "calls.parquet")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Fit:
    return fit(run(tmp_path_factory.mktemp("known"), "workload.tasks=300"), sim.load())


def mean(setting: object) -> float:
    return distribution(setting).mean


def test_known_parameters_come_back(known: Fit) -> None:
    """150 sessions of 12 calls: 4 standard errors of a mean are 33 % of turns, of outputs 6 %, of results 9 %, of waits 10 %."""
    found = known.profile
    assert found["system_tokens"] + mean(found["prompt_tokens"]) == pytest.approx(5400, abs=110)
    assert mean(found["turns"]) == pytest.approx(12, rel=0.33)
    assert mean(found["output_tokens"]) * mean(found["output_scale"]) == pytest.approx(300 * math.exp(0.18), rel=0.06)
    assert mean(found["tool_result_tokens"]) * mean(found["result_scale"]) == pytest.approx(900 * math.exp(0.32), rel=0.09)
    assert mean(found["tool_time_s"]) == pytest.approx(7, rel=0.1)
    assert found["reasoning_share"] == pytest.approx(0.5, abs=0.01)
    assert found["rewrite_rate"] < 0.01
    assert (found["requests"], found["prior_tokens"]) == (1, 0)
    assert "requests" in known.missing


def test_what_is_simulated_is_held_against_what_was_held_out(known: Fit) -> None:
    found = goodness(known, sim.load())
    assert max(found.distance.values()) < 0.2
    assert set(found.floor) == set(found.distance)
    assert {name: span.value for name, (_, span) in found.means.items()}["calls a session"] == len(known.held_out) / 150


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Calls of many more sessions of the same work than anything is fitted to."""
    many = fit(run(tmp_path_factory.mktemp("truth"), "workload.tasks=2000", "seed=99"), sim.load())
    return pd.concat([many.used, many.held_out])


def off(found: Fit, truth: pd.DataFrame) -> list[str]:
    """What of a fit's sessions is not as in truth. A mean may be off by three standard errors (of truth, of the simulation and of the
    sessions that it was fitted to), and by the 5 % that a lognormal mixture differs from a geometric law."""
    held = goodness(dataclasses.replace(found, held_out=truth), sim.load())
    per_call = ("output per call", "growth per call")
    wrong = [name for name, distance in held.distance.items() if distance > (0.06 if name in per_call else 0.2)]
    fewer = truth["trace"].nunique() / found.used["trace"].nunique()
    for name, (ours, true) in held.means.items():
        of_ours, of_truth = ((span.high - span.value) / 1.96 for span in (ours, true))
        error = math.hypot(of_ours, of_truth, of_truth * math.sqrt(fewer))
        wrong += [name] * (abs(ours.value - true.value) > 3 * error + 0.05 * true.value)
    return wrong


@pytest.mark.slow
@pytest.mark.parametrize(
    ("other", "seen"),
    [
        ("", set()),
        ("agent.output_tokens={dist: lognormal, median: 390, sigma: 0.6}", {"output per call"}),
        ("agent.tool_result_tokens={dist: lognormal, median: 1170, sigma: 0.8}", {"growth per call"}),
        ("agent.turns={dist: geometric, mean: 18}", {"calls a session", "tokens a session", "USD a session"}),
        ("agent.tool_time_s={dist: exponential, mean: 14}", {"USD a busy hour"}),
    ],
)
def test_simulated_sessions_are_as_those_of_the_truth_and_other_work_is_not(
    tmp_path: Path, truth: pd.DataFrame, other: str, seen: set[str]
) -> None:
    """Answers or results that are 30 % longer, half as many turns more, and waits twice as long are noticed."""
    found = off(fit(run(tmp_path, "workload.tasks=600", *([other] if other else [])), sim.load()), truth)
    assert set(found) >= seen
    assert bool(found) is bool(seen), found


def test_recorded_dollars_are_those_of_the_run(tmp_path: Path) -> None:
    log = run(tmp_path, "workload.tasks=20", "retry.attempts=1", "market.models.claude_opus_4_6.error_rate=0")
    found = fit(log, sim.load())
    both = pd.concat([found.used, found.held_out])
    assert both["cost_usd"].sum() == pytest.approx(float(log.calls["cost_usd"].sum()), rel=1e-9)


def test_sub_agents_and_their_waves_come_back(tmp_path: Path) -> None:
    team = [f"agent.worker.{name}={value}" for name, value in LOOP.items() if name != "turns"]
    more = ["agent.kind=orchestrator", "agent.fanout=3", "agent.waves=1", "agent.report_tokens=1", "agent.worker.turns=4"]
    found = fit(run(tmp_path, *team, *more, "workload.tasks=40"), sim.load())
    assert found.team["fanout"] == 3
    assert found.team["waves"] == 1
    assert found.team["sessions_share"] == 1
    assert found.subagent is not None
    assert mean(found.subagent["turns"]) == 4


def logged(folder: Path, sessions: int, calls: int, **columns: object) -> Log:
    rows = [
        {"trace": f"secret-{session}", "agent": "main", "call_index": call, "t_s": 30.0 * call, "input_tokens": 3000 + 500 * call,
         "output_tokens": 100, "model": "claude-opus-4-6", "trigger": "user" if call % 4 == 0 else "tool_result"} | columns
        for session in range(sessions)
        for call in range(calls)
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "log.csv", index=False)
    return read(folder / "log.csv")


def test_one_session_falls_back_and_says_so(tmp_path: Path) -> None:
    found = fit(logged(tmp_path, 1, 3), sim.load())
    assert "1 sessions, 20 needed" in found.missing["held-out sessions"]
    for name in ("prompt_tokens", "turns", "output_tokens", "tool_time_s"):
        assert found.missing[name].endswith("taken from profile/coding_session"), name
    assert set(goodness(found, sim.load()).distance) >= {"output per call", "calls per session"}


def test_a_log_without_times_has_no_waits(tmp_path: Path) -> None:
    found = fit(logged(tmp_path, 30, 8, t_s=0.0), sim.load())
    assert "0 values" in found.missing["tool_time_s"]
    assert "USD a busy hour" not in goodness(found, sim.load()).means


def test_of_several_models_the_most_used_is_taken_and_all_are_named(tmp_path: Path) -> None:
    logged(tmp_path, 30, 8)
    rows = pd.read_csv(tmp_path / "log.csv")
    rows["model"] = np.where(rows["call_index"] < 5, "minimax-m2.5", "claude-opus-4-6")
    rows.to_csv(tmp_path / "log.csv", index=False)
    found = fit(read(tmp_path / "log.csv"), sim.load())
    assert found.backend == "minimax_m2_5"
    assert list(found.models.items()) == [("minimax-m2.5", 150), ("claude-opus-4-6", 90)]
    write_fit(found, tmp_path / "own", "", "feb_2026")
    text = (tmp_path / "own" / "experiment" / "own.yaml").read_text()
    assert "claude-opus-4-6 90 calls" in text
    scenario = sim.load("experiment=own", config_dir=tmp_path / "own")
    assert scenario.backends == ["minimax_m2_5"]
    assert scenario.chosen()["minimax_m2_5"].turn_multiplier == 1, "the turns are that model's own already"


def test_what_is_written_runs_and_names_nobody(tmp_path: Path) -> None:
    found = fit(logged(tmp_path, 30, 8), sim.load())
    written = write_fit(found, tmp_path / "mine", "KS of something: 0.1", "feb_2026")
    whole = "".join(path.read_text() for path in written)
    assert "secret" not in whole
    assert str(tmp_path) not in whole
    assert "# KS of something: 0.1" in whole
    assert "output_tokens 120" in whole, "values of the half that was fitted to"
    for agent in ("mine", "solo", "team"):
        loaded = sim.load("experiment=mine", f"agent={agent}", "workload.tasks=2", config_dir=tmp_path / "mine")
        assert loaded.agent.system_tokens == found.profile["system_tokens"], agent
        assert loaded.agent.request_tokens == found.profile["request_tokens"], agent


def test_nothing_is_written_over(tmp_path: Path) -> None:
    found = fit(logged(tmp_path, 30, 8), sim.load())
    there = tmp_path / "mine" / "agent" / "mine.yaml"
    there.parent.mkdir(parents=True)
    there.write_text("kind: chat\n")
    with pytest.raises(ConfigError, match="is there already"):
        write_fit(found, tmp_path / "mine", "", "feb_2026")
    assert there.read_text() == "kind: chat\n"
    assert [path for path in (tmp_path / "mine").rglob("*") if path.is_file()] == [there]
    with pytest.raises(ConfigError, match="agent=solo ships"):
        write_fit(found, tmp_path / "solo", "", "feb_2026")
