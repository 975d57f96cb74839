"""Pages in a browser: nothing on the console, nothing from a network, no fault of access, at two widths and in print, by keyboard alone."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sim
from sim import LogBill
from sim.report.html.of_comparison import show_comparison
from sim.report.html.of_log import show_log
from sim.report.page import show_run, show_sweep
from sim.settings.run import RetrySettings
from sim.shell.cli import main
from tests.logs.readers.traces.test_own import HEAD
from tests.logs.written import february, lines
from tests.report.html.test_of_log import COLUMNS, LEAD, SUB
from tests.worlds import agent, backend, loop, scenario, team

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = {"desk": 1280, "phone": 390}
PAPER = {"A4": 703, "Letter": 725}
"""Pixels between the margins of `style.css`."""
GRAVE = ("serious", "critical")

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: make browser installs it")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-core: make browser installs it")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of the main study in small, a run, a sweep of quotas, a comparison, a log."""
    place = tmp_path_factory.mktemp("pages")
    small = ["workload.tasks=2", "replications=2", "processes=1", "agent=chat,swe_task", "backends=[claude_opus_4_6],[minimax_m2_5]"]
    with pytest.raises(SystemExit):
        main(["experiment=fanout", *small, f"hydra.sweep.dir={place / 'study'}"])
    one = backend(label="One", error_rate=0.1)
    for name, price in (("run", 1.0), ("dear", 3.0)):
        workers = loop(output_tokens={"dist": "exponential", "mean": 300})
        world = scenario(team(3, workers), backend(output_usd_per_mtok=price), tasks=4, every_s=120.0, replications=2, name=name)
        result = sim.simulate(world)
        result.save(place / name)
        if name == "run":
            show_run(result, place / name)
    slow = scenario(agent(), {"one": one}, tasks=6, replications=2, retry=RetrySettings(attempts=1), name="quota")
    sim.sweep(slow, {"market.models.one.input_tokens_per_min": [20_000, 100_000, 10_000_000]}, folder=place / "quota")
    show_sweep(sim.gather(place / "quota"), place / "quota")
    show_comparison([place / "run", place / "dear"], place / "comparison", quiet=True)
    show_log(LogBill(sim.logs.read(lines(place / "x.csv", f"{HEAD},{COLUMNS}", LEAD, SUB)), february()), [], place / "log")
    return {name: place / name / "report.html" for name in ("study", "run", "quota", "comparison", "log")}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One for all pages."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)}")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


def opened(browser: Any, path: Path, width: int, faults: list[str], **media: Any) -> Any:
    """The page in a window of its own; what it says to the console and asks of a network is a fault."""
    shown = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce", **media).new_page()
    shown.on("console", lambda message: faults.append(f"console: {message.text}"))
    shown.on("pageerror", lambda error: faults.append(f"error: {error}"))
    shown.on("request", lambda asked: faults.extend(f"request: {url}" for url in (asked.url,) if url != path.as_uri()))
    shown.goto(path.as_uri())
    return shown


def too_wide(shown: Any) -> int:
    """Pixels by which a page goes beyond its window."""
    found: int = shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found


@pytest.mark.slow
def test_every_page_is_clean_on_a_desk_on_a_phone_in_the_dark_and_on_paper(pages: dict[str, Path], browser: Any) -> None:
    found: dict[tuple[str, str], list[str]] = {}
    charts: set[tuple[str, str]] = set()
    for name, path in pages.items():
        assert path.stat().st_size < 1_000_000
        for place, width in WIDTHS.items():
            faults: list[str] = []
            shown = opened(browser, path, width, faults, color_scheme="dark" if place == "phone" else "light")
            told = axe.Axe().run(shown).response["violations"]
            faults += [f"{each['id']}: {each['nodes'][0]['html'][:100]}" for each in told if each["impact"] in GRAVE]
            faults += ["wider than its window"] * (too_wide(shown) > 0)
            if place == "desk":
                faults += list(by_keyboard(shown))
                charts |= {(name, kind) for kind in CHARTS if CHARTS[kind](shown)}
                for paper, inside in PAPER.items():
                    shown.emulate_media(media="print")
                    shown.set_viewport_size({"width": inside, "height": 900})
                    faults += [f"wider than {paper}, by {too_wide(shown)}"] * (too_wide(shown) > 0)
            shown.context.close()
            found |= {(name, place): faults} if faults else {}
    assert not found
    assert charts == {("study", "table"), ("quota", "table"), ("run", "timeline"), ("log", "timeline")}


def by_keyboard(shown: Any) -> Iterator[str]:
    """What a keyboard cannot do."""
    shown.keyboard.press("Tab")
    if shown.evaluate("document.activeElement.className") != "skip":
        yield "the first stop is not the way to the answer"
    shown.locator("th button").first.focus()
    shown.keyboard.press("Enter")
    if shown.locator("th[aria-sort=ascending]").count() != 1:
        yield "a table is not sorted by Enter"
    if not shown.locator(".said").first.text_content().startswith("Sorted by"):
        yield "sorting is not told"


def of_table(shown: Any) -> bool:
    """Whether there is a chart of a table; a keyboard alone has it say what is at another place, and of another metric."""
    chart = shown.locator("[data-chart=table]")
    if not chart.count():
        return False
    said = chart.locator(".told")
    first, look = said.text_content(), chart.locator("input[type=range]")
    look.focus()
    shown.keyboard.press("Home" if look.input_value() != "0" else "End")
    second = said.text_content()
    assert second != first
    assert look.get_attribute("aria-valuetext") in second
    chart.locator("select").first.focus()
    shown.keyboard.press("ArrowDown")
    assert said.text_content() not in (first, second)
    assert shown.evaluate("document.activeElement.tagName") == "SELECT"
    for number in range(chart.locator("select").count()):  # the table read along another axis
        chart.locator("select").nth(number).focus()
        shown.keyboard.press("End")
        shown.keyboard.press("Home")
    assert chart.locator("svg[role=img]").count() == 1
    assert "nothing is known" not in said.text_content()
    return True


def of_timeline(shown: Any) -> bool:
    """Whether there is a run over time; its window is moved by keys and by the brush, and what it says is of that window."""
    chart = shown.locator("[data-chart=timeline]")
    if not chart.count():
        return False
    data, said = json.loads(chart.locator("script").text_content()), chart.locator(".told")
    tokens = [sum(kinds) for kinds in zip(*(part["values"] for part in data["series"][0]["parts"]), strict=True)]
    assert said_tokens(said.text_content()) == pytest.approx(sum(tokens), rel=0.005)
    chart.get_by_role("slider", name="From").focus()
    for _ in range(2):
        shown.keyboard.press("ArrowRight")
    assert said_tokens(said.text_content()) == pytest.approx(sum(tokens[2:]), rel=0.005)
    chart.get_by_role("button", name="From first to last").press("Enter")
    assert said_tokens(said.text_content()) == pytest.approx(sum(tokens), rel=0.005)
    chart.locator("[aria-hidden] .overlay").scroll_into_view_if_needed()
    box = chart.locator("[aria-hidden] .overlay").bounding_box()
    shown.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 9)
    shown.mouse.down()
    shown.mouse.move(box["x"] + box["width"] - 1, box["y"] + 9, steps=3)
    shown.mouse.up()
    assert said_tokens(said.text_content()) == pytest.approx(sum(tokens[round(len(tokens) / 2) :]), rel=0.005)
    return True


CHARTS = {"table": of_table, "timeline": of_timeline}


def said_tokens(text: str) -> float:
    """Of a timeline's sentence."""
    found = re.search(r": ([\d.]+)([kMB]?) tokens", text)
    assert found is not None
    return float(found[1]) * {"": 1, "k": 1e3, "M": 1e6, "B": 1e9}[found[2]]
