"""An idle day: what was reported of it comes out, and what a cache's lifetime does by hand."""

from __future__ import annotations

import pytest

from experiments.always_on import OPUS, REPORTED_TOKENS, REPORTED_USD, REQUEST_TOKENS, day


@pytest.mark.slow
def test_an_idle_day_on_opus_costs_what_was_reported() -> None:
    """Sessions that never begin anew are fitted to nothing: tokens a request and dollars a day lie where people said."""
    cached, bare = (day(OPUS, "never", changes=changes) for changes in ({}, {"cache": "none"}))
    low, high = REPORTED_TOKENS
    assert low <= cached["tokens"] <= high
    for found in (cached, bare):
        assert REPORTED_USD[0] <= found["usd"] <= REPORTED_USD[1]
    assert day(OPUS)["tokens"] == pytest.approx(REQUEST_TOKENS, rel=0.3)
    assert bare["usd"] == pytest.approx(bare["calls"] * bare["tokens"] * 5e-6, rel=0.1), "all of it fresh input at $5, and some output"


@pytest.mark.slow
def test_an_hours_cache_is_lost_on_who_wakes_every_hour() -> None:
    """55 minutes: read at a tenth of the price; 60 minutes: written again at twice the price, and the second call reads it."""
    late, early = (day(OPUS, beat_s=beat_s, changes={"cache_ttl_s": 3600.0}) for beat_s in (3600, 3300))
    assert late["usd"] > 4 * early["usd"]
    assert late["tokens"] == pytest.approx(early["tokens"], rel=0.1)
