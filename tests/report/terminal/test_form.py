"""`--all` and `--json`: what a command line asks for, and JSON that any reader takes."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd

from sim.report.terminal.form import Form, also_of, form_of, records, written


def test_flags_are_taken_off_wherever_they_stand_and_json_holds_all() -> None:
    assert form_of(["agent=solo", "--all", "-m"]) == (Form.all, ["agent=solo", "-m"])
    assert form_of(["--json", "agent=solo", "--all"]) == (Form.json, ["agent=solo"])
    assert form_of(["agent=solo"]) == (Form.short, ["agent=solo"])


def test_what_is_left_beside_the_page_is_asked_for_in_words() -> None:
    assert also_of(["--pdf", "agent=solo", "--xlsx", "-m"]) == (["pdf", "xlsx"], ["agent=solo", "-m"])
    assert also_of(["agent=solo", "--json"]) == ([], ["agent=solo", "--json"])


def test_json_has_no_number_that_is_none() -> None:
    table = pd.DataFrame({"agent.fanout": np.array([1, 2]), "cost": [0.5, math.nan], "ok": ["a", "b"]})
    found = json.loads(written({"scenarios": records(table), "most": math.inf, "tasks": np.int64(3)}), parse_constant=lambda _: 1 / 0)
    assert found == {
        "scenarios": [{"agent.fanout": 1, "cost": 0.5, "ok": "a"}, {"agent.fanout": 2, "cost": None, "ok": "b"}],
        "most": None,
        "tasks": 3,
    }
