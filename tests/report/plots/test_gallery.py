"""Every figure of three unlike sweeps: titles and axes without keys, keys for what is drawn and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

import sim
from sim.report.plots.canvas import BILL_FILLS, title_of
from sim.report.plots.gallery import begins, of_grid, of_run, of_tornado
from sim.report.plots.money import SEEN, money_by_kind
from sim.report.plots.timeline import tokens_over_time
from sim.sweeps.sensitivity import Tornado
from sim.sweeps.sweep import row
from tests.worlds import agent, backend, loop, scenario, team

NAMES = {"one": "Model One", "dear": "Dear One", "twin": "Same Price", "cheap": "Cheap Two"}
LIMIT = "market.models.one.requests_per_min"
FIGURES = ("amplification", "latency_by_backend", "money_by_kind", "spend_by_fanout", "tokens_over_time")


def timeline(tokens: float) -> pd.DataFrame:
    """Three minutes, the second with a call."""
    return pd.DataFrame(
        {"replication": 0, "t_s": [0.0, 60.0, 120.0], "input_tokens": [tokens, 4 * tokens, tokens], "cache_read_tokens": 0.0,
         "cache_write_tokens": 0.0, "output_tokens": 1.0}
    )  # fmt: skip


def _quota() -> pd.DataFrame:
    served = backend(requests_per_min=60, limit_burst_s=10, quality=0.75)
    return sim.sweep(scenario(agent(turns=3), served, tasks=60, every_s=0.5, replications=2), {LIMIT: [20, 1_000_000]}).results


def _fanout() -> pd.DataFrame:
    market = {name: backend(input_usd_per_mtok=usd, label=NAMES[name]) for name, usd in (("dear", 10.0), ("twin", 10.0), ("cheap", 0.5))}
    world = scenario(team(4, loop()), market, tasks=5, replications=2)
    return sim.sweep(world, {"agent.fanout": [1, 4], "backends": [["dear"], ["twin"], ["cheap"]]}).results


def _seed() -> pd.DataFrame:
    return sim.sweep(scenario(agent(), backend(), tasks=5, replications=1), {"agent.split": ["divide", "replicate"]}).results


@pytest.fixture(scope="module")
def sweeps() -> dict[str, pd.DataFrame]:
    """A quota that loses work, a team on backends of which two cost the same, a choice in one replication."""
    return {"quota": _quota(), "fan-out": _fanout(), "choice": _seed()}


@pytest.fixture(scope="module")
def drawn(sweeps: dict[str, pd.DataFrame]) -> dict[str, dict[str, Figure]]:
    """All their figures."""
    lines = {"20/min": timeline(100.0), "1M/min": timeline(200.0)}
    return {name: of_grid(table, NAMES, lines, ["one"], start="2026-02-16T09:00:00") for name, table in sweeps.items()}


def texts(figure: Figure) -> Iterator[str]:
    """All that is written on a figure."""
    yield from (text.get_text() for text in figure.texts)
    for key in figure.legends:
        yield from (text.get_text() for text in key.get_texts())
    for axes in figure.axes:
        yield from (axes.get_xlabel(), axes.get_ylabel(), *(axes.get_title(loc) for loc in ("left", "center", "right")))
        yield from (text.get_text() for text in axes.texts)
        yield from (label.get_text() for axis in (axes.xaxis, axes.yaxis) for label in axis.get_ticklabels())


@pytest.mark.parametrize("name", ["choice", "fan-out", "quota"])
def test_no_figure_says_a_key_or_a_power_of_ten(drawn: dict[str, dict[str, Figure]], name: str) -> None:
    assert set(FIGURES) <= set(drawn[name])
    for figure in drawn[name].values():
        title = title_of(figure)
        assert title
        assert title[0].isupper() or title[0].isdigit()
        for text in texts(figure):
            assert not [mark for mark in ("_", "=", "e+", "nan", "luck", "twin", "%%", "(%) %") if mark in text], text


@pytest.mark.parametrize("name", ["choice", "fan-out", "quota"])
def test_every_axis_is_named(drawn: dict[str, dict[str, Figure]], name: str) -> None:
    for figure in drawn[name].values():
        for axes in (each for each in figure.axes if each.axison):
            assert axes.get_xlabel() or len(axes.get_shared_x_axes().get_siblings(axes)) > 1
            assert axes.get_ylabel() or [label for label in axes.get_yticklabels() if label.get_text()] or len(axes.get_yticks())


def test_overload_is_the_first_figure_and_stands_in_the_latencies(drawn: dict[str, dict[str, Figure]]) -> None:
    assert next(iter(drawn["quota"])) == "work_lost"
    assert title_of(drawn["quota"]["work_lost"]).startswith("Overload with request limit 20/min: ")
    labels = [label.get_text() for label in drawn["quota"]["latency_by_backend"].axes[0].get_yticklabels()]
    assert labels[0].startswith("20/min\n")
    assert "of tasks lost" in labels[0]
    assert labels[1] == "1M/min", "in the order of the axis, not the fastest first"
    assert "Nobody has measured the speed of Model One" in drawn["quota"]["latency_by_backend"].texts[1].get_text()
    assert "work_lost" not in drawn["choice"]


def test_a_numeric_axis_has_its_unit_once(drawn: dict[str, dict[str, Figure]]) -> None:
    axes = drawn["quota"]["spend_by_fanout"].axes[0]
    assert axes.get_xlabel() == "request limit of Model One (/min)"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["20", "1M"]


def test_lines_that_coincide_are_drawn_once_under_all_names(drawn: dict[str, dict[str, Figure]]) -> None:
    tokens, dollars = drawn["fan-out"]["spend_by_fanout"].axes
    assert len(tokens.containers) == 1
    assert [text.get_text() for text in tokens.texts] == ["Dear One and 2 more"]
    assert [text.get_text() for text in dollars.texts] == ["Dear One and 1 more", "Cheap Two"]


def test_keys_name_what_is_drawn_and_nothing_else(drawn: dict[str, dict[str, Figure]]) -> None:
    figure = drawn["fan-out"]["money_by_kind"]
    named = {text.get_text() for key in figure.legends for text in key.get_texts()}
    seen = {kind for bars in figure.axes[0].containers for kind, colour in BILL_FILLS.items()
            if to_hex(bars[0].get_facecolor()) == to_hex(colour) and max(bar.get_width() for bar in bars) >= SEEN}  # fmt: skip
    assert named == seen
    assert figure.axes[0].get_xlabel() == "share of the bill"
    assert all(bar.get_hatch() is None for bars in figure.axes[0].containers for bar in bars)


def test_the_peak_of_a_title_is_the_peak_that_is_drawn() -> None:
    """Over 400 minutes a step is a mean of some: the title says that, not the busiest minute."""
    rows = pd.concat([timeline(100.0).assign(t_s=60.0 * (np.arange(3) + 300 * block)) for block in range(3)])
    figure = tokens_over_time({"a run": rows}, begins=begins("2026-02-16T09:00:00"))
    tops = [np.max(patch.get_data()[0]) for patch in figure.axes[0].patches if isinstance(patch, StepPatch)]
    top = max(tops)
    assert title_of(figure).startswith(f"In the busiest 2 minutes calls end with {top:.0f} tokens per minute")
    assert figure.axes[0].get_xlabel() == "hours since 2026-02-16 09:00 UTC"


@pytest.mark.parametrize(("times", "own"), [(2.0, False), (500.0, True)])
def test_panels_share_a_scale_unless_one_would_be_flat(times: float, own: bool) -> None:
    figure = tokens_over_time({"little": timeline(100.0), "much": timeline(times * 100)})
    tops = [axes.get_ylim()[1] for axes in figure.axes]
    assert (tops[1] > 2 * tops[0]) == own
    assert ("a scale of its own" in figure.texts[1].get_text()) == own


def test_a_moment_is_written_with_its_zone() -> None:
    assert begins("") == ""
    assert begins("2026-02-16T09:00:00+08:00") == "2026-02-16 09:00+08:00"


def test_whiskers_end_at_nothing_and_do_not_rule_the_axis() -> None:
    """A swing of 2 with an interval of 50 beside it: bars stay readable."""
    rows: list[dict[str, Any]] = [
        {"setting": key, "base": 5.0, "low": 2.0, "high": 9.0, "at_low": 1.0, "at_high": 3.0, "difference_at_low": -1.0,
         "difference_at_low_ci_low": -half, "difference_at_low_ci_high": half, "difference_at_high": 1.0,
         "difference_at_high_ci_low": -half, "difference_at_high_ci_high": half, "swing": 2.0}
        for key, half in (("agent.turns", 50.0), ("retry.attempts", 0.5))
    ]  # fmt: skip
    [figure] = of_tornado(Tornado("cost_per_task_usd", 2.0, pd.DataFrame(rows))).values()
    low, high = figure.axes[0].dataLim.intervalx
    assert low >= 0
    assert high < 5
    assert title_of(figure).startswith("What moves cost per task most is not sure")
    assert "Intervals that go on are cut." in figure.texts[1].get_text()


def test_four_of_many_bills_say_which_they_are(sweeps: dict[str, pd.DataFrame]) -> None:
    base = sweeps["fan-out"]
    many = pd.concat([base[base["backends"] == "dear"].assign(backends=f"b{i}") for i in range(6)], ignore_index=True)
    figure = money_by_kind(many)
    assert sum(axes.axison for axes in figure.axes) == 4
    assert "Of 6: the most expensive, the cheapest and two between" in figure.texts[1].get_text()


def test_a_single_run_shows_who_asked_for_its_bill() -> None:
    """A lead and four workers: two bars, whose parts make a whole."""
    result = sim.simulate(scenario(team(4, loop()), backend(), tasks=5, replications=1))
    figure = of_run(result, pd.DataFrame([row({"backends": "one"}, result.summary)]), NAMES)["money_by_kind"]
    kinds, roles = figure.axes
    for axes in (kinds, roles):
        assert sum(bar.get_width() for bars in axes.containers for bar in bars) == pytest.approx(1)
    assert "workers (sub-agents)" in " ".join(text.get_text() for text in roles.texts)
    assert "; by role: workers (sub-agents) " in title_of(figure)
