"""What people read: tables that line up, findings that are in the table, figures that can be read."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import sim
from sim.report.findings.finding import finding
from sim.report.grid import study
from sim.report.numbers import compact, number
from sim.report.page import BILLS_DIFFER, INTERVALS_ARE, SUCCESS_IS, caveats, show_run
from sim.report.plots.amplification import amplification
from sim.report.plots.canvas import apart, save_all
from sim.report.plots.latency import latency_by_backend
from sim.report.plots.money import money_by_kind
from sim.report.plots.spend import spend_by_fanout
from sim.report.plots.timeline import tokens_over_time
from sim.report.tables import aligned, crosstab
from sim.report.terminal.form import Form
from sim.settings.router import Policy, RouterSettings
from sim.settings.run import Log
from sim.sweeps.sweep import row
from tests.worlds import agent, backend, loop, scenario, team

NAMES = {"dear": "Dear One", "cheap": "Cheap Two"}
WORLD = {"dear": backend(input_usd_per_mtok=10.0, label="Dear One"), "cheap": backend(input_usd_per_mtok=0.5, label="Cheap Two")}


def swept(**axes: list[Any]) -> pd.DataFrame:
    world = scenario(team(6, loop(output_tokens={"dist": "exponential", "mean": 300})), WORLD, tasks=20, replications=3)
    keys = {"fanout": "agent.fanout", "backends": "backends", "turns": "agent.turns"}
    return sim.sweep(world, {keys[name]: values for name, values in axes.items()}).results


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Fan-out by backend."""
    return swept(fanout=[1, 2, 4, 8, 16], backends=[["dear"], ["cheap"]])


def written(figure: Figure) -> Iterator[Text]:
    """Every text that is drawn: of the page, the keys, the axes, and of the ticks in view."""
    yield from figure.texts
    for key in figure.legends:
        yield from key.get_texts()
    for axes in figure.axes:
        if axes.axison:
            yield from (axes.xaxis.label, axes.yaxis.label, axes.title, *axes.texts)
            yield from (t for side in ("left", "right") if (t := getattr(axes, f"_{side}_title", None)) is not None)
            for axis in (axes.xaxis, axes.yaxis):
                low, high = sorted(axis.get_view_interval())
                yield from (tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high)


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that are drawn over one another (a pixel of touching does not count); none may be cut off."""
    figure.canvas.draw()
    page = figure.bbox
    boxes = [(text.get_text(), text.get_window_extent().padded(-1)) for text in written(figure) if text.get_visible() and text.get_text()]
    for text, box in boxes:
        assert page.x0 - 1 <= box.x0, f"{text} is cut off"
        assert box.x1 <= page.x1 + 1, f"{text} is cut off"
    return [(a[0], b[0]) for a, b in itertools.combinations(boxes, 2) if a[1].overlaps(b[1])]


def timeline() -> pd.DataFrame:
    return sim.simulate(scenario(agent(), WORLD, tasks=50, every_s=60.0)).timeline


FIGURES = {
    "spend": lambda table: spend_by_fanout(table, NAMES),
    "money": lambda table: money_by_kind(table, NAMES),
    "latency": lambda table: latency_by_backend(table, NAMES),
    "time": lambda table: tokens_over_time({"a team": timeline(), "one agent": timeline()}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_labels_do_not_overlap_and_every_axis_says_what_it_is(table: pd.DataFrame, name: str) -> None:
    figure = FIGURES[name](table)
    assert overlapping(figure) == []
    for axes in figure.axes:
        if axes.axison:
            assert axes.get_xlabel() or axes.get_shared_x_axes().get_siblings(axes) != [axes]
            assert axes.get_ylabel() or [label.get_text() for label in axes.get_yticklabels()]
    assert any(character.isdigit() for character in figure.texts[0].get_text()), "the title states a finding"


def test_lines_carry_the_tables_values_and_intervals(table: pd.DataFrame) -> None:
    right = spend_by_fanout(table, NAMES).axes[1]
    drawn = {bars.get_label(): bars[0].get_ydata() for bars in right.containers}
    for key, name in NAMES.items():
        np.testing.assert_allclose(drawn[name], table[table["backends"] == key]["cost_per_task_usd"])


def test_shares_of_the_bill_add_up(table: pd.DataFrame) -> None:
    panel = money_by_kind(table, NAMES).axes[0]
    widths = sum(np.array([bar.get_width() for bar in bars]) for bars in panel.containers)
    np.testing.assert_allclose(widths, 1)


@pytest.mark.parametrize("wanted", [[1, 1, 1, 1], [5, 1, 5.2, 0.9], [0, 10, 20]])
def test_labels_are_moved_apart_but_keep_their_order(wanted: list[float]) -> None:
    got = apart(wanted, 1.0)
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(np.array(got)[order]) >= 1 - 1e-12).all()
    assert np.mean(got) == pytest.approx(np.mean(wanted))


def test_the_finding_is_in_the_table(table: pd.DataFrame) -> None:
    told = " ".join(finding(table, NAMES, {"Dear One": 10.0, "Cheap Two": 0.5}).paragraphs)
    last = table[table["agent.fanout"] == 16].set_index("backends")
    times = last.loc["dear", "tokens_per_task"] / table[table["agent.fanout"] == 1].set_index("backends").loc["dear", "tokens_per_task"]
    assert f"A task takes {number(times)} times the tokens with 16 sub-agents as with 1 sub-agent" in told
    assert "by list price Dear One costs 20.0 times as much as Cheap Two" in told.replace("By", "by")
    assert f"${number(last.loc['dear', 'cost_per_task_usd'], 2)} on Dear One" in told


def test_failed_scenarios_are_named_and_the_rest_is_shown(table: pd.DataFrame) -> None:
    broken = table.copy()
    broken.insert(2, "status", ["ok"] * 9 + ["failed: agent.fanout=16: no"])
    one = study(broken, NAMES)
    assert len(one.failed) == 1
    assert overlapping(spend_by_fanout(broken, NAMES)) == []
    assert " - " in crosstab(one, {}).splitlines()[-3]


@pytest.mark.slow
@pytest.mark.parametrize(
    "axes", [{"fanout": [3]}, {"backends": [["dear"], ["cheap"]]}, {"turns": [3, 30, 300]}, {"fanout": [1, 2], "turns": [2, 3]}], ids=str
)
def test_any_sweep_can_be_drawn_and_told(axes: dict[str, list[Any]]) -> None:
    found = swept(**axes)
    for draw in (spend_by_fanout, money_by_kind, latency_by_backend, amplification):
        assert overlapping(draw(found, NAMES)) == []
    assert finding(found, NAMES).said.endswith(".")


def test_a_table_does_not_wait_for_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file where the figures' folder should be stands for any reason why they cannot be."""
    (tmp_path / "figures").touch()
    result = sim.simulate(scenario(agent(), WORLD, tasks=5, replications=2))
    with pytest.raises(FileExistsError):
        show_run(result, tmp_path)
    said = capsys.readouterr().out
    assert result.digest in said
    assert said.split("\n")[0].split() == ["about", "metric", "mean", "unit", "95", "%", "interval", "theory", "off"]
    assert "agents_per_task" not in said
    with pytest.raises(FileExistsError):
        show_run(result, tmp_path, Form.json)
    found = json.loads(capsys.readouterr().out)
    assert found["digest"] == result.digest
    assert found["metrics"].keys() == set(result.summary.index)
    assert found["metrics"]["cost_per_task_usd"]["mean"] == result.mean("cost_per_task_usd")
    assert not (tmp_path / "report.md").exists()


@pytest.mark.slow
def test_a_run_shows_itself_with_and_without_a_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for log in Log:
        result = sim.simulate(scenario(agent(), WORLD, tasks=5, replications=2, log=log))
        show_run(result, tmp_path / log.name, Form.all)
        said = capsys.readouterr().out
        assert result.digest in said
        assert f"costs ${number(result.mean('cost_per_task_usd'), 2)}" in said
        assert {path.stem for path in (tmp_path / log.name / "figures").iterdir()} == {
            "money_by_kind", "amplification", "latency_by_backend", "tokens_over_time",
        }  # fmt: skip
        assert said.split("\n\n")[0] in (tmp_path / log.name / "report.md").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("backends", [1, 2, 8])
def test_figures_of_a_single_run_show_it_whoever_serves(backends: int) -> None:
    """Its multiplier in factors; names of many backends leave room for the bars."""
    served = {f"a_backend_of_some_length_{number}": backend() for number in range(backends)}
    result = sim.simulate(scenario(agent(), served, tasks=20, replications=1, router=RouterSettings(policy=Policy.weighted)))
    table = pd.DataFrame([row({"backends": ",".join(served)}, result.summary)])
    for draw in (amplification, money_by_kind, latency_by_backend):
        figure = draw(table, {})
        assert overlapping(figure) == []
        assert figure.axes[0].get_position().width > 0.4
    drawn = amplification(table, {})
    assert next(written(drawn)).get_text().startswith("A task takes")
    for name in ("request", "message", "session"):
        value = number(result.mean(f"multiplier_per_{name}"), 2)
        assert any(f"{name}: ×{value}" in text.get_text() for text in drawn.axes[0].texts)


def test_figures_are_whole_or_absent(tmp_path: Path) -> None:
    figure = Figure()
    figure.savefig = _broken  # type: ignore[method-assign,assignment]
    with pytest.raises(OSError, match="full"):
        save_all({"half": figure}, tmp_path)
    assert list((tmp_path / "figures").iterdir()) == []


def _broken(path: Path, **_: Any) -> None:
    path.write_bytes(b"half a picture")
    raise OSError("disk full")


def test_tables_line_up() -> None:
    lines = aligned(pd.DataFrame({"who": ["a", "long name"], "USD": ["1,000", "2"], "verdict": ["more", "-"]})).splitlines()
    assert lines == ["who          USD  verdict", "---------  -----  -------", "a          1,000  more", "long name      2  -"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.00"), (0.00159, "0.00159"), (9.514, "9.51"), (1536.4, "1,540"), (-2.0, "-2.00"), (float("nan"), "-"), (999.9, "1,000")],
)
def test_numbers_for_people(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(("value", "text"), [(950, "950"), (999.6, "1k"), (12_345, "12.3k"), (4.12e12, "4.12T"), (5e6, "5M")])
def test_counts_for_people(value: float, text: str) -> None:
    assert compact(value) == text


def test_cautions_are_those_of_the_run() -> None:
    """Of bills where backends are compared, of success where it is known; no name of a model that is not there."""
    one = pd.DataFrame({"backends": ["claude_sonnet_4_6"], "success_rate": [math.nan]})
    assert caveats(one) == [INTERVALS_ARE]
    assert caveats(one.assign(success_rate=0.7)) == [SUCCESS_IS, INTERVALS_ARE]
    assert caveats(pd.concat([one, one.assign(backends="minimax_m2_5")])) == [BILLS_DIFFER, INTERVALS_ARE]
    assert not any(name in " ".join([BILLS_DIFFER, SUCCESS_IS, INTERVALS_ARE]) for name in ("MiniMax", "Claude", "Gemini"))
