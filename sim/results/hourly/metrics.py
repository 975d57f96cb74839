"""Metrics of capacity that is paid by the hour, and what a run says of it: its hours are in the bill, idle ones too."""

from __future__ import annotations

from sim.meter.sums import real
from sim.meter.tally import Tally
from sim.results.metric import BY_OWN, BY_UNITS, Metric, ratio
from sim.scenario.scenario import Scenario
from sim.settings.capacity.servers import BackendKind
from sim.statistics import digits


def bill_usd(t: Tally, backend: int | None = None) -> float:
    """What calls cost and what hours cost, of all backends or of one, replications together (USD)."""
    if backend is None:
        return float(t.dollars.sum()) + t.capacity.fixed_usd
    return float(t.dollars[backend].sum()) + float(real(t.capacity.usd[backend] + t.capacity.units_usd[backend]))


def task_bill_usd(t: Tally) -> float:
    """What the tasks that ended have cost: their calls, and all hours of the run, those in which nothing was done too (USD)."""
    return t.task_cost_usd + t.capacity.fixed_usd


OF_CAPACITY = (
    Metric("cost_servers_usd", "USD", "part of the bill: hours of servers of one's own, idle ones too; it is in what a task costs",
           lambda t, _: real(t.capacity.usd.total()) / t.replications),
    Metric("cost_units_usd", "USD", "part of the bill: hours of reserved units, used or not; it is in what a task costs",
           lambda t, _: real(t.capacity.units_usd.total()) / t.replications),
    Metric(f"servers_h.{BY_OWN}", "h", "hours of servers of one's own, each counted, from when it was ordered until it had stopped",
           lambda t, b: real(t.capacity.seconds[b.backend]) / 3600 / t.replications),
    Metric(f"servers_idle_share.{BY_OWN}", "", "share of them in which a server had no call",
           lambda t, b: ratio(real(t.capacity.idle[b.backend]), real(t.capacity.seconds[b.backend]))),
    Metric(f"units_used_share.{BY_UNITS}", "", "weighted tokens that reserved units took, as a share of what they might have taken",
           lambda t, b: ratio(real(t.capacity.used[b.backend]), real(t.capacity.room[b.backend]))),
    Metric(f"units_spilled_share.{BY_UNITS}", "", "share of billed attempts that found no unit free, and were paid by the list",
           lambda t, b: ratio(t.capacity.spilled[b.backend], t.capacity.spilled[b.backend] + t.capacity.taken[b.backend])),
    Metric(f"units_listed_usd.{BY_UNITS}", "USD", "what the attempts that reserved units took would have cost by the list",
           lambda t, b: real(t.capacity.listed[b.backend]) / t.replications),
)  # fmt: skip


def told(scenario: Scenario, t: Tally) -> str:
    """What own servers and reserved units cost, in words: that is in the bill, and in no row of a call."""
    said = []
    for place, (name, model) in enumerate(scenario.chosen().items()):
        if model.kind is BackendKind.self_hosted:
            hours, idle = (real(units[place]) / 3600 / t.replications for units in (t.capacity.seconds, t.capacity.idle))
            usd = real(t.capacity.usd[place]) / t.replications
            listed = float(t.dollars[place].sum()) / t.replications
            also = f" Its price list is charged too, ${digits(listed, 4)} a run: set its prices to 0 if that is not meant."
            said.append(
                f"{model.label or name} runs on servers of one's own: {digits(hours, 4)} hours at ${model.servers.usd_per_h:g} are "
                f"${digits(usd, 4)} a run, {100 * ratio(idle, hours):.0f} % of them idle. Dollars a run, a task and a token hold them; "
                f"those of a single call, of a stage and of a budget do not.{also if listed else ''}"
            )
        if model.reserved.units:
            used, room, usd, listed = (
                float(real(units[place])) / t.replications
                for units in (t.capacity.used, t.capacity.room, t.capacity.units_usd, t.capacity.listed)
            )
            taken, spilled = t.capacity.taken[place], t.capacity.spilled[place]
            said.append(
                f"{model.reserved.units:,} {model.reserved.name}s of {model.label or name} are ${digits(usd, 4)} a run, "
                f"{100 * ratio(used, room):.0f} % of them used. They took {100 * ratio(taken, taken + spilled):.0f} % of attempts, "
                f"${digits(listed, 4)} by the list; what spilled is paid by the list. Dollars a run, a task and a token hold the units; "
                "those of a single call, of a stage and of a budget do not."
            )
    return " ".join(said)
