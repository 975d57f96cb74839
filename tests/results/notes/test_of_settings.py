"""Settings that are a slip, as a rule, are told: limits that nothing passes, a backoff above its cap."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.results.notes.of_settings import never, room, turns, waits
from sim.settings.capacity.limits import QuotaSettings
from sim.settings.capacity.servers import BackendKind, ServerSettings
from sim.settings.run import RetrySettings
from tests.worlds import agent, backend, scenario


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"input_tokens_per_min": 1_999.0}, "one lets 1,999 tokens through at most (input_tokens_per_min x limit_burst_s)"),
        ({"tokens_per_min": 60_000.0, "limit_burst_s": 1.0}, "one lets 1,000 tokens through at most (tokens_per_min x limit_burst_s)"),
        ({"quotas": {"day": QuotaSettings(input_tokens=5.0)}}, "one lets 5 tokens through at most (quotas.day.input_tokens)"),
        (
            {"kind": BackendKind.self_hosted, "servers": ServerSettings(memory_tokens=10)},
            "memory for 10 tokens (servers.memory_tokens)",
        ),
        ({"input_tokens_per_min": 2_000.0, "quotas": {"day": QuotaSettings(requests=1.0)}}, ""),
        ({"kind": BackendKind.self_hosted, "servers": ServerSettings(memory_tokens=2_000)}, ""),
    ],
)
def test_a_limit_below_an_average_first_prompt_is_told(limits: dict[str, Any], told: str) -> None:
    """Of 2,000 tokens."""
    said = never(scenario(agent(), backend(**limits)))
    assert told in said
    assert ("a first prompt has 2,000" in said) == bool(told)


def test_a_backoff_above_its_cap_is_told() -> None:
    world = scenario(agent(), backend(), retry=RetrySettings(backoff_base_s=10.0, backoff_cap_s=1.0))
    assert waits(world) == "retry.backoff_base_s=10: above retry.backoff_cap_s=1, which holds from the first."
    assert waits(scenario(agent(), backend())) == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["agent=solo", "agent.turns=20"],
            "agent.turns is of a new session of one message: of m messages each takes m^-0.8 of that (agent.turns_exponent=0: all), "
            "and one that is resumed takes 0.25 of it (agent.resumed_turns=1: all).",
        ),
        (
            ["agent=solo", "agent.turns=20", "agent.requests=1"],
            "agent.turns is of a new session of one message: one that is resumed takes 0.25 of it (agent.resumed_turns=1: all).",
        ),
        (["agent=solo", "agent.turns=20", "agent.turns_exponent=0", "agent.resumed_turns=1"], ""),
        (
            ["agent=team", "agent.turns=2", "agent.requests=1"],
            "agent.turns is of a new session of one message: one that is resumed takes 0.25 of it (agent.resumed_turns=1: all).",
        ),
        (
            ["agent=solo", "agent.turns=4.5"],
            "agent.turns=4.5: turns are whole, so what each message takes is rounded; a distribution can have that mean.",
        ),
        (["agent=solo", "agent.turns=1"], ""),
        (["agent=solo"], ""),
        (["agent=team"], ""),
        (["agent=swe_task", "agent.turns=20"], ""),
    ],
)
def test_turns_that_a_profile_scales_are_told(words: list[str], told: str) -> None:
    """20 turns of a session of 5 messages are 20 x 5^-0.8 = 5.5 for each."""
    assert turns(sim.load(*words)) == told


def test_what_is_summed_up_below_a_summary_is_told() -> None:
    told = "agent.compact_at_tokens=1000: below a first prompt or a summary ("
    assert room(sim.load("agent=swe_task", "agent.compact_at_tokens=1000", "agent.summary_tokens=2000")).startswith(told)
    assert room(sim.load("agent=swe_task", "agent.compact_at_tokens=50000")) == ""
