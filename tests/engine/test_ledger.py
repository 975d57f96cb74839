"""Money that runs out: what is stopped, put off, or done more cheaply."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

import sim
from sim.backends.pricing import Price
from sim.call import Call, Status
from sim.clock import Clock
from sim.engine.ledger import Ledger
from sim.errors import ConfigError
from sim.settings.budget import At, BudgetSettings, Per, Then
from sim.settings.market import Billed, PriceTier, PriceWindow
from sim.settings.outcome import OutcomeSettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.task import Task
from sim.usage import Usage
from tests.worlds import agent, backend, loop, run, scenario, team, with_

CALL_USD = 2300e-6
"""One call of 2,000 and 300 tokens at $1 a million."""


def one_call(budget: BudgetSettings, **changes: Any) -> sim.Result:
    return run(agent(turns=1), backend(quality=1.0), budget=budget, **{"tasks": 100, "every_s": 60.0} | changes)


def test_a_run_stops_at_its_budget() -> None:
    result = one_call(BudgetSettings(usd=10.5 * CALL_USD, per=Per.run))
    assert result.mean("cost_usd") == pytest.approx(11 * CALL_USD)
    assert (result.calls["status"] == "cancelled").sum() == 89
    assert result.calls.query("status == 'cancelled'")["cost_usd"].sum() == 0
    assert result.tasks["success"].sum() == 11


def test_a_task_stops_at_its_own() -> None:
    result = run(agent(), backend(quality=1.0), tasks=4, budget=BudgetSettings(usd=4000e-6, per=Per.task))
    spent = result.tasks["cost_usd"]
    assert ((spent >= 4000e-6) & (spent < 4000e-6 + 12e-3)).all()
    assert not result.tasks["success"].any()
    assert result.mean("wasted_usd") == pytest.approx(result.mean("cost_usd"))
    assert result.mean("blocked_usd") == 0


def test_a_session_is_a_task_of_its_user() -> None:
    crowd = WorkloadSettings(kind=WorkloadKind.users, users=3, tasks_per_user=2)
    chatty = agent(turns=1, requests=9)
    result = run(chatty, backend(), workload=crowd, budget=BudgetSettings(usd=4 * CALL_USD, per=Per.task))
    assert len(result.tasks) == 6
    assert (result.tasks["calls"] < 9).all()


def test_what_is_refused_is_counted_with_its_worth() -> None:
    worth = OutcomeSettings(value_usd=7.0)
    result = one_call(BudgetSettings(usd=10 * CALL_USD, per=Per.run, at=At.task), outcome=worth)
    assert result.mean("tasks_blocked") == 90
    assert result.mean("blocked_value_usd") == 630
    assert result.mean("blocked_usd") == pytest.approx(90 * CALL_USD)
    assert result.mean("blocked_tokens") == pytest.approx(90 * 2300)
    assert result.mean("wasted_usd") == result.mean("wasted_value_usd") == 0
    assert result.mean("tasks") == 100


@pytest.mark.parametrize("at", list(At))
def test_waiting_puts_work_off_to_the_next_hour(at: At) -> None:
    result = one_call(BudgetSettings(usd=9.5 * CALL_USD, per=Per.hour, at=at, then=Then.wait), tasks=30)
    assert result.tasks["success"].all()
    hours = (result.calls["t_request_s"] // 3600).astype(int)
    assert hours.value_counts().max() == 10
    assert hours.max() == 2


@pytest.mark.parametrize("at", list(At))
def test_a_downgrade_goes_on_with_the_cheaper_backend(at: At) -> None:
    worlds = {"dear": backend(), "cheap": backend(input_usd_per_mtok=0.1, output_usd_per_mtok=0.1)}
    budget = BudgetSettings(usd=9.5 * CALL_USD, per=Per.run, at=at, then=Then.downgrade)
    result = run(agent(turns=1), worlds, tasks=30, every_s=60.0, budget=budget)
    assert (result.calls.sort_values("task")["backend"] == ["dear"] * 10 + ["cheap"] * 20).all()


def crowd(users: int, **changes: Any) -> sim.Result:
    """Users who send ten tasks of one call each."""
    people = WorkloadSettings(kind=WorkloadKind.users, users=users, tasks_per_user=10, session_gap_s=1.0)
    return run(agent(turns=1), backend(quality=1.0), workload=people, **changes)


@pytest.mark.parametrize(("users", "done"), [(1, 3), (2, 3), (None, 3)])
def test_a_user_a_team_or_all_share_a_budget(users: int | None, done: int) -> None:
    """Money for three calls: for each of six users, for each of three teams, for all."""
    budget = BudgetSettings(usd=2.5 * CALL_USD, per=Per.run, users=users, at=At.task)
    tasks = crowd(6, budget=budget).tasks
    purse = tasks["user"] // (users or 6)
    assert (tasks[tasks["success"]].groupby(purse).size() == done).all()
    assert tasks["success"].sum() == done * purse.nunique()


def test_several_budgets_hold_at_once_and_the_strictest_says_what_happens() -> None:
    """Three calls an hour for each of two users, who then wait; seven in all, after which nothing goes."""
    each = BudgetSettings(usd=2.5 * CALL_USD, per=Per.hour, users=1, then=Then.wait)
    result = crowd(2, budget=each, budgets={"all": BudgetSettings(usd=6.5 * CALL_USD, per=Per.run, then=Then.stop)})
    calls = result.calls[result.calls["status"] == "ok"]
    assert len(calls) == 7
    assert (calls["t_request_s"] < 3600).sum() == 6
    assert result.mean("tasks_in_flight") == 0


def test_a_downgrade_in_the_middle_of_a_task_costs_it_the_cache() -> None:
    worlds = {"dear": backend(), "cheap": backend(input_usd_per_mtok=0.1)}
    budget = BudgetSettings(usd=5000e-6, per=Per.task, then=Then.downgrade)
    calls = run(team(8, loop(turns=3), fanout=2, spawn_after_turn=4), worlds, budget=budget).calls
    lead = calls[calls["role"] == "lead"].sort_values("turn")
    moved = lead["backend"].ne(lead["backend"].shift()).to_numpy()
    assert moved.sum() == 2
    assert (lead["cache_read_tokens"].to_numpy()[moved] == 0).all()
    assert set(calls[calls["role"] == "worker"]["backend"]) == {"cheap"}


def test_a_budget_that_is_never_reached_changes_no_bit() -> None:
    assert one_call(BudgetSettings()).digest == one_call(BudgetSettings(usd=1e9)).digest


def test_a_budget_that_never_comes_back_cannot_be_waited_for() -> None:
    with pytest.raises(ConfigError, match=r"^budget\.then=wait"):
        scenario(budget=BudgetSettings(usd=1.0, per=Per.run, then=Then.wait))


def test_what_the_ledger_charges_is_to_the_bit_what_the_tally_adds_up() -> None:
    """Prices with tiers, hours of the day, fees, cache writes and billed failures: a row priced at once, and one priced with its chunk."""
    dear = backend(
        input_usd_per_mtok=1.7, output_usd_per_mtok=8.3, cache_read_usd_per_mtok=0.17, cache_write_usd_per_mtok=2.1,
        fee=0.055, request_usd=0.0007,
        tiers=[PriceTier(above_tokens=5000, input_usd_per_mtok=3.1)], windows=[PriceWindow(from_h=0, until_h=1, multiplier=0.7)],
        error_rate=0.2, error_billed=Billed.everything, noise_sigma=0.5, cache_ttl_s=3.0,
    )  # fmt: skip
    for slowdown in (0.0, 0.01):
        plain = scenario(agent(), with_(dear, decode_slowdown=slowdown), tasks=60, every_s=120.0)
        watched = with_(plain, budget=BudgetSettings(usd=1e9, per=Per.run))
        one, other = sim.simulate(plain), sim.simulate(watched)
        assert one.digest == other.digest
        assert one.calls["cost_usd"].tolist() == other.calls["cost_usd"].tolist()
        assert one.calls.query("status == 'error'")["cost_usd"].gt(0).any()


class Passed:
    """A meter that writes down what comes through."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []

    def answered(self, *row: Any, status: int = 0) -> None:
        self.rows.append(row)

    broke = refused = gave_up = answered


class Place:
    """A backend that has a number and no more."""

    def __init__(self, index: int) -> None:
        self.index = index


def call_of(number: int, backend: int, t_request: float = 0.0) -> Call:
    """Of 1,000 tokens in and 100 out."""
    call = Call(Clock(), Task(number, number, 0, 0.0), 0, 0, b"", None)  # type: ignore[arg-type]
    call.input_tokens, call.output_tokens, call.t_request, call.backend = 1000, 100, t_request, Place(backend)  # type: ignore[assignment]
    return call


def ledger_of(*budgets: BudgetSettings) -> tuple[Ledger, Passed]:
    """On two backends: a dollar a million tokens, and ten, twice as dear from the first minute on; reads cost nothing."""
    passed: Any = Passed()
    dear = backend(input_usd_per_mtok=10.0, output_usd_per_mtok=10.0, windows=[PriceWindow(from_h=1 / 60, until_h=24, multiplier=2.0)])
    prices = [Price(each) for each in (backend(cache_read_usd_per_mtok=0.0), dear)]
    return Ledger(list(budgets), prices, passed, Clock(), datetime(2026, 2, 16, tzinfo=UTC)), passed


def test_each_attempt_is_priced_by_its_backend_and_the_moment_it_was_asked_for_and_goes_on_with_its_price() -> None:
    ledger, passed = ledger_of()
    cheap, dear, late = call_of(0, 0), call_of(0, 1, 59.0), call_of(1, 1, 60.0)
    ledger.answered(cheap, 1.0, 2.0, 3.0, 400, 0)
    ledger.answered(dear, 1.0, 2.0, 3.0, 0, 0)
    ledger.broke(late, 61.0, 62.0, 63.0, Usage(500, 0, 0, 0))
    ledger.refused(cheap, Status.timeout, 70.0)
    ledger.gave_up(late)
    assert passed.rows == [
        (cheap, 1.0, 2.0, 3.0, 400, 0, pytest.approx(0.0007)),
        (dear, 1.0, 2.0, 3.0, 0, 0, pytest.approx(0.011)),
        (late, 61.0, 62.0, 63.0, Usage(500, 0, 0, 0), pytest.approx(0.01)),
        (cheap, Status.timeout, 70.0),
        (late,),
    ]


def test_a_task_has_cost_what_its_attempts_have_cost_and_is_closed_once() -> None:
    """Failed ones too; another task's are its own."""
    ledger, _ = ledger_of()
    for number in (0, 1, 0):
        ledger.answered(call_of(number, 0), 0.0, 1.0, 2.0, 0, 0)
    ledger.broke(call_of(0, 1), 0.0, 1.0, 2.0, Usage(1000, 0, 0, 0))
    assert ledger.close(Task(0, 0, 0, 0.0)) == pytest.approx(2 * 0.0011 + 0.01)
    assert ledger.close(Task(1, 1, 0, 0.0)) == pytest.approx(0.0011)
    assert ledger.close(Task(0, 0, 0, 0.0)) == ledger.close(Task(7, 7, 0, 0.0)) == 0.0, (
        "nothing is left of it, and a blocked task cost nothing"
    )


def test_the_strictest_of_those_that_are_empty_is_named_and_each_is_looked_at_in_its_own_moment() -> None:
    """To stop is stricter than to wait, and that than to go on more cheaply."""
    down = BudgetSettings(usd=0.001, per=Per.run, then=Then.downgrade, at=At.task)
    wait = BudgetSettings(usd=0.002, per=Per.hour, then=Then.wait, at=At.task)
    stop = BudgetSettings(usd=0.003, per=Per.run, then=Then.stop, at=At.task)
    ledger, _ = ledger_of(down, wait, stop, BudgetSettings())
    assert (ledger.limits(At.task), ledger.limits(At.call)) == (True, False)
    named = []
    for number in range(4):
        empty = ledger.empty(Task(9, 9, 0, 0.0), 0.0, At.task)
        named.append(empty and empty.settings)
        assert ledger.empty(Task(9, 9, 0, 0.0), 0.0, At.call) is None
        ledger.answered(call_of(number, 0), 0.0, 1.0, 2.0, 0, 0)
    assert named == [None, down, wait, stop]
