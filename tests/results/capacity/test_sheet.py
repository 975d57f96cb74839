"""A capacity sheet against counts by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from sim.report.ahead.capacity import page, write
from sim.results.capacity.asked import Asked, together
from sim.results.capacity.sheet import capacity
from sim.settings.capacity.limits import QuotaSettings
from sim.settings.capacity.servers import BackendKind, ServerSettings
from sim.settings.events.event import EventKind, EventSettings
from sim.settings.workload import WorkloadSettings
from tests.worlds import agent, backend, scenario

WORK = WorkloadSettings(tasks=12, interarrival_s=30.0)


def test_windows_and_calls_under_way_by_hand() -> None:
    """Calls at 0, 0.5 and 61 s, of 100, 200 and 400 tokens, the first two until 62 s; two minutes."""
    sizes = np.array([100.0, 200.0, 400.0])
    asked = Asked(
        np.array([0.0, 0.5, 61.0]), np.array([62.0, 62.0, 63.0]), dict.fromkeys(("fresh", "input", "output", "requests"), sizes), 120.0
    )
    assert asked.per_min("fresh", 60.0).tolist() == [300.0, 400.0]
    assert asked.per_min("fresh", 1.0)[[0, 1, 61]].tolist() == [18_000.0, 0.0, 24_000.0], "a second's tokens, as a rate a minute"
    assert len(asked.per_min("fresh", 1.0)) == 120
    assert asked.in_flight().tolist() == [1, 2, 3]
    twice = together([asked, asked])
    assert twice.per_min("fresh", 60.0).tolist() == [600.0, 800.0]
    assert twice.in_flight().tolist() == [1, 2, 3, 4, 5, 6]


def test_a_sheet_of_calls_that_are_all_alike() -> None:
    """A call every 30 s: 2 requests a minute, none of whose tokens are cached, since each task is new."""
    world = scenario(agent(turns=1), backend(), workload=WORK)
    sheet = capacity(world)
    load = sheet.loads["one"][1]
    rows = sim.simulate(world).calls
    fresh = float(rows["input_tokens"].iloc[0])
    assert load.rates["requests"][60.0][1.0][0] == 2.0
    assert load.rates["fresh"][60.0][1.0][0] == 2 * fresh
    assert load.rates["output"][60.0][1.0][0] == 2 * float(rows["output_tokens"].iloc[0])
    assert load.quotas["fresh"][0.001] == pytest.approx(12 * fresh / 6.5, rel=1e-3), "a full bucket, and 5.5 minutes to the last of 12"
    assert sheet.loads["one"][3].rates["requests"][60.0][1.0][0] == 6.0
    assert sheet.as_set is None
    assert sheet.usd_a_day[0] == pytest.approx(rows["cost_usd"].sum() / sheet.days)


def test_limits_that_are_set_are_put_aside_for_demand_and_told_beside_it() -> None:
    world = scenario(agent(turns=1), backend(requests_per_min=1.0, limit_burst_s=60.0), workload=WORK)
    free, tight = capacity(scenario(agent(turns=1), backend(), workload=WORK)), capacity(world)
    assert tight.loads["one"][1].rates == free.loads["one"][1].rates
    assert tight.as_set is not None
    assert tight.as_set.used == {"one.requests_per_min": pytest.approx(free.loads["one"][1].busy_hour["requests"])}
    assert tight.as_set.summary["refused_share"][0] > 0


@pytest.mark.parametrize(
    ("now", "twice"),
    [
        ({"tasks": 12, "interarrival_s": 30.0}, {"tasks": 24, "interarrival_s": 15.0}),
        ({"kind": "users", "users": 3, "session_gap_s": 20.0}, {"kind": "users", "users": 6, "session_gap_s": 20.0}),
    ],
    ids=["tasks that come twice as fast", "twice the users"],
)
def test_more_people_share_the_limits_that_are_set(now: dict[str, Any], twice: dict[str, Any]) -> None:
    """What is told of twice the people is what a run with them says."""
    served = backend(requests_per_min=3.0, limit_burst_s=20.0)
    one, two = (scenario(agent(turns=2), served, workload=WorkloadSettings(**each)) for each in (now, twice))
    sheet = capacity(one, times=(1, 2))
    assert sheet.as_set is not None
    refused = sim.simulate(two).mean("refused_share")
    assert sheet.as_set.more[2]["refused_share"] == pytest.approx(refused)
    assert refused > sheet.as_set.summary["refused_share"][0] > 0
    assert "2x people" in page(sheet).split("As it is set, limits and outages included")[1]


@pytest.mark.parametrize(
    ("served", "events"),
    [
        ({"quotas": {"five": QuotaSettings(window_h=5, requests=3)}}, []),
        ({}, [EventSettings(kind=EventKind.outage, at=100, backend="one", length_h=0.1)]),
    ],
    ids=["a quota", "an outage"],
)
def test_whatever_turns_calls_away_is_put_aside_for_demand_and_told(served: dict[str, Any], events: list[EventSettings]) -> None:
    """A quota over hours and an outage as well as limits a minute: demand is what it is without, and what they cost is said."""
    free = capacity(scenario(agent(turns=1), backend(), workload=WORK))
    found = capacity(scenario(agent(turns=1), backend(**served), workload=WORK, events=events))
    assert found.loads["one"][1].rates == free.loads["one"][1].rates
    assert found.as_set is not None
    assert found.as_set.summary["lost_share"][0] > 0


def test_overload_and_lost_work_come_first() -> None:
    busy = WorkloadSettings(tasks=200, interarrival_s=30.0)
    told = page(capacity(scenario(agent(turns=1), backend(requests_per_min=1.0), workload=busy))).splitlines()
    assert told[0].startswith("As it is set: Work was lost")
    assert any(line.startswith("Overload: in its busiest hour the work asks for 2 times requests_per_min of one") for line in told[:3])
    assert all(len(line) <= 160 for line in told[3:])


def test_json_has_no_nan_and_tables_have_every_number(tmp_path: Path) -> None:
    sheet = capacity(scenario(agent(turns=2), {"a": backend(slots=2), "b": backend()}, workload=WORK))
    assert json.loads(json.dumps(sheet.as_dict(), allow_nan=False))["loads"]["a"]["1x"]["quota_per_minute"]["requests"]
    assert list(sheet.loads) == ["a"], "nobody asks b for anything"
    files = write(sheet, tmp_path)
    assert all((tmp_path / name).exists() for name in files)
    quotas = pd.read_csv(tmp_path / "quotas.csv")
    assert len(quotas) == 3 * 4 * 3
    assert quotas["per_min"].notna().all()


def test_a_recorded_log_stands_beside_itself() -> None:
    sheet = capacity(sim.load("workload=trace", "workload.trace_sessions=2", "backends=[claude_opus_4_6]"))
    one, two = (sheet.loads["claude_opus_4_6"][many].rates["input"][60.0][1.0][0] for many in (1, 2))
    assert two == 2 * one
    assert "the log beside itself" in page(sheet)


def test_a_recorded_log_asks_the_backends_of_its_models(tmp_path: Path) -> None:
    """Its calls were of backends that the sheet did not name, whose limits stood: nothing was asked for, it said."""
    file = tmp_path / "log.csv"
    head = "trace,agent,call_index,t_s,input_tokens,output_tokens,model\n"
    file.write_text(f"{head}s,main,0,0,10000,500,kimi_k2_5\ns,main,1,60,12000,500,minimax_m2_5\n")
    sheet = capacity(sim.load("workload=trace", f"workload.trace={file}"), (1,))
    assert list(sheet.loads) == ["kimi_k2_5", "minimax_m2_5"]
    assert "No call is asked for" not in page(sheet)


def test_what_would_be_a_sample_is_refused() -> None:
    with pytest.raises(sim.ConfigError, match="counts every call of each replication"):
        capacity(sim.load("agent=chat", "precision=0.1"))


@pytest.mark.slow
def test_a_quota_that_was_asked_for_holds_back_about_as_many_as_it_says() -> None:
    """Clients that try again after a 429 stand in no line, so a little more than of a gateway's."""
    words = ("agent=solo", "workload=office", "workload.users=40", "horizon_s=259200", "backends=[claude_sonnet_4_6]", "work=same")
    wanted = capacity(sim.load(*words, "replications=3"), times=(1,)).loads["claude_sonnet_4_6"][1].quotas["fresh"][0.01]
    limit = f"market.models.claude_sonnet_4_6.input_tokens_per_min={wanted:.0f}"
    refused = sim.simulate(sim.load(*words, "replications=3", limit)).mean("refused_share")
    assert 0.001 < refused < 0.03


def test_a_workload_that_asks_for_nothing_is_told() -> None:
    """The first hour of a Monday: nobody is in the office."""
    told = page(capacity(sim.load("agent=chat", "workload=office", "workload.users=2", "horizon_s=3600", "replications=2")))
    assert "No call is asked for: nothing arrives before the end of the run (start, horizon_s, workload.hours)." in told


def test_what_is_paid_by_the_hour_is_in_dollars_a_day_as_it_is_set() -> None:
    """A server for $2 an hour, and tokens that cost nothing: $48 a day; the demand itself is asked of nobody in particular."""
    free = {"input_usd_per_mtok": 0.0, "output_usd_per_mtok": 0.0}
    own = backend(kind=BackendKind.self_hosted, servers=ServerSettings(usd_per_h=2.0), **free)
    sheet = capacity(scenario(agent(turns=1), own, workload=WORK, replications=2))
    assert sheet.as_set is not None
    assert sheet.as_set.summary["usd_a_day"][0] == pytest.approx(48.0)
    assert sheet.usd_a_day[0] == 0.0
    assert "hours of own servers and of reserved units are in what it comes to as it is set" in page(sheet)


def test_dollars_a_day_are_never_below_nothing() -> None:
    """Two replications of one task, of which one is four times the other: t is 12.7."""
    world = scenario(
        agent(turns={"dist": "geometric", "mean": 4}), backend(), workload=WorkloadSettings(tasks=1, interarrival_s=30.0), replications=2
    )
    mean, low, high = capacity(world, times=(1,)).usd_a_day
    assert (low, high > 2 * mean) == (0.0, True)


@pytest.mark.parametrize("times", [(), (0,), (-1,), (1.5,), 2, None])
def test_how_many_times_the_people_are_whole_numbers(times: Any) -> None:
    with pytest.raises(sim.ConfigError, match=r"^times"):
        capacity(scenario(agent(), backend()), times)
