"""The fitted profiles: simulated afresh, they meet recorded sessions that were not used for the fit."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

import sim
from calibration.contexts import WINDOW_TOKENS, compact_at_share, compacted_at, long_share, stretches
from calibration.goodness import LIMITS, Goodness
from calibration.profiles import chat, coding_session, recorded_waits, subagent
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
    if not swap:
        assert not goodness.missed(), str(goodness)
        return
    for name, limit in LIMITS.items():
        assert goodness.distance[name] <= limit, name
    for ours, theirs, _ in [*goodness.hits.values(), goodness.far]:
        assert abs(ours - theirs) <= 0.03
    for ours, theirs, _ in goodness.usd.values():
        assert ours == pytest.approx(theirs, rel=0.2), "users say a fifth more often in the odd half than in the even one"


def calls_of(**prompts: list[int]) -> pd.DataFrame:
    """Sessions of main agents by their prompts."""
    rows = [(name, prompt) for name, session in prompts.items() for prompt in session]
    table = pd.DataFrame(rows, columns=["trace", "input_tokens"]).assign(model="one")
    return table.assign(dropped=table["input_tokens"] < 0.7 * table.groupby("trace")["input_tokens"].shift())


def test_where_half_of_the_contexts_are_compacted_censored_ones_counted() -> None:
    """At 140,000 one of four is, at 145,000 one just ends, at 150,000 one of the two left is."""
    found = stretches(
        calls_of(
            a=[20_000, 140_000, 30_000, 90_000], b=[20_000, 145_000], c=[20_000, 150_000, 30_000], d=[20_000, 160_000, 40_000],
            e=[20_000, 190_000, 300_000],
        )
    )  # fmt: skip
    assert found["ended"].sum() == 3
    assert compacted_at(found[found["longest"] <= WINDOW_TOKENS]) == 150_000
    assert compact_at_share(found) == 0.75
    assert long_share(found) == pytest.approx(1 / 4)


@recorded
def test_recorded_agents_compact_between_three_quarters_and_five_sixths_of_the_usual_window() -> None:
    calls = read_calls(DATA)
    assert 0.75 < compact_at_share(stretches(calls[calls["depth"] == 0])) < 0.835


@recorded
def test_the_other_profiles_ship_as_they_were_fitted() -> None:
    calls = read_calls(DATA)
    assert yaml.safe_load(yaml.safe_dump(subagent(calls[calls["depth"] > 0], DATA))) == shipped("subagent")
    assert recorded_waits(calls[calls["depth"] == 0]) == shipped("coding_session_recorded_waits")
    assert yaml.safe_load(yaml.safe_dump(chat(DATA, shipped("coding_session")["think_time_s"]))) == shipped("chat")  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_chat_takes_a_few_thousand_tokens_and_a_session_a_thousand_times_more() -> None:
    chatted, worked = (sim.simulate(sim.load(f"agent={kind}", "workload.tasks=100", "replications=4")) for kind in ("chat", "solo"))
    assert 2_000 < chatted.mean("tokens_per_task") < 10_000
    assert chatted.mean("token_multiplier") == pytest.approx(1, rel=0.1)
    assert 300 < worked.mean("token_multiplier") < 5_000


@pytest.mark.slow
def test_what_others_measured_by_the_hour_lies_between_both_kinds_of_tool_time() -> None:
    """TraceLab: $14.9 a busy hour; 128 calls in it with published tool times. Recorded waits hold people who approve, and sleep."""
    published, waited = (
        sim.simulate(sim.load("agent=solo", f"profile@agent={profile}", "workload.tasks=400", "replications=4", "log=none"))
        for profile in ("coding_session", "coding_session_recorded_waits")
    )
    hours = [result.mean("cost_per_busy_hour_usd") for result in (waited, published)]
    assert 5 < hours[0] < 14.9 < hours[1] < 40
    calls = [hour * result.mean("calls") / result.mean("cost_usd") for hour, result in zip(hours, (waited, published), strict=True)]
    assert calls[1] == pytest.approx(128, rel=0.2)
    assert calls[0] < 60
    assert all(0.87 < result.mean("cache_hit_rate") < 0.97 for result in (waited, published))
