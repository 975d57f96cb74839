"""The fitted profiles: simulated afresh, they meet recorded sessions that were not used for the fit."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import yaml

import sim
from calibration.goodness import LIMITS, Goodness
from calibration.profiles import coding_session, recorded_waits, subagent
from calibration.sessions import read_calls
from sim.results.basis import chat_of
from sim.results.fitted.contexts import WINDOW_TOKENS, compact_at_share, compacted_at, long_share, stretches
from sim.results.fitted.sessions import halves
from sim.scenario.load import CONF
from sim.settings.profile import LoopSettings

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
recorded = pytest.mark.skipif(not (DATA / "claude_code_calls.csv.gz").exists(), reason="the recorded sessions are not kept here")

CLAUDE_CODE_TOKENS = 74_000
"""Of a request of Claude Code on OpenRouter, in the mean (reported)."""


def shipped(name: str) -> dict[str, object]:
    return dict(yaml.safe_load((CONF / "profile" / f"{name}.yaml").read_text()))


@recorded
def test_what_ships_is_what_is_fitted_to_the_letter() -> None:
    calls = read_calls(DATA)
    made = {
        "coding_session": coding_session(halves(calls).fit),
        "subagent": subagent(calls[calls["depth"] > 0], DATA),
        "coding_session_recorded_waits": recorded_waits(calls[calls["depth"] == 0]),
    }
    for name, profile in made.items():
        body = yaml.safe_dump(profile, sort_keys=False, default_flow_style=None, width=130)
        assert (CONF / "profile" / f"{name}.yaml").read_text().endswith(body), name


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


@recorded
def test_a_recorded_request_against_those_of_claude_code_on_openrouter() -> None:
    """74k tokens a request there, 2k in a chat app (reported): the recorded one, and what it is times a chat, within a factor of 2."""
    calls = read_calls(DATA)
    tokens = float((calls["input_tokens"] + calls["output_tokens"]).mean())
    assert 1 / 2 < tokens / CLAUDE_CODE_TOKENS < 2
    chat = chat_of(LoopSettings(**shipped("chat")))  # type: ignore[arg-type]
    assert 1 / 2 < tokens / chat.message_tokens / (CLAUDE_CODE_TOKENS / 2000) < 2
    messages, total = calls[calls["depth"] == 0].groupby("trace")["message"].max(), tokens * len(calls)
    as_long = chat.of(messages.sum(), (messages * (messages - 1) / 2).sum())
    found = [tokens / chat.message_tokens, total / messages.sum() / chat.message_tokens, total / as_long]
    assert found == pytest.approx([59, 390, 78], rel=0.01)


@pytest.mark.slow
def test_a_session_is_so_many_times_a_chat_by_each_denominator() -> None:
    """Beside the recorded sessions (above): 10 % by request; messages are heavy-tailed, and those of 386 sessions are few."""
    chatted, worked = (
        sim.simulate(sim.load(f"agent={kind}", f"workload.tasks={tasks}", "replications=4", "log=none"))
        for kind, tasks in (("chat", 200), ("solo", 400))
    )
    for name in ("request", "message", "session"):
        assert chatted.mean(f"multiplier_per_{name}") == pytest.approx(1, rel=0.03)
        least, middle, most = (worked.mean(f"multiplier_per_{name}{end}") for end in ("_least", "", "_most"))
        assert least < middle < most
    assert worked.mean("multiplier_per_request") == pytest.approx(59, rel=0.1)
    assert worked.mean("multiplier_per_message") == pytest.approx(390, rel=0.25)
    assert worked.mean("multiplier_per_session") == pytest.approx(78, rel=0.35)


class Aim(NamedTuple):
    """What a profile is said to give, each within a share of it."""

    calls: float
    tokens: float
    """Of a call."""
    sigma: tuple[float, float]
    """Of the logarithm of a task's bill: from, to."""
    usd: float | None = None
    """A task's, on Claude Opus 4.6, where it is anchored."""


AIMS = {
    "swe_task": Aim(28.9, 12_700, (0.4, 1.0), 0.552),
    "swe_task_openhands": Aim(15.5, 27_200, (0.4, 1.0), 0.56),
    "research_task": Aim(10, 42_300, (1.1, 1.3), 0.497),
    "always_on": Aim(96, 53_000, (0.1, 0.2)),
}
"""By choice of `agent`. Always on: every day is alike; it has no measured spread."""


@pytest.mark.slow
@pytest.mark.parametrize("name", AIMS)
def test_a_task_has_the_calls_tokens_and_spread_it_is_said_to_have(name: str) -> None:
    tasks = 60 if name == "always_on" else 3000
    size = [f"workload.tasks={tasks}", "replications=2", "log=sample", "log_sample=1000000"]
    result, aim = sim.simulate(sim.load(f"agent={name}", "backends=[claude_opus_4_6]", *size)), AIMS[name]
    assert result.mean("calls_per_task") == pytest.approx(aim.calls, rel=0.05)
    assert result.mean("total_tokens") / result.mean("calls") == pytest.approx(aim.tokens, rel=0.05)
    low, high = aim.sigma
    assert low < np.log(result.tasks["cost_usd"]).std() < high
    if aim.usd is not None:
        assert result.mean("cost_per_task_usd") == pytest.approx(aim.usd, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("agent", "harness", "usd"), [("swe_task", "mini_v2", 0.552), ("swe_task_openhands", "openhands", 0.56)])
def test_failed_tries_cost_more_where_hard_tasks_take_more_turns(agent: str, harness: str, usd: float) -> None:
    """1.2 to 1.8 times as much as solved ones, on either model; the anchored bill stays within 5 %."""
    for model in ("claude_opus_4_6", "minimax_m2_5"):
        work = [f"backends=[{model}]", "work=measured", f"work.harness={harness}"]
        size = ["workload.tasks=2000", "replications=2", "log=sample", "log_sample=1000000"]
        result = sim.simulate(sim.load(f"agent={agent}", "outcome=hard_costs_more", *work, *size))
        bills = result.tasks.groupby("success")["cost_usd"].mean()
        assert 1.2 < bills[False] / bills[True] < 1.8
        assert 0.4 < np.log(result.tasks["cost_usd"]).std() < 1.0
        if model == "claude_opus_4_6":
            assert result.mean("cost_per_task_usd") == pytest.approx(usd, rel=0.05)


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
