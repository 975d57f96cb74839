"""Metrics of the provider's side, once for each place where anybody is served."""

from __future__ import annotations

from collections.abc import Callable

from sim.columns import ENDS, SPANS
from sim.theory.provider import Side

Formula = Callable[[Side], float]
_NAMES = {
    "kwh": "served_energy_{}_kwh", "gpu_hours": "served_gpus_{}_h", "electricity_usd": "served_electricity_{}_usd",
    "cost_usd": "served_cost_{}_usd", "margin": "served_margin_{}", "usd_per_kwh": "served_revenue_{}_usd_per_kwh",
    "compute_tax": "served_compute_tax_{}", "electricity_share": "served_electricity_part_{}",
}  # fmt: skip
"""Of each span, with its unit last."""


def _end(name: str, end: str) -> Formula:
    return lambda one: float(getattr(getattr(one, name), end))


OF_PLACES: tuple[tuple[str, str, str, Formula], ...] = (
    ("served_tokens", "tokens", "tokens that are served there, by whomever their model is", lambda one: one.tokens),
    ("served_usd", "USD", "what users pay for them: without a router's surcharge, with the fees of seats", lambda one: one.revenue_usd),
    *(
        (_NAMES[span.name].format(end), span.unit, f"{span.meaning}: {word}", _end(span.name, end))
        for span in SPANS
        for end, word in ENDS.items()
    ),
)
"""(name, unit, meaning, formula); each with the place behind a dot. Ends are those of `provider.*`, all at once."""
FAMILIES = tuple(name for name, *_ in OF_PLACES)
