"""Is it right? Theory, queues, recorded sessions, bills and published facts, each against what the simulator makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from sim.validate import bills, facts, queues, recorded, theory
from sim.validate.target import Check, Kind, Target


def all_checks(data: Path | None = None) -> list[Check]:
    """Everything there is; with whole recorded sessions too where a folder holds them."""
    return [*theory.CHECKS, *queues.CHECKS, *recorded.checks(data), *bills.CHECKS, *facts.CHECKS]


def validate(checks: Sequence[Check]) -> list[Target]:
    """Run the checks, behind a progress bar."""
    out: list[Target] = []
    for check in tqdm(checks, desc="validate", unit=" checks", disable=None, leave=False):
        out += check()
    return out


def table(targets: Sequence[Target]) -> pd.DataFrame:
    """A row a target, one kind after the other."""
    order = list(Kind)
    rows = [
        {
            "what": one.name, "kind": one.kind.value, "target": one.target, "ours": one.ours,
            "off": one.ours / one.target - 1 if one.target else one.ours, "margin": one.room, "at least": one.bounds[0],
            "at most": one.bounds[1], "verdict": one.verdict, "source": one.source or "closed form", "made from": one.basis,
            "why not": one.missed if one.verdict == "not reproduced" else "",
        }
        for one in sorted(targets, key=lambda one: order.index(one.kind))
    ]  # fmt: skip
    return pd.DataFrame(rows)
