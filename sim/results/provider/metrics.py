"""Metrics of the provider's side, once for each place where anybody is served."""

from __future__ import annotations

from collections.abc import Callable

from sim.theory.provider import Side

Formula = Callable[[Side], float]
_SPANS = (
    ("served_energy_{}_kwh", "kwh", "kWh", "electricity of what is served there, cooling included"),
    ("served_gpus_{}_h", "gpu_hours", "h", "GPU-hours that it takes"),
    ("served_electricity_{}_usd", "electricity_usd", "USD", "price of that electricity; inside the cost of goods"),
    ("served_cost_{}_usd", "cost_usd", "USD", "cost of goods: rent of the GPUs, power included"),
    ("served_revenue_{}_usd_per_kwh", "usd_per_kwh", "USD/kWh", "revenue of a kilowatt-hour"),
    ("served_margin_{}", "margin", "", "part of revenue that is left after the cost of goods"),
    ("served_compute_tax_{}", "compute_tax", "", "part of revenue that goes to GPUs"),
    ("served_electricity_part_{}", "electricity_share", "", "part of revenue that goes to electricity"),
)
"""Name, where it stands in a side, unit, meaning; each once at its low end and once at its high one."""


def _end(name: str, end: str) -> Formula:
    return lambda one: float(getattr(getattr(one, name), end))


OF_PLACES: tuple[tuple[str, str, str, Formula], ...] = (
    ("served_tokens", "tokens", "tokens that are served there, by whomever their model is", lambda one: one.tokens),
    ("served_usd", "USD", "what users pay for them: without a router's surcharge, with the fees of seats", lambda one: one.revenue_usd),
    *(
        (name.format(end), unit, f"{meaning}: {word}", _end(span, end))
        for name, span, unit, meaning in _SPANS
        for end, word in (("low", "at least"), ("high", "at most"))
    ),
)
"""(name, unit, meaning, formula); each with the place behind a dot. Ends are those of `provider.*`, all at once."""
FAMILIES = tuple(name for name, *_ in OF_PLACES)
