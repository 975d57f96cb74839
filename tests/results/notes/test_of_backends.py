"""What of a backend is set anew and changes nothing is told, with what it needs; what a market ships with is not."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.results.notes.of_backends import kept_prices, same_work, unasked

OPUS = "market.models.claude_opus_4_6"
TOLD = [
    ("web_search_usd_per_1k=3", "web_search_usd_per_1k (needs web_searches_per_call)"),
    ("batch_latency_s=3", "batch_latency_s (needs batch=true)"),
    ("cache_write_1h_usd_per_mtok=3", "cache_write_1h_usd_per_mtok (needs cache_ttl_s of an hour, or cache_1h_tokens)"),
    ("cache_1h_tokens=500", "cache_1h_tokens (is below cache_min_tokens, so too short to be kept by itself)"),
    ("limit_burst_s=3", "limit_burst_s (there is no limit)"),
    ("connection_idle_s=3", "connection_idle_s (needs handshake_s)"),
    ("reserved.usd_per_h=3", "reserved.usd_per_h (needs reserved.units)"),
    ("qualities.vendor.solved=0.1", "qualities.vendor.solved (outcome.quality_source=openhands is what counts)"),
    ("works.openhands.turn_multiplier=3", "works.openhands.turn_multiplier (work.harness=mini_v2 is what counts)"),
]
AS_SHIPPED = [
    "",
    "agent=chat",
    "market=nov_2026",
    "backends=[gemini_3_pro,minimax_m2_5]",
    "batch=true",
    "place=cn",
    f"{OPUS}.cache_ttl_s=3600",
]


@pytest.mark.parametrize(("setting", "told"), TOLD)
def test_what_is_set_of_a_backend_and_not_asked_for_is_told(setting: str, told: str) -> None:
    assert list(unasked(sim.load(f"{OPUS}.{setting}"))) == [f"{OPUS}.{told}"]


@pytest.mark.parametrize("words", AS_SHIPPED)
def test_what_ships_is_not_told(words: str) -> None:
    scenario = sim.load(*words.split())
    assert (list(unasked(scenario)), kept_prices(scenario), same_work(scenario)) == ([], "", "")


def test_what_is_asked_for_is_not_told() -> None:
    asked = [f"{OPUS}.web_search_usd_per_1k=3", "web_searches_per_call=2", f"{OPUS}.requests_per_min=5", f"{OPUS}.limit_burst_s=3"]
    assert not list(unasked(sim.load(*asked)))
    assert not list(unasked(sim.load(f"{OPUS}.batch_latency_s=3", "batch=true")))


def test_searches_that_cost_nothing_are_told() -> None:
    assert list(unasked(sim.load("web_searches_per_call=2", "backends=[glm_5]"))) == [
        "web_searches_per_call (market.models.glm_5.web_search_usd_per_1k=0)"
    ]


def test_a_group_of_settings_that_nothing_asks_for_is_told_once() -> None:
    assert list(unasked(sim.load("+reserved=gpt_5_2", "backends=[gpt_5_2]"))) == ["market.models.gpt_5_2.reserved (needs reserved.units)"]


def test_a_price_of_input_says_which_prices_of_input_stay() -> None:
    told = kept_prices(sim.load(f"{OPUS}.input_usd_per_mtok=2.5"))
    assert "cache_read_usd_per_mtok=0.5 and cache_write_usd_per_mtok=6.25 stay," in told
    prices = [f"{OPUS}.{kind}_usd_per_mtok=1" for kind in ("input", "cache_read", "cache_write")]
    assert not kept_prices(sim.load(*prices))


@pytest.mark.parametrize(
    ("words", "told"), [("work=same", True), ("work.harness=openhands", True), ("work.harness=openhands backends=[glm_5]", False)]
)
def test_work_that_is_the_same_by_all_bills_is_told(words: str, told: bool) -> None:
    assert ("changes nothing of Claude Opus 4.6" in same_work(sim.load(*words.split()))) is told


def test_of_a_backend_that_does_not_ship_what_it_is_itself_tells_what_it_asks_for(tmp_path: Path) -> None:
    """Its prices of the cache, where it has none; what hangs on the run, such as its speed in a batch, somebody had to give it."""
    (tmp_path / "backend").mkdir()
    own = "{input_usd_per_mtok: 1, output_usd_per_mtok: 4, cache: none, cache_read_usd_per_mtok: 0.1, cache_ttl_s: 60, ttft_s: 3}"
    (tmp_path / "backend" / "mine.yaml").write_text(f"# @package market.models\nmine: {own}\n")

    def said(*words: str) -> list[str]:
        return list(unasked(sim.load("+backend=mine", "backends=[mine]", *words, config_dir=tmp_path)))

    assert said() == ["market.models.mine.cache_read_usd_per_mtok, cache_ttl_s (that backend keeps no prompts: cache=none)"]
    assert said("market.models.mine.cache=automatic") == said("market.models.mine.cache=explicit", "batch=true") == []


def test_a_price_of_input_in_a_tier_says_which_prices_of_input_stay() -> None:
    tier = "{above_tokens: 0, input_usd_per_mtok: 9, cache_read_usd_per_mtok: 1}"
    told = f"{OPUS}.tiers[0].input_usd_per_mtok=9 is the price of fresh input alone: cache_write_usd_per_mtok=6.25 stays, and agents send "
    assert kept_prices(sim.load(f"{OPUS}.tiers=[{tier}]")) == told + "most of their input at that."
    assert kept_prices(sim.load()) == ""
