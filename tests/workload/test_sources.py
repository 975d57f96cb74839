"""Who sends what: chats among an agent's work, and how many calls will come of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.theory.expected.forecast import calls_ahead

SOLO = sim.load("agent=solo", "backends=[minimax_m2_5]", "work=same", "workload.tasks=60", "replications=1")


GEOMETRIC = ["agent=solo", "agent.requests=2", "agent.turns={dist: geometric, mean: 6}", "agent.turns_scale=1", "agent.turns_exponent=0"]


def _rows(scenario: sim.Scenario) -> pd.DataFrame:
    return sim.simulate(scenario).calls.set_index("task")


def test_a_chat_among_the_work_is_the_chat_it_would_be_among_chats() -> None:
    """Each task of a mix has the luck it has where all tasks are of its kind; as many chat as were asked for."""
    mixed = dataclasses.replace(SOLO, workload=dataclasses.replace(SOLO.workload, chat_share=0.4))
    rows, work = _rows(mixed), _rows(SOLO)
    chats = _rows(sim.load("agent=chat", "backends=[minimax_m2_5]", "workload.tasks=60", "replications=1"))
    talk = rows[rows["role"] == "chat"].index.unique()
    assert 0.4 * 60 - 3 * 3.8 <= len(talk) <= 0.4 * 60 + 3 * 3.8  # three standard deviations of a binomial
    pd.testing.assert_frame_equal(rows.loc[talk].sort_index(kind="stable"), chats.loc[talk].sort_index(kind="stable"))
    others = rows.index.unique().difference(talk)
    pd.testing.assert_frame_equal(rows.loc[others].sort_index(kind="stable"), work.loc[others].sort_index(kind="stable"))
    kinds = sim.simulate(mixed).tasks.set_index("task")["kind"]
    assert set(kinds[talk]) == {"chat"}
    assert set(kinds[others]) == {"react"}


@pytest.mark.slow
def test_a_chat_share_is_refused_where_it_would_mislead() -> None:
    with pytest.raises(sim.ConfigError, match="weighs the bill of the agent's work alone"):
        sim.load("workload.chat_share=0.5", "router=cost_per_success")
    with pytest.raises(sim.ConfigError, match="replayed as it was"):
        sim.load("workload.chat_share=0.5", "workload=trace", "workload.trace=excerpt")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "near"),
    [
        (["agent=chat", "workload.tasks=400", "replications=3"], 0.02),
        (["agent=chat", "workload=users", "workload.users=30", "workload.tasks_per_user=4", "replications=1"], 0.02),
        ([*GEOMETRIC, "workload.tasks=800", "workload.chat_share=0.5", "replications=1", "shards=4", "shards_run=2"], 0.1),
        (["agent=chat", "workload.tasks=null", "horizon_s=90000", "replications=1", "log=none"], 0.2),
    ],
)
def test_the_calls_ahead_are_about_those_that_come(overrides: list[str], near: float) -> None:
    scenario = sim.load("backends=[minimax_m2_5]", *overrides)
    calls = sum(tally.calls for tally in sim.simulate(scenario).tallies)
    assert calls_ahead(scenario) == pytest.approx(calls, rel=near)
    endless = sim.load("workload=users", "workload.tasks_per_user=null", "horizon_s=1000")
    assert calls_ahead(endless) is None


def test_recorded_sessions_begin_when_they_did(tmp_path: Path) -> None:
    """Case 06: three within two seconds, the fourth an hour later; where that is not known, one after another."""
    head, calls = "trace,agent,call_index,t_s,input_tokens,output_tokens", [1_790_000_000, 1_790_000_001, 1_790_000_002, 1_790_003_600]
    rows = [f"s-{number},main,0,{second},30000,300" for number, second in enumerate(calls)]
    (tmp_path / "known.csv").write_text("\n".join([head, *reversed(rows)]))
    (tmp_path / "unknown.csv").write_text("\n".join([head, *(row.replace(f",{at},", ",0,") for row, at in zip(rows, calls, strict=True))]))
    (tmp_path / "said.csv").write_text("\n".join([f"{head},session_start_s", *(f"s-{at},main,0,0,30000,300,{at}" for at in (7, 4))]))
    for name, moments in (("known", [0, 1, 2, 3600]), ("unknown", [0, 60, 120, 180]), ("said", [0, 3])):
        run = sim.simulate(sim.load("workload=trace", f"workload.trace={tmp_path / name}.csv", "replications=1"))
        assert run.calls["t_request_s"].tolist() == moments


def test_rate_limits_and_peaks_of_a_log_are_those_of_its_times(tmp_path: Path) -> None:
    """50,000 input tokens a minute: of three calls of 30,000 within two seconds the first passes."""
    rows = [f"s-{number},main,0,{second},30000,300,8" for number, second in enumerate((1771200000, 1771200001, 1771200002, 1771203600))]
    (tmp_path / "calls.csv").write_text("\n".join(["trace,agent,call_index,t_s,input_tokens,output_tokens,api_time_s", *rows]))
    words = ["workload=trace", f"workload.trace={tmp_path / 'calls.csv'}", "replications=1", "market.models.claude_opus_4_6.error_rate=0"]
    free, limited = (sim.simulate(sim.load(*words, *more)) for more in ([], ["market.models.claude_opus_4_6.input_tokens_per_min=50000"]))
    assert free.mean("peak_tokens_per_min") >= 60_000
    first = limited.calls[limited.calls["attempt"] == 0].sort_values("task")
    assert first["status"].tolist() == ["ok", "rate_limited", "rate_limited", "ok"]
