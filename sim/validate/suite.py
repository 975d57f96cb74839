"""Is it right? Theory, queues, recorded sessions and published facts, each against what the simulator makes of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from sim.report.tables import aligned
from sim.validate import facts, queues, recorded, theory
from sim.validate.target import Check, Target
from sim.version import __version__


def all_checks(data: Path | None = None) -> list[Check]:
    """Everything there is; with whole recorded sessions too where a folder holds them."""
    return [*theory.CHECKS, *queues.CHECKS, *recorded.checks(data), *facts.CHECKS]


def validate(checks: Sequence[Check]) -> list[Target]:
    """Run the checks, behind a progress bar."""
    out: list[Target] = []
    for check in tqdm(checks, desc="validate", unit=" checks", disable=None, leave=False):
        out += check()
    return out


def table(targets: Sequence[Target]) -> pd.DataFrame:
    """A row a target."""
    rows = [
        {
            "what": one.name, "target": one.target, "ours": one.ours, "off": one.ours / one.target - 1 if one.target else one.ours,
            "at least": one.bounds[0], "at most": one.bounds[1], "verdict": one.verdict,
            "source": one.source or "closed form", "why not": one.missed if one.verdict == "not reproduced" else "",
        }
        for one in targets
    ]  # fmt: skip
    return pd.DataFrame(rows)


def readable(found: pd.DataFrame) -> str:
    """The table in print."""
    out = pd.DataFrame({"what": found["what"], "target": map(_number, found["target"]), "ours": map(_number, found["ours"])})
    out["off"] = [_off(value) for value in found["off"]]
    spans = zip(found["target"], found["at least"], found["at most"], strict=True)
    out["margin"] = [_margin(*span) for span in spans]
    out["verdict"] = found["verdict"]
    return aligned(out)


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:,.6g}"


def _off(value: float) -> str:
    if math.isnan(value):
        return ""
    return "exact" if abs(value) < 1e-9 else f"{100 * value:+.2g} %"


def _margin(target: float, low: float, high: float) -> str:
    if math.isinf(high):
        return f"at least {low:,.3g}"
    half = (high - low) / 2
    if abs((high + low) / 2 - target) > 1e-6 * abs(target):
        return f"{low:,.3g} to {high:,.3g}"
    return f"{100 * half / abs(target):.3g} %" if target and half > 1e-8 * abs(target) else "none"


def page(found: pd.DataFrame, text: str) -> str:
    """`VALIDATION.md`."""
    misses = found[found["verdict"] == "not reproduced"]
    why = "\n".join(f"- {row['what']}: {row['why not']}." for row in misses.to_dict("records"))
    head = f"# Validation\n\nWritten by `python -m sim.validate --page`, agent-token-sim {__version__}, seed 1."
    return f"{head}\n\n```text\n{text}\n```\n\nNot reproduced, and why:\n\n{why}\n"
