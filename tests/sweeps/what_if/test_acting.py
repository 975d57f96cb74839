"""A setting that no recorded call would notice is refused, with what would be noticed."""

from __future__ import annotations

import pytest

import sim
from sim import ConfigError
from sim.sweeps.what_if.acting import check_acting

BEFORE = sim.load()


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        (
            "agent.turns=2",
            "agent.turns does nothing to recorded sessions: recorded turns, prompts and answers are as they were; compact=60k",
        ),
        ("work.kind=same", "a swap of models shows the range of what bills say anyway"),
        ("workload.tasks=7", "sessions come when they came; sessions=2x doubles them"),
        ("market.models.claude_opus_4_6.verbosity=2", "market.models.claude_opus_4_6.verbosity does nothing to recorded sessions"),
        (
            "seed=7",
            "seed does nothing to recorded sessions: recorded turns, prompts and answers are as they were. What acts: backends, batch",
        ),
    ],
)
def test_it_is_refused(setting: str, line: str) -> None:
    with pytest.raises(ConfigError) as error:
        check_acting(BEFORE, sim.load(setting), "this")
    assert line in str(error.value)


@pytest.mark.parametrize(
    "setting", ["batch=true", "market.models.claude_opus_4_6.cache_ttl_s=3600", "budget=wait", "retry.attempts=1", "market=nov_2026"]
)
def test_what_acts_passes(setting: str) -> None:
    check_acting(BEFORE, sim.load(setting), "this")
