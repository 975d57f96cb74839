"""Who gets what of a run's dollars, and what serving took: by backend, with a router's surcharge and the fees of seats beside them.

All revenue together is what users pay, to the unit: calls at list prices, but for those that seats cover, the fees of the seats, and the
hours of reserved units and of servers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sim.columns import PROVIDERS, SPANS
from sim.meter.sums import real
from sim.meter.tally import Tally
from sim.scenario.scenario import Scenario
from sim.theory.provider import NOTHING, Between, Fleet, Side, fleet_of, together

if TYPE_CHECKING:
    import pandas as pd

INPUT, READ, OUTPUT = 0, 1, 3
"""Columns of `Tally.tokens`."""
SEATS, ROUTER, ALL = "fees of seats", "router's surcharge", "all"
"""Rows beside the backends'."""


class Providers(NamedTuple):
    """What is known of those who serve before a run."""

    fleets: tuple[Fleet, ...]
    """Of each backend, in the order of the tally's rows."""
    served_in: tuple[str, ...]
    surcharges: tuple[float, ...]
    """A router's, on each backend's prices."""
    seated: bool
    """Whether users have a plan: then calls that it covers bring nothing by themselves."""
    seat_fees_usd: float
    seats_in: str
    """Where those are served whom seats cover: their fees go there."""

    @property
    def places(self) -> tuple[str, ...]:
        """Where anybody is served, once each."""
        return tuple(dict.fromkeys(self.served_in))


def providers_of(scenario: Scenario) -> Providers | None:
    """Those of a scenario; None: nothing is to be said of them."""
    provider, plan = scenario.provider, scenario.plan
    if not provider.name:
        return None
    models = [scenario.market.models[name] for name in scenario.backends]
    served_in = tuple(model.served_in for model in models)
    covered = [place for model, place in zip(models, served_in, strict=True) if plan.name and model.vendor in plan.vendors]
    fees = plan.fee_usd(scenario.workload.users, scenario.horizon_s) if plan.name and scenario.horizon_s else 0.0
    return Providers(
        fleets=tuple(fleet_of(provider, name, place) for name, place in zip(scenario.backends, served_in, strict=True)),
        served_in=served_in,
        surcharges=tuple(max(model.fee, scenario.router.fee) for model in models),
        seated=bool(plan.name),
        seat_fees_usd=fees,
        seats_in=[*covered, *served_in][0],
    )


def sides(tally: Tally, providers: Providers) -> list[Side]:
    """Of each backend, in the mean over replications."""
    found = []
    for index, fleet in enumerate(providers.fleets):
        whole, cached, output = (int(tally.tokens[index, kind]) / tally.replications for kind in (INPUT, READ, OUTPUT))
        usd = _paid(tally, providers, index) / (1 + providers.surcharges[index])
        found.append(_with_rent(fleet.serves(whole - cached, cached, output, usd), tally, index))
    return found


def _with_rent(side: Side, tally: Tally, index: int) -> Side:
    """What is paid by the hour, used or not. Servers of one's own: that is the cost of their goods, too; reserved units: it is not."""
    servers, units = (float(real(by[index])) / tally.replications for by in (tally.capacity.usd, tally.capacity.units_usd))
    paid = side._replace(revenue_usd=side.revenue_usd + servers + units)
    return paid._replace(cost_usd=Between(servers, servers)) if servers else paid


def surcharge_usd(tally: Tally, providers: Providers) -> float:
    """What of the bill is a router's."""
    return sum(_paid(tally, providers, index) * (1 - 1 / (1 + fee)) for index, fee in enumerate(providers.surcharges))


def _paid(tally: Tally, providers: Providers, index: int) -> float:
    """By the list, for calls of one backend, USD; with a plan those that it does not cover."""
    seats = tally.seats
    units = seats.overflow[index] + seats.outside[index] if providers.seated else int(tally.dollar_units[index].sum())
    return float(real(units)) / tally.replications


def beside(usd: float) -> Side:
    """Dollars that no call brings."""
    return Side(0.0, usd, NOTHING, NOTHING, NOTHING, NOTHING)


def in_place(tally: Tally, providers: Providers, place: str) -> Side:
    """All that is served in one place together, the fees of seats there among them."""
    there = [one for one, where in zip(sides(tally, providers), providers.served_in, strict=True) if where == place]
    return together([*there, beside(providers.seat_fees_usd if place == providers.seats_in else 0.0)])


def table(scenario: Scenario, tally: Tally) -> pd.DataFrame:
    """A row a backend, then seats and a router where there are any, then all (`sim.columns.PROVIDERS`)."""
    import pandas as pd

    columns, providers = [column.name for column in PROVIDERS], providers_of(scenario)
    if providers is None:
        return pd.DataFrame(columns=columns)
    each = list(zip(scenario.backends, providers.served_in, sides(tally, providers), strict=True))
    if scenario.plan.name:
        each.append((SEATS, providers.seats_in, beside(providers.seat_fees_usd)))
    if any(providers.surcharges):
        each.append((ROUTER, "", beside(surcharge_usd(tally, providers))))
    each.append((ALL, "", together(one for _, _, one in each)))
    return pd.DataFrame([(who, place, *row(one)) for who, place, one in each], columns=columns)


def row(one: Side) -> list[float]:
    """A side as columns."""
    return [one.tokens, one.revenue_usd, *(end for span in SPANS for end in getattr(one, span.name))]
