"""What-ifs are read word by word: settings, and what is short for them."""

from __future__ import annotations

from typing import Any

import pytest

from sim import ConfigError
from sim.sweeps.what_if.question import FlatRate, Question, asked, words

BACKENDS, MODELS = ["claude_opus_4_6", "kimi_k2_5"], ["claude-opus-4-6", "my.model"]


def read(text: str) -> Question:
    return asked(text, BACKENDS, MODELS)._replace(text="")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kimi_k2_5", {"moves": (("*", "kimi_k2_5"),)}),
        ("backends=[kimi_k2_5]", {"moves": (("*", "kimi_k2_5"),)}),
        ("sub_agents=kimi_k2_5 my.model=claude_opus_4_6", {"moves": (("sub_agents", "kimi_k2_5"), ("my.model", "claude_opus_4_6"))}),
        ("cache=1h compact=60k", {"cache_s": 3600.0, "compact_tokens": 60_000}),
        ("compact=1.5M batch fanout=half", {"compact_tokens": 1_500_000, "fanout": "half", "batch": True}),
        ("fanout=4", {"fanout": "4"}),
        ("agent.fanout={dist: poisson, mean: 3, low: 1}", {"fanout": "{dist: poisson, mean: 3, low: 1}"}),
        ("sessions=3x", {"sessions": 3}),
        ("flat=200/month,50/week,10/5h", {"flat": FlatRate(200.0, ((5.0, 10.0), (168.0, 50.0)))}),
        ("batch=true retry.attempts=2", {"settings": ("batch=true", "retry.attempts=2")}),
    ],
)
def test_it_means(text: str, expected: dict[str, Any]) -> None:
    assert read(text) == Question("")._replace(**expected)


def test_words_end_at_blanks_outside_of_brackets_and_quotes() -> None:
    assert words("a={x: 1, y: [2, 3]}  b='c d' e") == ["a={x: 1, y: [2, 3]}", "b='c d'", "e"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("kimi", "--what-if kimi: is no backend of this market and no setting; did you mean 'kimi_k2_5'?"),
        ("lead=kimi", "--what-if lead=kimi: is no backend of this market; did you mean 'kimi_k2_5'?"),
        ("cache=2h", "must be 5m or 1h"),
        ("cahce=1h", "--what-if cahce=1h: 'cahce' is no setting; did you mean 'cache'?"),
        ("compact=60kb", "must be a number of tokens from 1k, e.g. 60k"),
        ("compact=0.5k", "must be a number of tokens from 1k"),
        ("fanout=most", "must be half, a number or a distribution"),
        ("fanout={dist: unifrom}", "did you mean 'uniform'?"),
        ("fanout={dist: ", "must be half, a number or a distribution"),
        ("fanout=0", "must be a whole number from 1"),
        ("fanout=2.5", "must be a whole number from 1"),
        ("fanout={dist: uniform, low: 0, high: 2}", "must be a whole number from 1, or a distribution of such"),
        ("fanout=true", "must be half, a number or a distribution"),
        ("sessions=2", "must be 2x, 3x"),
        ("sessions=1x", "must be 2x, 3x"),
        ("flat=10/5h", "needs its price"),
        ("flat=200/month", "needs its price (USD/month) and what it allows"),
        ("flat=200/month,ten/5h", "'ten/5h' must be USD/month, USD/5h"),
        ("flat=200/month,0/5h", "'0/5h' must be USD/month"),
        ("  ", "says nothing"),
        ("claude_opus_4_6 kimi_k2_5", "--what-if claude_opus_4_6 kimi_k2_5: says every call's backend twice; ask once for each"),
        ("cache=1h cache=5m", "says cache twice; ask once for each"),
    ],
)
def test_a_mistake_says_what_would_be_right(text: str, line: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(text)
    assert line in str(error.value)


def test_a_model_that_the_log_has_not_is_told_with_those_that_it_has() -> None:
    with pytest.raises(ConfigError, match="--what-if haiku=kimi_k2_5: the log has no model 'haiku'; it has claude-opus-4-6"):
        asked("haiku=kimi_k2_5", ["kimi_k2_5"], ["claude-opus-4-6"])
