"""Sums over calls, as ccusage tells them: another backend, batch and prices can be asked of them, by hand; what needs calls is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim import ConfigError
from sim.logs import Log, read
from sim.report.billed.answers import page
from tests.logs.readers.gateways.test_ccusage import BREAKDOWN, day
from tests.logs.readers.harnesses.test_claude_code import said, usage
from tests.logs.written import FRESH, OUT, READ, WRITE, lines

COUNTS = {"inputTokens": 500_000, "outputTokens": 1_000, "cacheCreationTokens": 20_000, "cacheReadTokens": 3_000_000}
"""Of `BREAKDOWN`."""
SONNET = {"inputTokens": 3e-6, "outputTokens": 15e-6, "cacheCreationTokens": 3.75e-6, "cacheReadTokens": 0.3e-6}
OPUS = {"inputTokens": FRESH, "outputTokens": OUT, "cacheCreationTokens": WRITE, "cacheReadTokens": READ}
"""USD a token, by the vendor's list of February 2026."""


def log(folder: Path) -> Log:
    """Two days."""
    days = [day(modelBreakdowns=[BREAKDOWN]) | {"date": f"2026-02-{each}"} for each in (16, 19)]
    return read(lines(folder / "x.json", {"daily": days, "totals": {}}))


def bill(prices: dict[str, float]) -> float:
    return 2 * sum(prices[name] * COUNTS[name] for name in COUNTS)


@pytest.mark.parametrize(
    ("question", "usd"),
    [
        ("claude_sonnet_4_6", bill(SONNET)),
        ("claude-opus-4-6=claude_sonnet_4_6", bill(SONNET)),
        ("batch", bill(OPUS) / 2),
        ("claude_sonnet_4_6 batch", bill(SONNET) / 2),
        ("market.models.claude_opus_4_6.output_usd_per_mtok=0", bill({**OPUS, "outputTokens": 0})),
    ],
)
def test_sums_are_priced_anew(tmp_path: Path, question: str, usd: float) -> None:
    """With the reads and writes that they tell, and no prompt over a tier."""
    found = sim.what_if(log(tmp_path), question)
    (answer,) = found.answers
    assert (answer.before_usd, answer.usd) == pytest.approx((bill(OPUS), usd), rel=1e-12)
    assert answer.sessions == 2
    assert answer.difference.mean == pytest.approx(usd - bill(OPUS), rel=1e-12)
    assert "What if, by pricing these sums anew, with their cache reads and writes" in page(found)


@pytest.mark.parametrize(
    "question",
    ["cache=1h", "compact=60k", "fanout=half", "sessions=2x", "flat=200/month,10/5h", "retry.attempts=3",
     "market.models.claude_opus_4_6.cache_ttl_s=3600", "claude_sonnet_4_6 cache=1h"],
)  # fmt: skip
def test_what_depends_on_single_calls_is_refused_in_a_line(tmp_path: Path, question: str) -> None:
    with pytest.raises(ConfigError, match="the log has sums over calls alone: of these another backend, batch, a market or a price can be"):
        sim.what_if(log(tmp_path), question)


def test_unasked_the_backend_of_the_least_bill_is_tried(tmp_path: Path) -> None:
    found = sim.what_if(log(tmp_path))
    assert [each.question.moves[0][0] for each in found.answers] == ["*"]
    assert not found.refused


def test_beside_calls_sums_are_left_out(tmp_path: Path) -> None:
    log(tmp_path)
    lines(tmp_path / "y.jsonl", said(1, "1", usage(10, 5_000, 0, 9)), said(40, "2", usage(10, 300, 5_000, 70)))
    both = read(tmp_path)
    assert len(both.calls) == 4
    found = sim.what_if(both, "claude_sonnet_4_6")
    assert found.base.left_out == {"sums over many calls": 2}
    assert found.answers[0].sessions == 1
