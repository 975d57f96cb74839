"""The app runs: its sliders stand where they should, and say what a function says."""

from __future__ import annotations

import pytest

pytest.importorskip("marimo", reason="the app of `sim explore` needs marimo: pip install marimo")

from sim.report.explore.app import app
from sim.report.explore.asked import Asked, headline


@pytest.mark.slow
def test_it_shows_the_answer_to_where_its_sliders_stand() -> None:
    shown, names = app.run()
    assert names["question"] == Asked()
    page = " ".join(str(getattr(each, "text", "")) for each in shown)
    assert names["text"](headline(Asked())).replace("\\", "") in page.replace("\\", "")
    assert "<svg " in page
    assert "dollars a solved task" in page
