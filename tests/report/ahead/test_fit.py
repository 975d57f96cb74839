"""A fit for machines and for people."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd

from sim.report.ahead.fit import as_dict, table
from sim.results.fitted.fit import Fit
from sim.results.fitted.goodness import Goodness
from sim.results.outlook.spread import Span


def test_one_session_has_no_interval_and_no_nan_in_json() -> None:
    calls = pd.DataFrame({"trace": ["0"], "possible": [False]})
    found = Fit({}, None, {}, {}, {"m": 1}, {}, {"turns": "too few"}, calls, calls.iloc[:0], backend="x")
    alone = Span(4.0, math.nan, math.nan)
    fits = Goodness({"calls per session": 0.25}, {}, {"calls a session": (Span(5.0, 4.0, 6.0), alone)}, {}, {})
    plain = as_dict(found, fits, [Path("mine/profile/mine.yaml")])
    assert json.loads(json.dumps(plain, allow_nan=False))["means"]["calls a session"]["recorded"]["low"] is None
    assert (plain["sessions"], plain["held_out"]) == (1, 0)
    [row] = [line for line in table(found, fits).splitlines() if line.startswith("calls a session")]
    assert row.split()[3:] == ["5.00", "(4.00", "to", "6.00)", "4.00", "+25", "%"]
