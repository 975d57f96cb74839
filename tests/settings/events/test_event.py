"""Events: a second before and after by hand, every way of running the same bits, and a line for each that cannot be."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from sim.engine.world import World
from sim.report.plots.timeline import tokens_over_time
from sim.scenario.coupling import may_look_ahead, unsolved
from sim.scenario.load import load_run
from sim.scenario.shards import Shard
from sim.settings.events.event import PRICES, EventSettings, marks
from sim.settings.market import PriceTier, PriceWindow
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import RetrySettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from tests.recipes.ways import assert_declared_truly
from tests.worlds import agent, backend, loop, run, scenario, team

CALL_USD = 2300e-6
"""2,000 tokens of prompt and 300 of output at $1 a million, of `one_call`."""
DAY_H = 24.0


def one_call(**changes: Any) -> Any:
    return agent(turns=1, **changes)


def event(kind: str, at: Any, name: str = "one", **changes: Any) -> EventSettings:
    return EventSettings(kind=kind, at=at, backend=name, **changes)  # type: ignore[arg-type]


def dollars(*events: EventSettings, every_s: float = 10.0, tasks: int = 3, **changes: Any) -> list[float]:
    """Bills of calls at seconds 10, 20, 30, over that of a call by the list."""
    result = run(one_call(), changes.pop("served", backend()), tasks=tasks, every_s=every_s, events=list(events), **changes)
    calls = result.calls.sort_values("t_request_s")
    return [round(usd / CALL_USD, 9) for usd in calls["cost_usd"]]


@pytest.mark.parametrize(
    ("at", "expected"), [(19, [1, 3, 3]), (20, [1, 3, 3]), (21, [1, 1, 3]), ("2026-02-16T00:00:21Z", [1, 1, 3]), (0, [3, 3, 3])]
)
def test_a_call_is_billed_by_the_list_of_the_second_at_which_it_is_asked_for(at: Any, expected: list[float]) -> None:
    assert dollars(event("price", at, factor=3)) == expected


def test_a_date_is_one_of_its_zone() -> None:
    """Eight in the morning in Beijing is midnight of UTC."""
    assert dollars(event("price", "2026-02-16T08:00:21+08:00", factor=3)) == [1, 1, 3]
    assert dollars(event("price", "2026-02-15T08:00:00+08:00", factor=3)) == [3, 3, 3], "a day before the run, so in force"


def test_a_promotion_ends_with_a_cliff() -> None:
    """Free from second 15 for 10 seconds: the call of second 20 alone."""
    assert dollars(event("free", 15, length_h=10 / 3600)) == [1, 0, 1]
    assert dollars(event("free", 10, length_h=10 / 3600)) == [0, 1, 1], "from its first second on, and its last is not in it"


def test_changes_for_good_follow_one_another_and_a_limited_one_goes_back_to_the_list_in_force() -> None:
    halves = [event("price", 15, factor=0.5), event("price", 25, factor=0.5, length_h=10 / 3600), event("price", 35, factor=0.5)]
    assert dollars(*halves, tasks=4) == [1, 0.5, 0.25, 0.25]
    assert dollars(*halves[:2], tasks=4) == [1, 0.5, 0.25, 0.5]


def test_single_prices_change_alone_and_tiers_follow_in_their_ratio() -> None:
    tiered = backend(tiers=[PriceTier(above_tokens=1000, input_usd_per_mtok=4.0)], cache="none")
    change = event("price", 15, prices={"input_usd_per_mtok": 3.0})
    before, after = (2000 * 4 + 300) / 2300, (2000 * 12 + 300) / 2300
    assert dollars(change, served=tiered, tasks=2) == pytest.approx([before, after])
    assert dollars(event("price", 15, prices={"output_usd_per_mtok": 0.0}), tasks=2) == pytest.approx([1, 2000 / 2300])
    assert dollars(event("price", 15, prices={"request_usd": CALL_USD}), tasks=2) == pytest.approx([1, 2])


def test_windows_of_the_day_and_the_routers_fee_hold_in_every_list() -> None:
    night = backend(windows=[PriceWindow(from_h=0, until_h=1, multiplier=0.5)])
    fee = RouterSettings(fee=0.1)
    assert dollars(event("price", 15, factor=3), served=night, tasks=2, router=fee) == pytest.approx([0.55, 1.65])


@pytest.mark.parametrize("name", PRICES)
def test_every_price_may_change(name: str) -> None:
    world = scenario(one_call(), backend(), events=[event("price", 5, prices={name: 2.0})])
    assert getattr(world.events[0].on(world.market.models["one"]), name) == 2.0


TWO = {"one": backend(input_usd_per_mtok=5.0), "two": backend()}


def takers(*events: EventSettings, served: Any = None, router: RouterSettings | None = None, **changes: Any) -> list[str]:
    """Backends of the calls at seconds 10, 20, 30."""
    settings = router or RouterSettings(policy=Policy.cheapest)
    result = run(one_call(), served or TWO, tasks=3, every_s=10.0, router=settings, events=list(events), **changes)
    return list(result.calls.sort_values("t_request_s")["backend"])


@pytest.mark.parametrize(("at", "expected"), [(19, ["one", "two", "two"]), (20, ["one", "two", "two"]), (21, ["one", "one", "two"])])
def test_before_its_launch_no_router_picks_a_backend(at: float, expected: list[str]) -> None:
    assert takers(event("launch", at, "two")) == expected


@pytest.mark.parametrize(("at", "expected"), [(19, ["two", "one", "one"]), (20, ["two", "one", "one"]), (21, ["two", "two", "one"])])
def test_after_its_retirement_none_does_either(at: float, expected: list[str]) -> None:
    assert takers(event("retirement", at, "two")) == expected


def test_routers_follow_a_price_at_its_second() -> None:
    assert takers(event("price", 25, "one", factor=0.1)) == ["two", "two", "one"]
    assert takers(event("free", 15, "one", length_h=10 / 3600)) == ["two", "one", "two"]


def test_a_router_at_the_very_second_of_a_change() -> None:
    """The calls of seconds 20 and 30 meet the list that begins with them, and what it costs is by the same list."""
    change = [event("price", 20, "one", factor=0.1)]
    calls = run(one_call(), TWO, tasks=3, every_s=10.0, router=RouterSettings(policy=Policy.cheapest), events=change).calls
    assert list(calls["backend"]) == ["two", "one", "one"]
    assert calls["cost_usd"].iloc[1] == pytest.approx((2000 * 0.5 + 300 * 0.1) / 1e6)


EVERY = [policy for policy in Policy if policy not in (Policy.recorded, Policy.custom)]


@pytest.mark.parametrize("policy", EVERY, ids=lambda policy: policy.value)
@pytest.mark.parametrize("per", list(ChoosePer), ids=lambda per: per.value)
def test_no_policy_takes_who_is_not_there(policy: Policy, per: ChoosePer) -> None:
    """Three backends: one is there from the start, one comes, one goes; long tasks meet all moments."""
    if policy in (Policy.thompson, Policy.ucb) and per is not ChoosePer.task:
        pytest.skip("they are told of tasks")
    served = {name: backend(quality=0.5) for name in ("gone", "stays", "new")}
    router = RouterSettings(policy=policy, per=per, roles={"chat": "stays"})
    result = run(
        agent(turns=8), served, tasks=30, every_s=2.0, router=router, events=[event("retirement", 21, "gone"), event("launch", 35, "new")]
    )
    calls = result.calls
    assert len(calls) == 240
    assert calls[calls["backend"] == "gone"]["t_request_s"].max() < 21 or "gone" not in set(calls["backend"])
    assert not (calls[calls["backend"] == "new"]["t_request_s"] < 35).any()
    assert (calls["t_request_s"] > 40).any()


def test_an_agent_goes_on_elsewhere_without_its_cache() -> None:
    """Turns at 0, 1, ... 9 s; the one of second 5 finds nothing in the new cache: its whole prompt is written."""
    served = {"old": backend(), "new": backend(input_usd_per_mtok=2.0)}
    router = RouterSettings(policy=Policy.cheapest)
    calls = run(agent(), served, router=router, events=[event("retirement", 4.5, "old")]).calls.set_index("turn")
    assert list(calls["backend"]) == ["old"] * 5 + ["new"] * 5
    assert list(calls.loc[[4, 5, 6], "cache_read_tokens"]) == [5000, 0, 7000]


def test_a_call_that_tries_again_goes_to_who_is_there_then() -> None:
    served = {"old": backend(error_rate=1.0), "new": backend(input_usd_per_mtok=2.0)}
    retry = RetrySettings(attempts=3, backoff_base_s=10.0)
    calls = run(
        one_call(), served, router=RouterSettings(policy=Policy.cheapest), retry=retry, events=[event("retirement", 1.5, "old")]
    ).calls
    assert list(calls["backend"]) == ["old", "new"]
    assert list(calls["status"]) == ["error", "ok"]


def test_who_hears_of_a_launch_hears_of_it_so_long_after_the_launch() -> None:
    people = WorkloadSettings(kind=WorkloadKind.users, users=1, tasks_per_user=60, session_gap_s=60.0)
    router = RouterSettings(policy=Policy.cheapest, heard_after_h={"two": 0.5})
    calls = run(one_call(), TWO, workload=people, router=router, events=[event("launch", 600, "two")]).calls
    first = calls[calls["backend"] == "two"]["t_request_s"].min()
    assert 2400 <= first < 2400 + 62


LAW = {"dist": "exponential", "mean": 7.0}
CREW = team(3, loop(turns=3, tool_time_s=LAW), fanout=3, spawn_after_turn=2, tool_time_s=LAW)
MANY = [
    event("price", 20, "one", factor=3), event("launch", 31.5, "two"), event("free", 50, "one", length_h=0.005),
    event("price", 55, "two", prices={"output_usd_per_mtok": 4.0}), event("retirement", 120, "three"),
]  # fmt: skip


@pytest.mark.parametrize("policy", [Policy.fixed, Policy.cheapest, Policy.price_weighted, Policy.weighted, Policy.logit])
@pytest.mark.parametrize("per", list(ChoosePer), ids=lambda per: per.value)
def test_step_by_step_ahead_of_the_clock_and_in_shards_are_the_same_bits(policy: Policy, per: ChoosePer) -> None:
    served = {name: backend(error_rate=0.1, quality=0.5) for name in ("three", "one", "two")}
    world = scenario(CREW, served, tasks=40, every_s=LAW, router=RouterSettings(policy=policy, per=per), events=MANY)
    assert may_look_ahead(world)
    assert_declared_truly(world)


def test_theory_says_what_it_does_not_know() -> None:
    said = unsolved(scenario(one_call(), TWO, events=MANY[:2]))
    assert "events: dollars where a price changes at a date; events: who chooses what before and after a launch" in said


def test_no_event_leaves_the_bits_of_a_world_without_any() -> None:
    """A price that changes after the end, or to what it was."""
    world = scenario(CREW, TWO, tasks=20, every_s=LAW)
    late = dataclasses.replace(world, events=[event("price", 1e6, factor=3)]).check()
    same = dataclasses.replace(world, events=[event("price", 20, factor=1)]).check()
    digests = {sim.simulate(each).digest for each in (world, late, same)}
    assert len(digests) == 1


def test_forecasts_follow_the_list_in_force() -> None:
    """What a router reckons with, on each of three lists."""
    world = scenario(one_call(), TWO, events=[event("price", 10, prices={"input_usd_per_mtok": 2.0}), event("free", 20, length_h=1)])
    made, reckoned = World(world, 0, Shard()), []
    for moment in (5, 15, 25):
        made.clock.run(until=moment)
        reckoned.append(made.router.knowledge.forecast(made.backends[0]).usd)
    assert reckoned == pytest.approx([(2000 * 5 + 300) / 1e6, (2000 * 2 + 300) / 1e6, 0.0])


def test_a_run_says_what_happened_and_what_came_too_late() -> None:
    result = run(
        one_call(), TWO, tasks=3, every_s=10.0, events=[event("free", 5, length_h=1), event("launch", "2026-03-01T00:00:00Z", "two")]
    )
    assert "2026-02-16 00:00 UTC one: free for 1 h, then at the list again" in result.notes["events"]
    assert "Events without effect: 1, of other backends or after the end of the run (second 31)" in result.notes["events"]


def test_events_are_written_down_and_read_again(tmp_path: Any) -> None:
    result = run(one_call(), TWO, tasks=3, every_s=10.0, events=MANY[:2])
    result.save(tmp_path)
    assert load_run(tmp_path).events == MANY[:2]


BAD = {
    "no zone": ([event("price", "2026-02-20T00:00:00", factor=2)], "events[0].at='2026-02-20T00:00:00': says no zone"),
    "no date": ([event("price", "soon", factor=2)], "events[0].at='soon': must be a date and time"),
    "before the start": ([event("price", -1.0, factor=2)], "events[0].at=-1: seconds from the start"),
    "no length": ([event("free", 5)], "events[0]: kind=free needs length_h"),
    "length of nothing": ([event("free", 5, length_h=0.0)], "events[0].length_h=0.0: must be more than 0"),
    "unknown backend": ([event("launch", 5, "three")], "events[0].backend=three: not in the market"),
    "nothing changes": ([event("price", 5)], "events[0]: kind=price needs prices"),
    "no price": ([event("price", 5, prices={"ttft_s": 1.0})], "events[0].prices.ttft_s: not a price"),
    "a negative price": ([event("price", 5, prices={"input_usd_per_mtok": -1.0})], "events[0].prices.input_usd_per_mtok=-1.0: must be"),
    "a free price": ([event("free", 5, length_h=1, factor=2.0)], "events[0]: kind=free takes neither prices nor a factor"),
    "a launch for a while": ([event("launch", 5, length_h=1)], "events[0].length_h=1: a launch is for good"),
    "out of order": ([event("price", 9, factor=2), event("price", 5, factor=3)], "events[1].at=5: before that of events[0] (9)"),
    "overlapping": ([event("free", 5, length_h=1), event("price", 99, factor=2)], "events[1]: begins before events[0] is over"),
    "two at once": ([event("price", 5, factor=2), event("price", 5, factor=3)], "events[1]: begins before events[0] is over"),
    "two launches": ([event("launch", 5), event("launch", 9)], "events[1]: one has a launch already (events[0])"),
    "gone before it comes": ([event("retirement", 5), event("launch", 9)], "events[0]: one would be gone before it is launched"),
    "nobody left": ([event("retirement", 5), event("retirement", 9, "two")], "events: no backend is there at second 9"),
    "nobody at the start": ([event("launch", 5), event("launch", 9, "two")], "events: no backend is there at second 0"),
    "a kind that there is not": ([event("lunch", 5)], "events[0].kind=lunch: did you mean 'launch'"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_is_one_line(what: str) -> None:
    events, said = BAD[what]
    with pytest.raises(sim.ConfigError) as refused:
        scenario(one_call(), TWO, events=events)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("router", "said"),
    [
        (RouterSettings(backend="two"), "router.backend=two: events launch or retire it"),
        (RouterSettings(policy=Policy.by_role, roles={"lead": "two"}), "router.roles.lead=two: events launch or retire it"),
        (RouterSettings(fallback=["one", "two"]), "router.fallback[1]=two: events launch or retire it"),
        (RouterSettings(policy=Policy.weighted, weights={"two": 1.0}), "router.weights: none above 0 for who is there at second 0"),
    ],
)
def test_who_is_asked_for_by_name_is_there_all_the_time(router: RouterSettings, said: str) -> None:
    with pytest.raises(sim.ConfigError) as refused:
        scenario(one_call(), TWO, router=router, events=[event("launch", 5, "two")])
    assert said in str(refused.value)


def test_an_exported_bill_has_the_prices_of_each_date(tmp_path: Any) -> None:
    """FOCUS has a row an hour, backend, kind and price: what they come to is the run's bill."""
    result = run(one_call(), TWO, tasks=3, every_s=10.0, events=[event("price", 15, factor=3), event("free", 25, length_h=1)])
    file = tmp_path / "bill.csv"
    result.save(tmp_path / "run")
    sim.export(tmp_path / "run", "focus", file)
    assert pd.read_csv(file)["BilledCost"].sum() == pytest.approx(result.mean("cost_usd"))
    assert result.mean("cost_usd") == pytest.approx((2000 * 5 + 300) / 1e6 * 4)


def test_figures_over_time_mark_them() -> None:
    result = run(one_call(), TWO, tasks=60, every_s=60.0, events=[event("free", 900, length_h=0.5), event("launch", 600, "two")][::-1])
    figure = tokens_over_time({"a run": result.timeline}, {"a run": marks(result.scenario, {"two": "Two"})})
    assert [text.get_text() for text in figure.axes[0].texts] == ["Two: launch", "one: free", "one: over"]
    assert sorted(np.ravel([line.get_xdata() for line in figure.axes[0].lines])) == [10, 10, 15, 15, 45, 45]
