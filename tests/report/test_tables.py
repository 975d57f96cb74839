"""Tables in print: whichever way a sweep is laid out, its numbers stand where they belong."""

from __future__ import annotations

import pandas as pd

from sim.report.grid import study
from sim.report.tables import PRINTED, failures, grid, readable


def swept(*lines: str) -> pd.DataFrame:
    """Fan-outs of 1 and 2 on these backends; dollars are fan-out and number of the line, every other metric 1."""
    rows = [
        {"backends": f"[{line}]", "agent.fanout": fanout, "status": "ok",
         **{f"{metric}{end}": 1.0 for metric in PRINTED for end in ("", "_ci_low", "_ci_high")},
         "cost_per_task_usd": 10.0 * fanout + number, "cost_per_task_usd_ci_low": 9.0 * fanout, "cost_per_task_usd_ci_high": 11.0 * fanout}
        for number, line in enumerate(lines) for fanout in (1, 2)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_lines_and_places_are_crossed_with_the_list_price_beside() -> None:
    head, *body = grid(study(swept("cheap", "dear")), {"dear": 5.0}).splitlines()
    assert head.split("  ")[0] == "USD per task on"
    assert "list USD/Mtok in" in head
    assert "1 sub-agent  " in head
    dear, cheap = (next(line for line in body if line.startswith(name)) for name in ("dear", "cheap"))
    assert (dear.split()[0], dear.split()[-1]) == ("dear", "5.00")
    assert (cheap.split()[0], cheap.split()[-1]) == ("cheap", "-")
    assert "±" in dear
    assert body[-1] == "±: half of the 95 % interval. Success, dollars per success and cache hits are of 2 sub-agents."


def test_a_single_line_is_listed_scenario_by_scenario() -> None:
    head, _, one, two, *_ = grid(study(swept("cheap")), {}).splitlines()
    assert head.split()[:2] == ["backends", "sub-agents"]
    assert one.split()[:2] == ["cheap", "1"]
    assert two.split()[:2] == ["cheap", "2"]


def test_what_failed_is_a_line_with_its_place_and_reason() -> None:
    table = swept("cheap")
    table.loc[1, "status"] = "failed: no room"
    assert failures(study(table)) == ["  2 sub-agents: no room"]


def test_a_summary_has_theory_beside_it_and_leaves_out_what_never_happened() -> None:
    summary = pd.DataFrame(
        {"unit": ["tokens", "USD", "calls", ""], "mean": [200.0, 1.02, 0.0, 3.0],
         "ci_low": [200.0, 1.0, 0.0, 3.0], "ci_high": [200.0, 1.1, 0.0, 3.0]},
        index=pd.Index(["tokens", "dollars", "refused", "unknown"], name="metric"),
    )  # fmt: skip
    found = readable(summary, {"tokens": 200.0, "dollars": 1.0}).set_index("metric")
    assert found["off"].to_dict() == {"tokens": "exact", "dollars": "+2 %", "unknown": ""}
    assert found.loc["dollars", "95 % interval"] == "1.00 to 1.10"
    assert found.loc["tokens", "95 % interval"] == ""
    assert "theory" not in readable(summary, {})
