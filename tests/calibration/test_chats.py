"""The chats that agents are compared with: as they were fitted, and with the tokens a request that were measured or published."""

from __future__ import annotations

import pytest
import yaml

import sim
from calibration.chats import AZURE_TOKENS, OPENROUTER_TOKENS, chat_long, chats, goodness, read_requests
from sim.results.basis import chat_of
from sim.settings.profile import LoopSettings
from tests.calibration.test_profiles import DATA, recorded, shipped

MEASURED = {"chat_short": AZURE_TOKENS, "chat": OPENROUTER_TOKENS, "chat_long": 12_378, "role_play": 12_000}
"""Tokens of a request, input and output; chat_long: of Kimi's 12,031."""


@recorded
def test_chats_ship_as_they_were_fitted() -> None:
    for name, profile in chats(DATA, shipped("coding_session")["think_time_s"]).items():  # type: ignore[arg-type]
        assert yaml.safe_load(yaml.safe_dump(profile)) == shipped(name), name


@recorded
def test_what_was_measured_of_kimi_is_what_its_requests_say() -> None:
    requests = read_requests(DATA)
    assert (requests["input_length"] + requests["output_length"]).mean() == pytest.approx(MEASURED["chat_long"], rel=1e-4)


@pytest.mark.parametrize("name", MEASURED)
def test_a_request_has_the_tokens_it_is_said_to_have(name: str) -> None:
    """In closed form. Moments are matched to 2 %; Kimi's sizes were fitted one by one, and come to 7 % more."""
    expected = chat_of(LoopSettings(**shipped(name))).message_tokens  # type: ignore[arg-type]
    assert expected == pytest.approx(MEASURED[name], rel=0.08 if name == "chat_long" else 0.02)


@pytest.mark.slow
@pytest.mark.parametrize("name", MEASURED)
def test_a_simulated_request_has_them_too(name: str) -> None:
    """Role-play: a few long conversations weigh much, so the margin is wider."""
    result = sim.simulate(sim.load(f"agent={name}", "workload.tasks=2000", "replications=3", "log=none"))
    assert result.mean("total_tokens") / result.mean("calls") == pytest.approx(MEASURED[name], rel=0.08 if name == "role_play" else 0.1)
    messages = chat_of(LoopSettings(**shipped(name))).messages  # type: ignore[arg-type]
    assert result.mean("calls_per_task") == pytest.approx(messages, rel=0.05)


@pytest.mark.slow
@recorded
def test_simulated_conversations_meet_requests_that_were_held_out() -> None:
    requests = read_requests(DATA)
    found = goodness(chat_long(requests[::2], shipped("coding_session")["think_time_s"]), requests[1::2])  # type: ignore[arg-type]
    assert found["input"] < 0.05
    assert found["output"] < 0.05
    assert found["ours"] == pytest.approx(found["recorded"], rel=0.1)
