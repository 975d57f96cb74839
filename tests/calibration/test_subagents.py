"""Sub-agents as recorded: who was sent out together, and what ours come to beside them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from calibration.sessions import delegated_share, read_calls, spawns, turns_per_wave
from calibration.subagents import LONG_CALLS, beside_one_agent, recorded, simulated
from sim.sampling.distributions import distribution
from sim.scenario.load import CONF
from tests.calibration.test_profiles import DATA
from tests.calibration.test_profiles import recorded as where_kept


def test_sub_agents_that_were_waited_for_are_listed_by_their_end(tmp_path: Path) -> None:
    """Three sent out at 53 s, one at 500 s; two in the background, a second apart at most, and one 35 s later."""
    ended = [("a", 137.0, 84.0), ("a", 143.8, 90.8), ("a", 149.5, 96.5), ("a", 600.0, 100.0)]
    begun = [("b", 8783.3, None), ("b", 8783.4, None), ("b", 8818.2, None)]
    table = pd.DataFrame([*ended, *begun], columns=["trace", "start_s", "duration_s"]).assign(agent="x")
    table.to_csv(tmp_path / "claude_code_subagents.csv")
    found = spawns(tmp_path)
    assert found["agents"].tolist() == [3, 1, 2, 1]
    assert found["start_s"].round().tolist() == [53, 500, 8783, 8818]


@where_kept
def test_a_lead_goes_on_after_the_last_of_those_it_sent_out_together() -> None:
    """So it is their end that is listed: before its next call, and after the one that sent them."""
    calls = read_calls(DATA)
    lead = calls[(calls["trace"] == "trace_0254") & (calls["depth"] == 0)].sort_values("call_index")["t_s"]
    listed = pd.read_csv(DATA / "claude_code_subagents.csv").query("trace == 'trace_0254'")["start_s"].head(3)
    assert lead.iloc[1] < listed.min() < listed.max() < lead.iloc[2]


@where_kept
def test_the_team_that_ships_hands_out_work_as_recorded_sessions_do() -> None:
    team = yaml.safe_load((CONF / "agent" / "team.yaml").read_text())
    found, calls = spawns(DATA), read_calls(DATA)
    sizes = found["agents"].value_counts()
    assert dict(zip(team["fanout"]["parts"], team["fanout"]["weights"], strict=True)) == sizes.to_dict()
    assert team["turns_per_wave"] == round(turns_per_wave(calls, found))
    assert distribution(team["fanout"]).mean == pytest.approx(39 / 23)
    assert team["delegated_share"] == pytest.approx(delegated_share(calls), abs=0.005)


@pytest.mark.slow
@where_kept
def test_our_sub_agents_do_what_recorded_ones_did() -> None:
    """Within 10 %; their seconds too, which nothing was fitted to but the waits between their calls."""
    theirs, ours = recorded(read_calls(DATA), DATA), simulated(2000)
    assert {name: ours[name] / value for name, value in theirs.items()} == pytest.approx(dict.fromkeys(theirs, 1.0), abs=0.10)
    assert ours["median_s"] == pytest.approx(120, rel=0.20)


@pytest.mark.slow
def test_teams_cost_what_was_measured_of_others_and_take_less_time() -> None:
    """0.8 to 1.5 times the dollars and less time, for teams as recorded, of 2 and of 4."""
    found = beside_one_agent("claude_opus_4_6", 400).set_index(["team", "sessions"])
    for within in [(team, "all") for team in ("team", "team_2", "team_4", "swe_team_2", "swe_team_4")]:
        assert 0.8 < found.loc[within, "cost_usd"] < 1.5, within
        assert found.loc[within, "elapsed_s"] < 1, within
    assert found.loc[("team", f"at least {LONG_CALLS} calls alone"), "calls"] == pytest.approx(1, abs=0.1), "one for one, as is assumed"
    assert found.loc[("swe_team_4", "all"), "elapsed_s"] < found.loc[("swe_team_2", "all"), "elapsed_s"]
