"""`sim explore` serves its page until Ctrl-C, a slider moves the answer, and without marimo it says what to install."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.typed import typed

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WAIT_MS = 120_000


def test_without_marimo_a_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "marimo", None)
    ended = typed(tmp_path, "explore")
    assert ended.returncode == 1
    assert ended.stderr == "sim: sim explore needs marimo, which is not installed here: pip install marimo\n"


@pytest.mark.slow
def test_it_serves_a_page_until_it_is_stopped(tmp_path: Path) -> None:
    """Also where a file of the user's is called `sim.py`. Where there is a browser, a slider is moved in it."""
    pytest.importorskip("marimo", reason="no marimo: make browser installs it")
    (tmp_path / "sim.py").write_text("raise SystemExit('taken for ours')\n")
    command = [str(Path(sys.executable).with_name("sim")), "explore", "--no-browser"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[0]
        page = ""
        while not page:
            assert process.poll() is None
            try:
                page = urllib.request.urlopen(url).read().decode()
            except OSError:
                time.sleep(0.1)
        try:
            moved = answers(url)
        finally:
            process.send_signal(signal.SIGINT)
            _, told = process.communicate()
    assert "agent-token-sim: what will our agents cost?" in page
    assert process.returncode == 130
    assert told == "sim: stopped\n"
    assert len(set(moved)) == len(moved)


def answers(url: str) -> list[str]:
    """What the page says before and after an agent more, in a browser; nothing where there is none."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return []
    if found is None:
        return []
    asked: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        window = browser.new_page()
        window.on("request", lambda request: asked.append(request.url))
        window.goto(url)
        window.wait_for_selector("svg[role=img]", timeout=WAIT_MS)
        first = window.locator("h2").first.inner_text()
        window.locator("[role=slider]").first.focus()
        window.keyboard.press("ArrowRight")
        window.wait_for_function("before => document.querySelector('h2')?.innerText !== before", arg=first, timeout=WAIT_MS)
        second = window.locator("h2").first.inner_text()
        browser.close()
    assert [each for each in asked if each.startswith("http") and not each.startswith(url)] == []
    assert "a month" in second
    return [first, second]
