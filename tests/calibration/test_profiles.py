"""The fitted profiles: simulated afresh, they meet recorded sessions that were not used for the fit."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import sim
from calibration.goodness import LIMITS, Goodness
from calibration.profiles import chat, coding_session, subagent
from calibration.sessions import halves, read_calls
from sim.scenario.load import CONF

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
recorded = pytest.mark.skipif(not (DATA / "claude_code_calls.csv.gz").exists(), reason="the recorded sessions are not kept here")


def shipped(name: str) -> dict[str, object]:
    return dict(yaml.safe_load((CONF / "profile" / f"{name}.yaml").read_text()))


@pytest.mark.slow
@recorded
@pytest.mark.parametrize("swap", [False, True])
def test_simulated_sessions_meet_those_held_out(swap: bool) -> None:
    fit, held_out = halves(read_calls(DATA))
    if swap:
        fit, held_out = held_out, fit
    profile = coding_session(fit)
    if not swap:
        assert yaml.safe_load(yaml.safe_dump(profile)) == shipped("coding_session"), "what ships is what was fitted"
    goodness = Goodness.of(profile, fit, held_out)
    for name, limit in LIMITS.items():
        assert limit is None or goodness.distance[name] <= limit, name
    for ours, theirs, _ in goodness.hits.values():
        assert abs(ours - theirs) <= 0.02


@recorded
def test_the_other_profiles_ship_as_they_were_fitted() -> None:
    calls = read_calls(DATA)
    assert yaml.safe_load(yaml.safe_dump(subagent(calls[calls["depth"] > 0], DATA))) == shipped("subagent")
    assert yaml.safe_load(yaml.safe_dump(chat(DATA, shipped("coding_session")["think_time_s"]))) == shipped("chat")  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_chat_takes_a_few_thousand_tokens_and_a_session_a_thousand_times_more() -> None:
    chatted, worked = (sim.simulate(sim.load(f"agent={kind}", "workload.tasks=100", "replications=4")) for kind in ("chat", "solo"))
    assert 2_000 < chatted.mean("tokens_per_task") < 10_000
    assert chatted.mean("token_multiplier") == pytest.approx(1, rel=0.1)
    assert 300 < worked.mean("token_multiplier") < 5_000


@pytest.mark.slow
def test_an_agent_at_opus_prices_costs_what_others_measured_by_the_hour() -> None:
    """TraceLab: $14.9 an hour of work, 128 calls an hour and a hit rate of 0.958 (with an hour's TTL in part)."""
    hour = sim.simulate(sim.load("agent=solo", "workload.tasks=250", "replications=4", "log=none"))
    assert 8 < hour.mean("cost_per_busy_hour_usd") < 17
    assert 0.88 < hour.mean("cache_hit_rate") < 0.97
