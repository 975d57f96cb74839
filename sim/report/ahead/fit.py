"""A fit for people: how well it meets what was held out, what was too little to fit, what was written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sim.report.numbers import counted, number
from sim.report.tables import aligned
from sim.results.fitted.fit import Fit
from sim.results.fitted.goodness import Goodness
from sim.results.outlook.spread import Span


def table(found: Fit, fits: Goodness) -> str:
    """How well it fits, as text: also for the heads of files."""
    against = "held-out sessions" if len(found.held_out) else "the sessions it was fitted to"
    chance = "two recorded halves"
    apart = {f"KS distance to {against}": list(fits.distance), "ours": [f"{value:.3f}" for value in fits.distance.values()]}
    if fits.floor:
        apart[chance] = [f"{fits.floor[name]:.3f}" for name in fits.distance]
    means = {
        "mean": list(fits.means),
        "ours": [_told(ours) for ours, _ in fits.means.values()],
        "recorded": [_told(theirs) for _, theirs in fits.means.values()],
        "apart": [f"{100 * (ours.value / theirs.value - 1):+.0f} %" if theirs.value else "-" for ours, theirs in fits.means.values()],
    }
    return f"{aligned(pd.DataFrame(apart))}\n{aligned(pd.DataFrame(means))}"


def as_dict(found: Fit, fits: Goodness, written: Sequence[Path]) -> dict[str, Any]:
    """The same for JSON."""
    means = {name: {"ours": _plain(ours), "recorded": _plain(theirs)} for name, (ours, theirs) in fits.means.items()}
    sizes = {"sessions": found.used["trace"].nunique(), "held_out": found.held_out["trace"].nunique() if len(found.held_out) else 0}
    return {
        **sizes,
        "backend": found.backend,
        "ks_distance": fits.distance,
        "ks_of_two_halves": fits.floor,
        "means": means,
        "not_fitted": found.missing,
        "written": [str(path) for path in written],
    }


def page(found: Fit, fits: Goodness, written: Sequence[Path], folder: Path, name: str) -> str:
    """What was fitted, how well, to what, and how to go on."""
    held = found.held_out["trace"].nunique() if len(found.held_out) else 0
    sessions = counted(found.used["trace"].nunique(), "session")
    head = f"Fitted to {sessions} ({len(found.used):,} calls), {held:,} held out; dollars at the prices of {found.backend}."
    lacking = [f"- not fitted: {name_}: {why}" for name_, why in found.missing.items()]
    files = "\n".join(f"  {path}" for path in written)
    team = f"\nwith sub-agents in every session: sim --config-dir {folder} experiment={name} agent={name}_team" if found.team else ""
    return "\n\n".join(
        [
            head,
            table(found, fits),
            *(
                ["Reads of the log are those that were possible: recorded dollars leave out those after waits longer than a cache lives."]
                if found.used["possible"].any()
                else []
            ),
            "In brackets: 95 % intervals over sessions (ours: of the simulation alone, not of the fit). KS: the largest difference\n"
            "of shares below any value; 0 is the same law.",
            *(["\n".join(lacking)] if lacking else []),
            f"Written:\n{files}\n\nThe future: sim --config-dir {folder} experiment={name}{team}",
        ]
    )


def _plain(span: Span) -> dict[str, float | None]:
    """What is not known is None."""
    return {name: value if math.isfinite(value) else None for name, value in span._asdict().items()}


def _told(span: Span) -> str:
    if math.isnan(span.low):
        return number(span.value)
    return f"{number(span.value)} ({number(max(0.0, span.low))} to {number(span.high)})"
