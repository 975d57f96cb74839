"""Is it right? Theory, queues, recorded sessions and published facts, each against what the simulator makes of it.

    python -m sim.validate                 about two minutes on two cores
    python -m sim.validate --data FOLDER   with whole recorded sessions too (claude_code_calls.csv.gz)
    python -m sim.validate --page          write VALIDATION.md as well

Prints a line a target, leaves `validation.csv` and `figures/validation.png` in a folder, and ends with 1 when one has failed.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from sim.report.plots.agreement import VERDICTS, agreement
from sim.report.plots.canvas import save_all
from sim.report.tables import aligned
from sim.results.files import write_whole
from sim.validate import facts, queues, recorded, theory
from sim.validate.target import Check, Target
from sim.version import __version__


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


def main(words: Sequence[str] | None = None, checks: Sequence[Check] | None = None) -> None:
    """Run, print, write; ends with 1 where a target is missed. `words`: of the command line; `checks`: others than all there are."""
    parser = argparse.ArgumentParser(prog="python -m sim.validate", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("outputs") / "validation", help="folder for the table and the figure")
    parser.add_argument("--data", type=Path, help=f"folder that holds {recorded.RECORDED}")
    parser.add_argument("--page", action="store_true", help="write VALIDATION.md here")
    asked = parser.parse_args(words)
    began = time.monotonic()
    if checks is None:
        checks = [*theory.CHECKS, *queues.CHECKS, *recorded.checks(asked.data), *facts.CHECKS]
    found = table(validate(checks))
    text = readable(found)
    asked.out.mkdir(parents=True, exist_ok=True)
    write_whole(asked.out / "validation.csv", lambda path: found.to_csv(path, index=False))
    save_all({"validation": agreement(found)}, asked.out)
    if asked.page:
        Path("VALIDATION.md").write_text(page(found, text), encoding="utf-8")
    counts = found["verdict"].value_counts()
    said = ", ".join(f"{counts.get(verdict, 0)} {verdict}" for verdict in VERDICTS)
    print(f"{text}\n\n{said}; {time.monotonic() - began:.0f} s; {asked.out}")
    sys.exit(int(counts.get("fail", 0) > 0))


if __name__ == "__main__":
    main()
