"""Which backend serves a model that a log names."""

from __future__ import annotations

import pytest

from sim import ConfigError
from sim.backends.models import backends_of
from tests.logs.written import february


@pytest.mark.parametrize(
    ("model", "backend"),
    [
        ("claude-opus-4-6", "claude_opus_4_6"),
        ("claude_opus_4_6", "claude_opus_4_6"),
        ("anthropic/claude-haiku-4-5-20251001", "claude_haiku_4_5"),
        ("claude-opus-4-6@20260205", "claude_opus_4_6"),
        ("gpt-5.2-2025-12-11", "gpt_5_2"),
        ("minimax/minimax-m2.5-20260212", "minimax_m2_5"),
        ("MiniMax-M2.5", "minimax_m2_5"),
        ("gemini-3-pro-preview", "gemini_3_pro"),
        ("gpt-5.2-codex", None),
        ("claude-opus-4-20250514", None),
        ("claude-opus-4", None),
        ("opus", None),
        ("", None),
    ],
)
def test_a_name_with_a_path_and_a_date_is_known_and_nothing_is_guessed(model: str, backend: str | None) -> None:
    assert backends_of([model], february().market.models, {}).get(model) == backend


def test_what_is_said_comes_first_and_has_to_be_there() -> None:
    market = february().market.models
    assert backends_of(["gpt-5.2", "x"], market, {"x": "glm_5", "gpt-5.2": "kimi_k2_5"}) == {"gpt-5.2": "kimi_k2_5", "x": "glm_5"}
    with pytest.raises(ConfigError, match="--model x=glm_6: is no backend of this market; did you mean 'glm_5'"):
        backends_of(["x"], market, {"x": "glm_6"})


def test_two_backends_of_one_vendor_model_are_not_chosen_between() -> None:
    market = {each: february().market.models["minimax_m2_5"] for each in ("one", "two")}
    assert backends_of(["MiniMax-M2.5"], market, {}) == {}
