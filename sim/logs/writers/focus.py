"""FOCUS 1.2 (FinOps): a bill in CSV, a row an hour, backend, kind of token and unit price.

FOCUS has no columns for tokens yet: what stands in `SkuPriceDetails` follows the draft for 1.5 (CacheAction, TokenDirection; model names),
and its names may change. Not in it: calls, sessions, agents, times within the hour.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sim.logs.writer import LogWriter, RunCall, RunSession


class _Kind(NamedTuple):
    """A kind of charge."""

    description: str
    sku: str
    details: dict[str, str]
    """Of `SkuPriceDetails`: names of the draft, not yet of a release."""
    unit: str = "Tokens"
    priced_in: int = 1_000_000


KINDS = (
    _Kind("Input tokens", "input", {"CacheAction": "None", "TokenDirection": "Input"}),
    _Kind("Cache read input tokens", "cache-read", {"CacheAction": "Read", "TokenDirection": "Input"}),
    _Kind("Cache write input tokens, kept for 5 minutes", "cache-write", {"CacheAction": "Write", "TokenDirection": "Input"}),
    _Kind("Cache write input tokens, kept for an hour", "cache-write-1h", {"CacheAction": "Write", "TokenDirection": "Input"}),
    _Kind("Output tokens", "output", {"CacheAction": "None", "TokenDirection": "Output"}),
    _Kind("Requests, and searches that they make", "request", {}, "Requests", 1),
)
"""In the order of `RunCall.dollars`."""
COLUMNS = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodStart", "BillingPeriodEnd", "ChargeCategory",
    "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodStart", "ChargePeriodEnd", "ConsumedQuantity", "ConsumedUnit",
    "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory",
    "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName", "SkuId", "SkuMeter",
    "SkuPriceDetails", "SkuPriceId", "Tags",
)  # fmt: skip
_Key = tuple[datetime, str, str, str, str, str, int, float]


class Writer(LogWriter):
    """Sums are in memory, not calls."""

    ending = ".csv"
    has_dollars = True
    cannot_hold = (
        "calls, sessions, agents, hours of servers and of reserved units; "
        "token columns follow a draft of FOCUS 1.5 and may change their names"
    )

    def write(self, sessions: Iterable[RunSession], path: Path) -> None:
        """By time."""
        sums: dict[_Key, list[float]] = {}
        for session in sessions:
            replication = session.name.partition(".")[0]
            for calls in session.agents.values():
                for call in self.billed(calls):
                    _add(sums, call, replication)
        with path.open("w", encoding="utf-8", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(COLUMNS)
            for key in sorted(sums):
                cells = _cells(*key, *sums[key])
                rows.writerow([cells[column] for column in COLUMNS])


def _add(sums: dict[_Key, list[float]], call: RunCall, replication: str) -> None:
    hour = datetime.fromtimestamp(call.request_s, UTC).replace(minute=0, second=0, microsecond=0)
    for kind, (quantity, dollars) in enumerate(zip(_quantities(call), call.dollars, strict=True)):
        if quantity and (dollars or KINDS[kind].unit == "Tokens"):
            price = float(f"{dollars / quantity * KINDS[kind].priced_in:.9g}")
            total = sums.setdefault((hour, call.backend, call.model, call.vendor, call.tier, replication, kind, price), [0, 0.0])
            total[0] += quantity
            total[1] += dollars


def _quantities(call: RunCall) -> Iterator[int]:
    """In the order of `KINDS`."""
    hour = call.cache_write_1h_tokens
    return iter((call.fresh_tokens, call.cache_read_tokens, call.cache_write_tokens - hour, hour, call.output_tokens, 1))


def _cells(
    hour: datetime,
    backend: str,
    model: str,
    vendor: str,
    tier: str,
    replication: str,
    number: int,
    price: float,
    quantity: float,
    usd: float,
) -> dict[str, Any]:
    """No discount is known: all costs are one."""
    kind, provider = KINDS[number], vendor or "sim"
    month = hour.replace(day=1, hour=0)
    details = {"ModelDeveloper": provider, "ModelId": model} | kind.details
    return {
        **dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost", "ListCost"), f"{usd:.12g}"),
        **dict.fromkeys(("ListUnitPrice", "ContractedUnitPrice"), price),
        **dict.fromkeys(("ProviderName", "PublisherName", "InvoiceIssuerName"), provider),
        **{"BillingAccountId": "sim", "BillingAccountName": "sim", "BillingCurrency": "USD", "ChargeCategory": "Usage", "ChargeClass": ""},
        "BillingPeriodStart": _utc(month),
        "BillingPeriodEnd": _utc((month + timedelta(days=32)).replace(day=1)),
        "ChargePeriodStart": _utc(hour),
        "ChargePeriodEnd": _utc(hour + timedelta(hours=1)),
        "ChargeDescription": kind.description,
        "ChargeFrequency": "Usage-Based",
        "ConsumedQuantity": int(quantity),
        "ConsumedUnit": kind.unit,
        "PricingCategory": "Standard",
        "PricingQuantity": f"{quantity / kind.priced_in:.12g}",
        "PricingUnit": kind.unit if kind.priced_in == 1 else f"{kind.priced_in} {kind.unit}",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": f"{provider} API",
        "SkuId": model,
        "SkuMeter": kind.description,
        "SkuPriceDetails": json.dumps(details),
        "SkuPriceId": f"{model}-{kind.sku}-{tier}",
        "Tags": json.dumps({"x_backend": backend, "x_replication": replication}),
    }


def _utc(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"
