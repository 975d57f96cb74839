"""Where the money goes: by kind of token, and by the role of who asked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sim.call import Role, Status
from sim.report.findings.money import KINDS
from sim.report.findings.roles import ROLES, dollars_by_role
from sim.report.html.content import Table
from sim.report.numbers import compact, number, percent, share
from sim.results.result import Result

TOKENS = {"cache reads": "cache_read_tokens", "cache writes": "cache_write_tokens", "output": "output_tokens"}
"""Kinds of token that are counted as such; fresh input is what is left of the input."""
HOURS = {"servers of one's own": "cost_servers_usd", "reserved units": "cost_units_usd"}
"""What is paid by the hour."""
NO_DOLLARS = "Dollars by role are left out: a part of the bill is paid by the hour, whoever asks."


def tokens_of(values: Mapping[Any, float]) -> dict[str, float]:
    """Tokens by kind, of one replication's means by metric."""
    counted = {kind: float(values[metric]) for kind, metric in TOKENS.items()}
    return {"fresh input": float(values["input_tokens"]) - counted["cache reads"] - counted["cache writes"], **counted}


def by_kind(values: Mapping[Any, float]) -> Table:
    """Tokens and dollars of each kind, of one scenario's means by metric."""
    tokens, bill = tokens_of(values), float(values["cost_usd"])
    rows = []
    for kind, metric in (KINDS | HOURS).items():
        usd, counted = float(values.get(metric, 0.0)), tokens.get(kind, math.nan)
        if usd or counted > 0:
            price = usd / counted * 1e6 if counted > 0 else math.nan
            rows.append((kind, compact(counted), number(usd), share(usd / bill) if bill else "-", number(price)))
    texts = pd.DataFrame(rows, columns=["kind of token", "tokens", "USD", "share of the bill", "USD per million"])
    return Table("The bill by kind of token, a replication", texts, "Reasoning is output. Fees are of requests and web searches.")


def by_kind_of_many(rows: pd.DataFrame, names: list[str], caption: str) -> Table:
    """The bill of each scenario and how it splits."""
    texts = pd.DataFrame({"scenario": names, "bill, USD": [number(usd) for usd in rows["cost_usd"]]})
    for kind, metric in (KINDS | HOURS).items():
        if metric in rows and rows[metric].any():
            texts[kind] = [share(part / bill) if bill else "-" for part, bill in zip(rows[metric], rows["cost_usd"], strict=True)]
    return Table(caption, texts, "Shares of the bill of a replication.")


def by_role(result: Result) -> list[Table]:
    """Answers, tokens and, unless hours are in the bill, dollars of leads, workers, verifiers and compactions."""
    pooled = result.estimates.pooled
    answers = pooled.answers / pooled.replications
    if np.count_nonzero(answers[:, 0]) < 1:
        return []
    dollars = dollars_by_role(result)
    rows = []
    for role in sorted(ROLES):
        calls, tokens = answers[role].tolist()
        if calls or dollars.get(role):
            row = {"who asks": ROLES[role], "answers": compact(calls), "tokens": compact(tokens)}
            row["share of tokens"] = share(tokens / answers[:, 1].sum())
            if dollars:
                row |= {"USD": number(dollars[role]), "share of the bill": share(dollars[role] / sum(dollars.values()))}
            rows.append(row)
    note = "Attempts that failed have no answer; what they cost is in the dollars." if dollars else NO_DOLLARS
    return [Table("The bill by role, a replication" if dollars else "Tokens by role, a replication", pd.DataFrame(rows), note)]


def calls_by_role(caption: str, calls: Iterable[pd.DataFrame]) -> Table:
    """The same of logs that are read back: attempts that were answered, and the dollars of all."""
    rows = pd.concat(list(calls))
    answered = rows[rows["status"] == Status.ok.name].assign(tokens=lambda each: each["input_tokens"] + each["output_tokens"])
    tokens, spent = answered.groupby("role")["tokens"].sum(), rows.groupby("role")["cost_usd"].sum()
    found = [role for role in Role if role.name in spent.index]
    texts = pd.DataFrame(
        {
            "who asks": [ROLES[role] for role in found],
            "tokens": [compact(float(tokens.get(role.name, 0))) for role in found],
            "share of tokens": [percent(float(tokens.get(role.name, 0) / tokens.sum())) for role in found],
            "USD": [number(float(spent[role.name])) for role in found],
            "share of the bill": [percent(float(spent[role.name] / spent.sum())) for role in found],
        }
    )
    return Table(caption, texts)
