"""The settings that ship say where their numbers come from; that every choice runs is for `tests/test_menus.py`."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import sim
from sim.scenario.load import CONF


def menu(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def small(*overrides: str) -> sim.Result:
    return sim.simulate(sim.load(*overrides, "replications=1"))


@pytest.mark.slow
def test_the_vendors_gap_and_the_measured_one_are_scenarios() -> None:
    for outcome, gap in (("same_harness", 0.042), ("mini_v2", -0.002), ("vendor_gap", 0.006)):
        opus, m2_5 = sim.load(f"outcome={outcome}", "backends=[claude_opus_4_6,minimax_m2_5]").chosen().values()
        assert opus.quality is not None
        assert m2_5.quality is not None
        assert opus.quality - m2_5.quality == pytest.approx(gap)


@pytest.mark.slow
@pytest.mark.parametrize("market", menu("market"))
def test_every_backend_of_every_market_serves_and_has_a_source(market: str) -> None:
    models = sim.load(f"market={market}", f"backends=[{first_of(market)}]").market.models
    for name, model in models.items():
        assert model.source
        assert model.as_of
        assert model.label
        assert model.origin in ("us", "cn", "fr"), name
        assert small(f"market={market}", f"backends=[{name}]", "agent=solo", "workload.tasks=1").mean("tasks") == 1


def first_of(market: str) -> str:
    return menu(f"backend/{market}")[0]


@pytest.mark.slow
def test_the_article_has_its_models_and_their_peers() -> None:
    named = {"claude_opus_4_6", "claude_sonnet_4_6", "gpt_5_2", "gemini_3_pro", "minimax_m2_5", "kimi_k2_5", "glm_5", "deepseek_v3_2"}
    assert named <= set(menu("backend/feb_2026"))
    models = sim.load().market.models
    ratio = models["claude_opus_4_6"].input_usd_per_mtok / models["minimax_m2_5"].input_usd_per_mtok
    assert ratio == pytest.approx(16.7, abs=0.05)


def backends() -> list[Path]:
    return sorted((CONF / "backend").glob("*/*.yaml"))


@pytest.mark.parametrize("path", backends(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_number_of_a_backend_says_whether_it_was_seen_reported_or_assumed(path: Path) -> None:
    lines = path.read_text().splitlines()
    priced = "usd_per_mtok"
    for key, value in yaml.safe_load(path.read_text()).items():
        if isinstance(value, (int, float)) and priced not in key:
            line = next(line for line in lines if line.startswith(f"{key}:"))
            assert any(mark in line for mark in ("# S:", "# R:", "# A:")), line
