"""What differs from a run without settings, and where numbers come from."""

from __future__ import annotations

import sim
from sim.report.html.settings import assumed, between, changed
from sim.scenario.text import plain


def test_what_is_set_is_told_and_nothing_else() -> None:
    loaded = sim.load("workload.tasks=7", "agent.delegated_share=0.3", "market.models.claude_opus_4_6.ttft_s=2")
    found = changed(plain(loaded), {}, loaded.backends).texts.set_index("setting")
    assert set(found.index) == {"workload.tasks", "agent.delegated_share", "market.models.claude_opus_4_6.ttft_s"}
    assert list(found.loc["agent.delegated_share"][["here", "otherwise"]]) == ["0.3", "0.19"]
    assert found.loc["workload.tasks", "meaning"]
    assert changed(plain(sim.load()), {}, ["claude_opus_4_6"]).texts.empty


def test_an_axis_stands_with_all_its_values_and_its_menu_with_none() -> None:
    found = changed(plain(sim.load("agent=solo")), {"agent": ["solo", "team"]}, ["claude_opus_4_6"]).texts
    assert list(found["setting"]) == ["agent"]
    assert list(found["here"]) == ["solo, team"]


def test_a_source_goes_with_its_number_alone() -> None:
    rows = assumed(plain(sim.load()), ["claude_opus_4_6"]).texts.set_index("setting")
    assert rows.loc["Claude Opus 4.6: prices", "mark"] == "S"
    assert rows.loc["agent.delegated_share", "mark"] == "S, A"
    assert list(rows["mark"]) == sorted(rows["mark"], key=lambda mark: ("A", "R", "S", "").index(mark[-1:]))
    loaded = sim.load("agent.delegated_share=0.3", "market.models.claude_opus_4_6.noise_sigma=0.5")
    other = assumed(plain(loaded), ["claude_opus_4_6"]).texts.set_index("setting")
    assert "agent.delegated_share" not in other.index
    assert other.loc["Claude Opus 4.6: noise_sigma", "mark"] == ""
    assert other.loc["Claude Opus 4.6: noise_sigma", "source"] == "set here; the menu has 0.26"


def test_a_long_list_is_cut_and_says_how_long_it_is() -> None:
    table = between({"a": {"values": list(range(30)), "few": [1, 2]}, "b": {"values": [7], "few": [1, 3]}}, ())
    assert table.texts[["setting", "a", "b"]].to_numpy().tolist() == [
        ["values", "[0, 1, 2, ... 30 in all]", "[7]"], ["few", "[1, 2]", "[1, 3]"]
    ]  # fmt: skip
