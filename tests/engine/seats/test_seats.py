"""Seats by hand: windows to the second, dollars that add up, routes that close, and the published numbers of a plan."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import sim
from sim.meter.sums import exact
from sim.scenario.coupling import may_look_ahead, unsolved
from sim.settings.budget import At, BudgetSettings, Per
from sim.settings.events.event import EventKind, EventSettings
from sim.settings.population.plan import Beyond, PlanSettings, PlanWindow
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import Warmup
from sim.settings.workload import WorkloadKind, WorkloadSettings
from tests.worlds import agent, backend, loop, scenario, team

CALL_USD = 2300e-6
MONTH_S = 2_629_746.0
HOUR_S = 3600.0


def plan(usd: float = 2.5 * CALL_USD, window_h: float = 100 / HOUR_S, **changes: Any) -> PlanSettings:
    """Three calls in any 100 seconds: the third overdraws the window."""
    plain: dict[str, Any] = {
        "name": "seat",
        "vendors": ["us"],
        "usd_per_month": 1.0,
        "windows": {"short": PlanWindow(usd=usd, window_h=window_h)},
    }
    return PlanSettings(**(plain | changes))


def people(users: int = 1, tasks: int | None = 8, gap_s: Any = 9.0) -> WorkloadSettings:
    """Each begins a task 9 seconds after the last: with a second a call, calls at 9, 19, 29 ..."""
    return WorkloadSettings(kind=WorkloadKind.users, users=users, tasks_per_user=tasks, session_gap_s=gap_s)


def seated(set_plan: PlanSettings, served: Any = None, **changes: Any) -> sim.Scenario:
    plain: dict[str, Any] = {"workload": people(), "horizon_s": 1000.0, "plan": set_plan}
    return scenario(changes.pop("work", agent(turns=1)), served or backend(vendor="us"), **(plain | changes))


def sums(result: sim.Result) -> dict[str, float]:
    return {name: result.mean(f"plan_{name}_usd.seat") / CALL_USD for name in ("used", "overflow", "outside")}


def test_a_call_waits_until_its_window_turns_to_the_second() -> None:
    """Calls at 9, 19, 29; the fourth, at 39, waits until what was spent at 9 is back, at 109; those of 119 and 129 need not wait."""
    starts = sim.simulate(seated(plan())).calls["t_request_s"].tolist()
    assert starts == [9, 19, 29, 109, 119, 129, 209, 219]


def test_what_goes_beyond_is_paid_by_the_list_and_takes_nothing_from_the_window() -> None:
    """Covered at 9, 19, 29; beyond at 39 ... 89 (six calls more are eight in all: five beyond)."""
    result = sim.simulate(seated(plan(then=Beyond.overflow)))
    assert result.calls["t_request_s"].tolist() == [9, 19, 29, 39, 49, 59, 69, 79]
    assert sums(result) == pytest.approx({"used": 3, "overflow": 5, "outside": 0})
    longer = sim.simulate(seated(plan(then=Beyond.overflow), workload=people(tasks=12)))
    assert sums(longer) == pytest.approx({"used": 5, "overflow": 7, "outside": 0}), "109 and 119 are covered again; 99 is not"


def test_two_windows_hold_at_once() -> None:
    """Three in 100 s, and five in 300 s: after 109 and 119 nothing until 309, when the long window has two back."""
    both = plan(
        windows={
            "short": PlanWindow(usd=2.5 * CALL_USD, window_h=100 / HOUR_S),
            "long": PlanWindow(usd=4.5 * CALL_USD, window_h=300 / HOUR_S),
        }
    )
    assert sim.simulate(seated(both)).calls["t_request_s"].tolist() == [9, 19, 29, 109, 119, 309, 319, 329]


def test_each_user_has_a_seat() -> None:
    result = sim.simulate(seated(plan(), workload=people(users=3, tasks=4)))
    assert sorted(result.calls["t_request_s"]) == sorted(3 * [9, 19, 29, 109])
    assert result.mean("plan_blocked_share.seat") == 1
    assert result.mean("plan_blocked_h.seat") == pytest.approx(70 / HOUR_S * MONTH_S / 1000), "39 to 109, in 1,000 s of a month"


def test_blocked_hours_end_with_the_run_and_count_once_for_many_calls() -> None:
    """Three workers, who find the window spent together, wait for it together."""
    crew = team(2, loop(turns=3), fanout=3, spawn_after_turn=1)
    result = sim.simulate(seated(plan(usd=CALL_USD, window_h=1.0), work=crew, workload=people(tasks=1), horizon_s=500.0))
    first = result.calls["t_request_s"].min()
    assert 0 < result.mean("plan_blocked_h.seat") * 500 / MONTH_S * HOUR_S <= 500 - first


def test_dollars_are_conserved_between_seats_overflow_and_vendors() -> None:
    """To the bit: what seats, overflow and other vendors come to is the bill, backend by backend."""
    served = {"ours": backend(vendor="us", error_rate=0.2, error_billed="everything"), "theirs": backend(vendor="them", cache="none")}
    crew = team(2, loop(turns=3, output_tokens={"dist": "lognormal", "median": 300, "sigma": 1}), fanout=3, spawn_after_turn=1)
    for then in Beyond:
        world = seated(
            plan(usd=0.05, then=then), served, work=crew, workload=people(users=5, tasks=None), horizon_s=2000.0,
            router=RouterSettings(policy=Policy.weighted, weights={"ours": 0.7, "theirs": 0.3}),
        )  # fmt: skip
        result = sim.simulate(world)
        [tally] = result.tallies
        for place, name in enumerate(served):
            apart = tally.seats.used[place] + tally.seats.overflow[place] + tally.seats.outside[place]
            mine = result.calls[result.calls["backend"] == name]["cost_usd"].to_numpy()
            assert apart == exact(mine) > 0
        assert not tally.seats.outside[0]
        assert not tally.seats.used[1]
        assert bool(tally.seats.overflow[0]) is (then is Beyond.overflow)
        paid = result.mean("plan_paid_usd.seat")
        assert paid == pytest.approx(result.mean("cost_usd") - result.mean("plan_used_usd.seat") + result.mean("plan_fee_usd.seat"))


def closing(at: Any) -> list[EventSettings]:
    return [EventSettings(kind=EventKind.route_closed, at=at, backend="ours")]


@pytest.mark.parametrize(("at", "used"), [(38, 3), (39, 3), (40, 4)])
def test_a_route_that_is_closed_is_paid_by_the_list_from_its_second_on(at: float, used: int) -> None:
    """Calls at 9, 19, 29, 39 ...; a closing concerns all backends of the vendor."""
    served = {"mine": backend(vendor="us"), "ours": backend(vendor="us")}
    result = sim.simulate(seated(plan(usd=1.0, third_party=True), served, events=closing(at)))
    assert sums(result) == pytest.approx({"used": used, "overflow": 0, "outside": 8 - used})


def test_who_waits_for_a_window_goes_on_when_it_turns_even_if_the_route_is_closed_by_then() -> None:
    served = {"ours": backend(vendor="us")}
    result = sim.simulate(seated(plan(third_party=True), served, events=closing(100)))
    assert result.calls["t_request_s"].tolist() == [9, 19, 29, 109, 119, 129, 139, 149]
    assert sums(result) == pytest.approx({"used": 3, "overflow": 0, "outside": 5})


def test_a_closed_route_sends_people_to_the_cheaper_list() -> None:
    """Covered calls cost nothing more, so the dear backend is taken; then by the list."""
    served = {"ours": backend(vendor="us", input_usd_per_mtok=9.0, quality=0.5), "theirs": backend(vendor="them", quality=0.5)}
    for policy in (Policy.cheapest, Policy.most_value):
        router = RouterSettings(policy=policy, per=ChoosePer.task)
        result = sim.simulate(seated(plan(usd=1.0, third_party=True), served, router=router, events=closing(50)))
        assert result.calls["backend"].tolist() == ["ours"] * 5 + ["theirs"] * 3


def test_users_are_dealt_to_shards_with_their_seats() -> None:
    crew = team(2, loop(turns=3, tool_time_s={"dist": "exponential", "mean": 20}), fanout=2, spawn_after_turn=1)
    world = seated(plan(usd=0.05, window_h=0.1), work=crew, workload=people(users=6, tasks=None), horizon_s=3000.0)
    assert not may_look_ahead(world)
    assert any("what a subscription covers" in reason for reason in unsolved(world))
    whole, parts = sim.simulate(world), sim.simulate(dataclasses.replace(world, shards=3).check())
    assert whole.digest == parts.digest
    assert whole.tallies[0].seats == parts.tallies[0].seats
    assert whole.tallies[0].seats.blocked_units


def test_a_seat_that_nothing_can_spend_leaves_the_bits_of_a_world_without() -> None:
    with_seat, without = (sim.simulate(seated(one)) for one in (plan(usd=1e6), PlanSettings()))
    assert with_seat.digest == without.digest
    assert not any(name.startswith("plan_") for name in without.summary.index)
    assert with_seat.mean("plan_used_usd.seat") == pytest.approx(without.mean("cost_usd"))


def test_budgets_hold_beside_a_seat() -> None:
    """A budget of a run of five calls stops what a seat would still cover."""
    budget = BudgetSettings(usd=4.5 * CALL_USD, per=Per.run, at=At.task)
    assert len(sim.simulate(seated(plan(usd=1.0), budget=budget)).calls) == 5


def test_what_a_seat_is_worth_by_hand() -> None:
    """Eight calls of a second each at $1 a month: worth, break-even, cost to its vendor."""
    result = sim.simulate(seated(plan(usd=1.0, cost_share_low=0.2, cost_share_high=0.5)))
    fee = 1000 / MONTH_S
    assert result.mean("plan_fee_usd.seat") == pytest.approx(fee)
    assert result.mean("plan_worth.seat") == pytest.approx(8 * CALL_USD / fee)
    assert result.mean("plan_break_even_h.seat") == pytest.approx(1 / (CALL_USD * 3600)), "a busy hour is 3,600 calls"
    assert result.mean("plan_vendor_cost_low_usd.seat") == pytest.approx(1.6 * CALL_USD)
    assert result.mean("plan_vendor_cost_high_usd.seat") == pytest.approx(4 * CALL_USD)
    assert "With 1 seats of seat, users pay $" in result.notes["plan"]


def test_a_seat_always_at_work_is_worth_what_was_measured_of_the_plan() -> None:
    """V7: $66 in 5 hours, $492 a week, 10.6 times the fee. Calls of 23 cents, one after another, for four weeks, on `plan=max_20x`."""
    shipped = sim.load("plan=max_20x", "workload=users").plan
    dear = backend(vendor="Anthropic", input_usd_per_mtok=100, output_usd_per_mtok=100)
    people_at_work = people(tasks=None, gap_s=5.0)
    result = sim.simulate(seated(shipped, dear, workload=people_at_work, horizon_s=28 * 24 * HOUR_S))
    starts = result.calls["t_request_s"].to_numpy()
    most = {hours: max(int(((starts >= at) & (starts < at + hours * HOUR_S)).sum()) * 0.23 for at in starts[::50]) for hours in (5, 168)}
    assert most[5] == pytest.approx(66, rel=0.01)
    assert most[168] == pytest.approx(492, rel=0.01)
    assert result.mean("plan_worth.max_20x") == pytest.approx(10.6, rel=0.02)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"plan": PlanSettings(usd_per_month=200)}, "plan.name='': a plan needs a name"),
    "no vendor": ({"plan": plan(vendors=[])}, "plan.vendors=[]: name whose backends it covers; the market has us"),
    "an unknown vendor": ({"plan": plan(vendors=["them"])}, "plan.vendors: 'them' has no backend in the market"),
    "a window of no length": ({"plan": plan(window_h=0.0)}, "plan.windows.short.window_h=0.0: must be more than 0"),
    "a window of nothing": ({"plan": plan(usd=0.0)}, "plan.windows.short.usd=0.0: must be more than 0"),
    "nobody to sit": ({"workload": WorkloadSettings(tasks=3)}, "plan: needs workload.kind=users"),
    "no time": ({"horizon_s": None}, "plan: needs horizon_s"),
    "a warm-up": ({"warmup": Warmup.fixed, "warmup_s": 5.0}, "plan: needs warmup=none"),
    "shares that turn round": ({"plan": plan(cost_share_low=0.9)}, "plan.cost_share_low=0.9: is more than plan.cost_share_high=0.6"),
    "a name with a dot": ({"plan": plan(name="a.b")}, "plan.name=a.b: is part of a metric's name"),
    "no such route": (
        {"events": [EventSettings(kind=EventKind.route_closed, at=5, backend="one")]},
        "events: kind=route_closed needs a plan whose agent comes by that route",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_is_one_line(what: str) -> None:
    changes, said = BAD[what]
    with pytest.raises(sim.ConfigError) as refused:
        seated(**({"set_plan": changes.pop("plan", plan())} | changes))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
