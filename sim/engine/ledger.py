"""What every attempt costs, and so what has been spent of each budget and by each task."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sim.backends.pricing import Price
from sim.call import Call
from sim.clock import Clock
from sim.engine.budgets import Budget, budget_of
from sim.engine.seats.seats import Seats
from sim.engine.seats.units import ReservedUnits
from sim.meter.meter import ERROR, Meter
from sim.scenario.scenario import Scenario
from sim.settings.budget import At, BudgetSettings, Then
from sim.task import Task
from sim.usage import Usage

_STRICT = (Then.stop, Then.wait, Then.downgrade)


class Ledger:
    """All budgets of a run, and what each task has cost so far.

    It stands before the meter: an attempt is priced here, once, and the meter writes that number into its row.
    """

    def __init__(
        self, settings: Sequence[BudgetSettings], prices: Sequence[Price], meter: Meter, clock: Clock, start: datetime,
        seats: Seats | None = None, units: ReservedUnits | None = None,
    ) -> None:  # fmt: skip
        limited = sorted((each for each in settings if each.usd is not None), key=lambda each: _STRICT.index(each.then))
        self._budgets = [budget_of(budget, start) for budget in limited]
        self._by_moment = {at: [budget for budget in self._budgets if budget.settings.at is at] for at in At}
        self.seats = seats
        self.units = units
        self._by_task: dict[int, float] = {}
        self._prices = prices
        self._meter = meter
        self._clock = clock

    def answered(self, call: Call, start_s: float, first_token_s: float, end_s: float, read_tokens: int, write_tokens: int) -> None:
        """An attempt that succeeds is billed in full."""
        usd = self._bill(call, Usage(call.input_tokens, read_tokens, write_tokens, call.output_tokens), end_s)
        self._meter.answered(call, start_s, first_token_s, end_s, read_tokens, write_tokens, usd)

    def broke(self, call: Call, start_s: float, first_token_s: float, end_s: float, billed: Usage, *, status: int = ERROR) -> None:
        """One that fails while it is served, or is given up, for what its backend bills."""
        self._meter.broke(call, start_s, first_token_s, end_s, billed, self._bill(call, billed, end_s), status=status)

    def refused(self, call: Call, status: int, now: float) -> None:
        """One that never had a slot, for nothing."""
        self._meter.refused(call, status, now)

    def gave_up(self, call: Call) -> None:
        """A call without an answer costs what its attempts have cost."""
        self._meter.gave_up(call)

    def _bill(self, call: Call, billed: Usage, end_s: float) -> float:
        """What an attempt costs, by the list of the moment at which it was asked for; it is spent when it is served."""
        task, now = call.task, self._clock.now
        usd = self._usd(call, self._prices[call.backend.index], billed)  # type: ignore[union-attr]
        if self.units is not None and self.units.covers(call, billed, usd, now, end_s):
            usd = 0.0
        self._by_task[task.id] = self._by_task.get(task.id, 0.0) + usd
        for budget in self._budgets:
            budget.spend(task, now, usd)
        if self.seats is not None:
            self.seats.spend(task, call.backend, now, usd, end_s)  # type: ignore[arg-type]
        return usd

    def _usd(self, call: Call, price: Price, billed: Usage) -> float:
        return price.dollars(billed, call.t_request).total

    def limits(self, at: At) -> bool:
        """Whether there is a budget that is looked at then, or a seat that may have to wait."""
        return bool(self._by_moment[at]) or (at is At.call and self.seats is not None and self.seats.waits)

    def empty(self, task: Task, now: float, at: At) -> Budget | None:
        """The strictest of the budgets from which nothing is left for this task now."""
        return next((budget for budget in self._by_moment[at] if budget.over(task, now)), None)

    def close(self, task: Task) -> float:
        """What a task that has ended has cost."""
        for budget in self._budgets:
            budget.close(task)
        return self._by_task.pop(task.id, 0.0)


class RecordedLedger(Ledger):
    """Of calls that are billed for what a log says of them."""

    def _usd(self, call: Call, price: Any, billed: Usage) -> float:
        usd: float = price.recorded(billed, call.as_billed, call.t_request)
        return usd


def needs_ledger(scenario: Scenario, some_batch: bool) -> bool:
    """Whether anybody asks what an attempt has cost before the run is over: a budget, reserved units, a policy that learns, or a log that
    knows better (`some_batch`: it has calls of a batch queue)."""
    return (
        scenario.as_billed
        or some_batch
        or bool(scenario.plan.name)
        or any(backend.reserved.units for backend in scenario.chosen().values())
        or scenario.router.policy.traits(scenario.router).learns
        or any(budget.usd is not None for budget in scenario.all_budgets())
    )
