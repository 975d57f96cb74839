"""A capacity sheet in two lines and as a table: dollars a day, and the quota to ask for on each backend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sim.results.capacity.asked import KINDS
from sim.scenario.told.card import card
from sim.scenario.told.numbers import compact, number

PART = 0.01
"""Share of calls that may be held back, for the quota that is told."""
Quotas = Mapping[str, Mapping[int, Mapping[str, Mapping[float, float]]]]
"""By backend, times the people, kind (`KINDS`) and accepted share: tokens or requests a minute."""


def prompt(name: str, usd_a_day: float, of: str, quotas: Quotas) -> str:
    """Quotas at the people that there are."""
    asked = "; ".join(f"{backend}: {_now(many)}" for backend, many in quotas.items()) or "nothing is asked for"
    said = f"Capacity for {name!r}: ${number(usd_a_day)} a day where nothing is turned away; to hold back 1 % of calls: {asked}"
    return f"{said}\n{of}; all of it: .loads, .as_dict()"


def html(name: str, usd_a_day: float, quotas: Quotas, below: Sequence[str]) -> str:
    """A row a backend and kind of token, a column for each number of people."""
    times = sorted({many for each in quotas.values() for many in each})
    rows = [
        (backend, words, *(compact(each[many][kind][PART]) if many in each else "-" for many in times))
        for backend, each in quotas.items()
        for kind, words in KINDS.items()
    ]
    head = f"Capacity for {name!r}: quota a minute to ask for, so that 1 % of calls are held back"
    bill = f"${number(usd_a_day)} a day where nothing is turned away."
    return card(head, ("backend", "", *(f"{many}x people" for many in times)), rows, [bill, *below])


def _now(many: Mapping[int, Mapping[str, Mapping[float, float]]]) -> str:
    return ", ".join(f"{compact(many[min(many)][kind][PART])} {words}" for kind, words in KINDS.items())
