"""The table of all rows in print, how many of each kind hold, and `VALIDATION.md`."""

from __future__ import annotations

import math

import pandas as pd

from sim.report.tables import aligned
from sim.results.provenance import SOFTWARE
from sim.validate.target import Kind

MEANING = {
    Kind.exact: "nothing varies; a closed form, or a record that is replayed, is met to the token",
    Kind.chance: "a closed form, met within what chance leaves open",
    Kind.fitted: "data that the settings were made from: shows that the fit is in place, and no more",
    Kind.predicted: "data that the settings were not made from",
    Kind.missed: "off, and known why: listed, not failed",
}


def summary(found: pd.DataFrame) -> str:
    """How many rows of each kind pass and fail."""
    rows = []
    for kind in Kind:
        verdicts = found.loc[found["kind"] == kind.value, "verdict"]
        counts = [f"{(verdicts == verdict).sum()}" if kind is not Kind.missed else "" for verdict in ("pass", "fail")]
        rows.append({"kind": kind.value, "rows": f"{len(verdicts)}", "pass": counts[0], "fail": counts[1], "which says": MEANING[kind]})
    return aligned(pd.DataFrame(rows))


def readable(found: pd.DataFrame) -> str:
    """The rows in print."""
    out = pd.DataFrame({"what": found["what"], "kind": found["kind"]})
    out["target"], out["ours"] = found["target"].map(_number), found["ours"].map(_number)
    out["off"], out["margin"] = found["off"].map(_off), found["margin"]
    out["verdict"] = found["verdict"]
    return aligned(out)


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:,.6g}"


def _off(value: float) -> str:
    if math.isnan(value):
        return ""
    return "exact" if abs(value) < 1e-9 else f"{100 * value:+.2g} %"


def page(found: pd.DataFrame) -> str:
    """`VALIDATION.md`."""
    head = f"# Validation\n\nWritten by `python -m sim.validate --page`, {SOFTWARE}, seed 1."
    made = {kind: found[found["kind"] == kind.value] for kind in (Kind.predicted, Kind.fitted)}
    parts = [
        head, f"```text\n{summary(found)}\n```", f"```text\n{readable(found)}\n```",
        f"## Predicted, and from what\n\n{_from_what(made[Kind.predicted])}",
        f"## Fitted, and on what\n\n{_from_what(made[Kind.fitted])}",
        f"## Not reproduced, and why\n\n{_reasons(found[found['kind'] == Kind.missed.value])}",
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _from_what(rows: pd.DataFrame) -> str:
    """Rows of one origin and source together."""
    out = []
    for (basis, source), group in rows.groupby(["made from", "source"], sort=False):
        named = "\n".join(f"  - {name}" for name in group["what"])
        out.append(f"- From: {basis}.\n  Against: {source}.\n{named}")
    return "\n".join(out) or "Nothing."


def _reasons(rows: pd.DataFrame) -> str:
    said = []
    for why, group in rows.groupby("why not", sort=False):
        origin = f" From: {group['made from'].iloc[0]}." if group["made from"].iloc[0] else ""
        said += [f"- {why[0].upper()}{why[1:]}.{origin}", *(f"  - {name}" for name in group["what"])]
    return "\n".join(said) or "Nothing."
