"""The provider's side in print."""

from __future__ import annotations

import pandas as pd
import pytest

from sim.report.provider.table import provider_text, span
from sim.report.tables import readable
from tests.results.provider.test_sides import served


def test_a_table_a_finding_and_no_line_of_it_in_the_summary() -> None:
    found = served()
    text = provider_text(found.providers, "ours", {"one": "The first"})
    head, _, *rows = text.partition("\n\n")[0].splitlines()
    assert head.startswith("Who serves (ours)")
    assert [row.split("  ")[0] for row in rows] == ["The first", "two", "router's surcharge", "all"]
    assert rows[2].split()[-1] == rows[2].split()[2], "a router's surcharge takes no power"
    assert max(map(len, text.partition("\n\n")[0].splitlines())) <= 150
    assert "that users pay" in text
    assert not readable(found.summary, {})["metric"].str.startswith("served").any()


def test_nothing_is_said_of_nobody() -> None:
    assert provider_text(pd.DataFrame(), "", {}) == ""


@pytest.mark.parametrize(("low", "high", "said"), [(0.0461, 0.1, "4.6 to 10"), (0.5, 0.5, "50"), (-1.0, 0.93, "-100 to 93")])
def test_a_range_is_written_once(low: float, high: float, said: str) -> None:
    assert span({"margin_low": low, "margin_high": high}, "margin") == f"{said}\N{NO-BREAK SPACE}%"
