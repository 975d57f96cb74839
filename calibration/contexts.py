"""Where recorded sessions are compacted, by model (`sim.results.fitted.contexts`).

python -m calibration.contexts DATA        by model, from claude_code_calls.csv.gz
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from calibration.sessions import read_calls
from sim.results.fitted.contexts import WINDOW_TOKENS, compacted_at, stretches, usual


def by_model(calls: pd.DataFrame) -> pd.DataFrame:
    """Where main agents compact, by model."""
    rows = []
    for model, found in [("all", stretches(calls)), *stretches(calls).groupby("model")]:
        inside, mine = usual(found), calls if model == "all" else calls[calls["model"] == model]
        rows.append(
            {
                "model": model,
                "sessions": found["trace"].nunique(),
                "beyond 200k": found.loc[found["longest"] > WINDOW_TOKENS, "trace"].nunique(),
                "compactions": int(inside["ended"].sum()),
                "half at tokens": compacted_at(inside),
                "share of 200k": round(compacted_at(inside) / WINDOW_TOKENS, 3),
                "longest prompt": int(found["longest"].max()),
                "calls above 165k": round(float((mine["input_tokens"] > 165_000).mean()), 3),
            }
        )
    return pd.DataFrame(rows)


def main(arguments: list[str]) -> None:
    """Print the table."""
    if len(arguments) != 1 or not (Path(arguments[0]) / "claude_code_calls.csv.gz").exists():
        sys.exit("contexts: name the folder that holds claude_code_calls.csv.gz")
    calls = read_calls(Path(arguments[0]))
    print(by_model(calls[calls["depth"] == 0]).to_string(index=False))


if __name__ == "__main__":
    main(sys.argv[1:])
