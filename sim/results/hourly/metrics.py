"""Metrics of capacity that is paid by the hour, and what a run says of it: its hours are in the bill, idle ones too."""

from __future__ import annotations

from sim.meter.sums import real
from sim.meter.tally import Tally
from sim.results.metric import BY_OWN, Metric, ratio
from sim.scenario.scenario import Scenario
from sim.settings.capacity.servers import BackendKind


def bill_usd(t: Tally, backend: int | None = None) -> float:
    """What calls cost and what hours cost, of all backends or of one, replications together (USD)."""
    if backend is None:
        return float(t.dollars.sum()) + t.capacity.fixed_usd
    return float(t.dollars[backend].sum()) + float(real(t.capacity.usd[backend]))


def task_bill_usd(t: Tally) -> float:
    """What the tasks that ended have cost: their calls, and all hours of the run, those in which nothing was done too (USD)."""
    return t.task_cost_usd + t.capacity.fixed_usd


OF_CAPACITY = (
    Metric("cost_servers_usd", "USD", "part of the bill: hours of servers of one's own, idle ones too; it is in what a task costs",
           lambda t, _: t.capacity.fixed_usd / t.replications),
    Metric(f"servers_h.{BY_OWN}", "h", "hours of servers of one's own, each counted, from when it was ordered until it had stopped",
           lambda t, b: real(t.capacity.seconds[b.backend]) / 3600 / t.replications),
    Metric(f"servers_idle_share.{BY_OWN}", "", "share of them in which a server had no call",
           lambda t, b: ratio(real(t.capacity.idle[b.backend]), real(t.capacity.seconds[b.backend]))),
)  # fmt: skip


def told(scenario: Scenario, t: Tally) -> str:
    """What own servers cost, in words: that is in the bill, and in no row of a call."""
    said = []
    for place, (name, model) in enumerate(scenario.chosen().items()):
        if model.kind is BackendKind.self_hosted:
            hours, idle = (real(units[place]) / 3600 / t.replications for units in (t.capacity.seconds, t.capacity.idle))
            usd = real(t.capacity.usd[place]) / t.replications
            listed = float(t.dollars[place].sum()) / t.replications
            said.append(
                f"{model.label or name} runs on servers of one's own: {hours:,.4g} hours at ${model.servers.usd_per_h:g} are ${usd:,.4g} a "
                f"run, {100 * ratio(idle, hours):.0f} % of them idle. Dollars a run, a task and a token hold them; those of a single call, "
                "of a stage and of a budget do not."
                + (f" Its price list is charged too, ${listed:,.4g} a run: set its prices to 0 if that is not meant." if listed else "")
            )
    return " ".join(said)
