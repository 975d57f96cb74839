"""Sessions that were held out: an error planted in any figure fails its row, and the record by hand is the record replayed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from sim.scenario.load import CONF
from sim.validate.recorded import FAR_TOKENS, Seen, by_replay, compared, distance, reckoned

PROMPTS = [1000 * size for size in range(1, 191)]
SEEN = Seen({"5 minutes": 0.88, "an hour": 0.95, "no expiry": 0.955}, 0.197, 8.42, PROMPTS, list(range(1, 101)))
HELD = "held-out sessions"


def failed(record: Seen = SEEN, replay: Seen = SEEN, ours: Seen = SEEN) -> set[str]:
    return {row.name for row in compared(record, replay, ours) if row.verdict == "fail"}


def hits(name: str, off: float) -> dict[str, Any]:
    return {"hits": SEEN.hits | {name: SEEN.hits[name] + off}}


def longer(tokens: int) -> dict[str, Any]:
    """Prompts up to 140,000 tokens are so much longer."""
    return {"prompts": [size + tokens if size <= 140_000 else size for size in PROMPTS]}


def far(more: int) -> dict[str, Any]:
    """So many of 190 calls are a little longer, just above the threshold."""
    below = [size for size in PROMPTS if size <= FAR_TOKENS]
    return {"prompts": [size + 1000 * more if size in below[-more:] else size for size in PROMPTS]}


PLANTED = {
    "hit rate, 5 minutes": (hits("5 minutes", 0.01), hits("5 minutes", 0.02)),
    "hit rate, an hour": (hits("an hour", -0.01), hits("an hour", -0.02)),
    "hit rate, no expiry": (hits("no expiry", 0.01), hits("no expiry", 0.02)),
    f"share of calls above {FAR_TOKENS:,} tokens": (far(5), far(7)),
    "KS of input a call": (longer(18_000), longer(25_000)),
    "KS of calls a session": ({"lengths": list(range(11, 111))}, {"lengths": list(range(17, 117))}),
    "simulated: USD a call": ({"usd_a_call": 0.197 * 1.08}, {"usd_a_call": 0.197 * 1.12}),
    "simulated: USD a busy hour": ({"usd_an_hour": 8.42 * 0.92}, {"usd_an_hour": 8.42 * 0.88}),
}


@pytest.mark.parametrize("row", PLANTED)
def test_an_error_planted_in_the_simulation_fails_its_row_and_no_other(row: str) -> None:
    small, large = (SEEN._replace(**change) for change in PLANTED[row])
    assert failed(ours=small) == set()
    assert failed(ours=large) == {f"{HELD}, {row}" if row.startswith("simulated") else f"{HELD}: {row}"}


@pytest.mark.parametrize("name", ["usd_a_call", "usd_an_hour"])
def test_an_error_planted_in_the_replay_fails_its_row(name: str) -> None:
    words = {"usd_a_call": "USD a call", "usd_an_hour": "USD a busy hour"}
    off = {factor: failed(replay=SEEN._replace(**{name: getattr(SEEN, name) * factor})) for factor in (0.92, 1.08, 0.88, 1.12)}
    assert off == {0.92: set(), 1.08: set(), 0.88: {f"{HELD}, replayed: {words[name]}"}, 1.12: {f"{HELD}, replayed: {words[name]}"}}


def test_the_distance_is_that_of_kolmogorov_and_smirnov() -> None:
    draws = np.random.default_rng(1)
    for _ in range(5):
        one, other = draws.integers(0, 50, 40).tolist(), draws.integers(5, 60, 70).tolist()
        assert distance(one, other) == pytest.approx(ks_2samp(one, other).statistic)


@pytest.fixture(scope="module")
def excerpt() -> pd.DataFrame:
    table = pd.read_csv(CONF / "trace" / "excerpt.csv")
    return table[table["agent"] == "main"].sort_values(["trace", "call_index"])


@pytest.mark.slow
def test_the_record_by_hand_is_the_record_replayed(excerpt: pd.DataFrame) -> None:
    by_hand, replay = reckoned(excerpt), by_replay(excerpt)
    assert replay.usd_a_call == pytest.approx(by_hand.usd_a_call, rel=0.03)
    assert replay.hits["5 minutes"] == pytest.approx(by_hand.hits["5 minutes"], abs=0.01)
    assert sorted(replay.prompts) == sorted(by_hand.prompts)
    assert sorted(replay.lengths) == sorted(by_hand.lengths)


@pytest.mark.slow
def test_a_replay_of_longer_waits_is_caught(excerpt: pd.DataFrame) -> None:
    """A fault upstream of the numbers: the simulator is given waits that outlive the cache."""
    slow = by_replay(excerpt.assign(think_time_s=excerpt["think_time_s"].clip(lower=400)))
    rows = failed(record=reckoned(excerpt), replay=slow, ours=reckoned(excerpt))
    assert f"{HELD}, replayed: USD a call" in rows
