"""Teams that share backends: what each got, counted anew from the rows; who starves, by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

import sim
from sim.meter.tally import Tally
from sim.results.capacity.sheet import capacity
from sim.results.teams.metrics import evenness, jain
from sim.settings.capacity.limits import QuotaSettings
from sim.settings.run import RetrySettings
from sim.settings.workload import TeamSettings, WorkloadSettings
from tests.worlds import agent, backend, run, scenario

ONCE = RetrySettings(attempts=1)


def people(teams: dict[str, TeamSettings], **changes: Any) -> WorkloadSettings:
    users = sum(team.users for team in teams.values())
    plain: dict[str, Any] = {"kind": "users", "users": users, "tasks_per_user": 1, "teams": teams}
    return WorkloadSettings(**(plain | changes))


def test_jains_index_by_hand() -> None:
    assert jain([0.5, 0.5, 0.5]) == pytest.approx(1)
    assert jain([1.0, 0.0, 0.0, 0.0]) == pytest.approx(1 / 4)
    assert jain([1.0, 2.0, 3.0]) == pytest.approx(36 / (3 * 14))
    assert math.isnan(jain([0.0, 0.0]))
    assert math.isnan(evenness(Tally.empty(1), 2))


def test_a_team_that_asks_ten_times_as_often_leaves_the_other_little_unless_each_has_its_own() -> None:
    """Ten requests a day, each a session of its own: nine users of one team and one of another. In one bucket the first ten pass, whoever
    they are; with a tenth of it for the one, each passes once in its own."""
    teams = {"many": TeamSettings(users=9), "one": TeamSettings(users=1)}
    day = {"quotas": {"day": QuotaSettings(requests=10)}}
    work = people(teams, tasks_per_user=3, session_gap_s=100.0)
    shared = run(agent(turns=1), backend(**day), workload=work, retry=ONCE)
    assert [shared.mean(f"team_given_up_share.{name}") for name in teams] == pytest.approx([18 / 27, 2 / 3])
    own = {"many": TeamSettings(users=9, limit_share=0.9), "one": TeamSettings(users=1, limit_share=0.3)}
    found = run(agent(turns=1), backend(**day), workload=people(own, tasks_per_user=3, session_gap_s=100.0), retry=ONCE)
    assert [found.mean(f"team_given_up_share.{name}") for name in own] == pytest.approx([18 / 27, 0])


def test_what_a_team_got_is_what_its_rows_say() -> None:
    """Users 0 and 1 are of one team, 2 to 4 of another: refusals, waits, tokens and service by the number of the task, calls given up
    until their last attempt."""
    teams = {"a": TeamSettings(users=2), "b": TeamSettings(users=3, times=3.0)}
    gap: Any = {"dist": "exponential", "mean": 20.0}
    work = people(teams, tasks_per_user=6, session_gap_s=gap)
    served = backend(slots=1, requests_per_min=30.0, limit_burst_s=4.0, error_rate=0.2)
    found = run(agent(turns=3, tool_time_s=gap), served, workload=work, retry=RetrySettings(attempts=3))
    rows = found.calls.assign(tokens=found.calls["input_tokens"] + found.calls["output_tokens"], team=found.calls["task"] % 5 >= 2)
    shares = []
    for name, mine in zip(teams, (rows[~rows["team"]], rows[rows["team"]]), strict=True):
        answered = mine[mine["status"] == "ok"]
        served_s = float((answered["t_end_s"] - answered["t_start_s"]).sum())
        ended = mine.groupby(["task", "turn"]).last()
        until_s = ended["t_start_s"].where(ended["status"] == "ok", ended["t_end_s"])
        waited_s = float((until_s - mine.groupby(["task", "turn"])["t_request_s"].first()).sum())
        refused = mine[mine["status"] == "rate_limited"].groupby(["task", "turn"]).ngroups
        shares.append(served_s / (served_s + waited_s))
        expected = {
            "served_share": shares[-1], "wait_s": waited_s / len(ended), "refused_share": refused / len(ended),
            "given_up_share": (ended["status"] != "ok").mean(), "token_share": mine["tokens"].sum() / rows["tokens"].sum(),
        }  # fmt: skip
        for metric, value in expected.items():
            assert found.mean(f"team_{metric}.{name}") == pytest.approx(float(value), rel=1e-9), metric
            assert value > 0
    assert found.mean("jain_index.teams") == pytest.approx(jain(shares))
    assert "Jain's index" in found.notes["teams"]


def test_who_asks_more_often_has_shorter_gaps() -> None:
    teams = {"usual": TeamSettings(users=1), "eager": TeamSettings(users=1, times=4.0)}
    tasks = run(agent(turns=1), backend(), workload=people(teams, session_gap_s=100.0, tasks_per_user=3)).tasks
    assert tasks.loc[tasks["user"] == 0, "t_arrive_s"].tolist() == [100, 201, 302]
    assert tasks.loc[tasks["user"] == 1, "t_arrive_s"].tolist() == [25, 51, 77]


def test_names_alone_change_nothing_and_shards_add_up() -> None:
    gap: Any = {"dist": "exponential", "mean": 20.0}
    teams = {"a": TeamSettings(users=2), "b": TeamSettings(users=4)}
    named, plain = (
        scenario(agent(turns=3, tool_time_s=gap), backend(), workload=people(each, users=6, tasks_per_user=2, session_gap_s=gap))
        for each in (teams, {})
    )
    one = sim.simulate(named)
    assert one.digest == sim.simulate(plain).digest
    parts = sim.simulate(sim.replaced(named, {"shards": 3}))
    for metric in ("team_token_share.a", "team_served_share.b", "jain_index.teams"):
        assert parts.mean(metric) == pytest.approx(one.mean(metric), rel=1e-12)


def test_a_sheet_of_twice_the_people_has_twice_those_of_each_team() -> None:
    teams = {"a": TeamSettings(users=1), "b": TeamSettings(users=2, limit_share=0.5)}
    sheet = capacity(scenario(agent(turns=1), backend(requests_per_min=1.0), workload=people(teams, session_gap_s=60.0)), times=(1, 2))
    assert sheet.as_set is not None
    assert set(sheet.as_set.more) == {2}


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (WorkloadSettings(teams={"a": TeamSettings(users=1)}), "workload.teams: needs workload=users, not open"),
        (people({"a": TeamSettings(users=2)}, users=3), r"workload.teams: have 2 users together, and workload.users=3"),
    ],
)
def test_teams_are_of_users(work: WorkloadSettings, said: str) -> None:
    with pytest.raises(sim.ConfigError, match=said):
        scenario(agent(), backend(), workload=work)
