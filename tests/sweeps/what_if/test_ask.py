"""What saves most comes first, and only what is known to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim import ConfigError, DataError
from sim.sweeps.what_if.ask import MOST_CALLS_UNASKED, what_if
from sim.sweeps.what_if.recast import times
from tests.sweeps.what_if.by_hand import BILL_USD, log_of, two


def test_findings_are_ranked_by_what_is_saved_at_least_and_the_unmeasured_comes_last(tmp_path: Path) -> None:
    """Haiku has no bills: at recorded tokens it saves more than Kimi at the work that openhands' bills show."""
    found = what_if(two(tmp_path), ["claude_haiku_4_5", "kimi_k2_5", "batch", "cache=1h", "sessions=2x"])
    assert [each.answer.question.text for each in found.findings] == ["batch", "kimi_k2_5", "claude_haiku_4_5"]
    best = found.findings[0]
    assert best.least_usd == best.most_usd == pytest.approx(BILL_USD / 2, rel=1e-12)
    assert not best.sure  # two sessions say nothing of others
    assert found.months == pytest.approx(1_000_000 / 86_400 / 30.436875, rel=1e-9)


def test_it_is_a_table(tmp_path: Path) -> None:
    table = what_if(two(tmp_path), "sessions=2x").table
    assert (
        table.loc["sessions=2x", "difference_low_usd"]
        == table.loc["sessions=2x", "difference_high_usd"]
        == pytest.approx(BILL_USD, rel=1e-12)
    )
    assert np.isnan(table.loc["sessions=2x", "beyond_usd"])


def test_a_large_log_is_not_tried_unasked(tmp_path: Path) -> None:
    large = times(two(tmp_path), MOST_CALLS_UNASKED // 4 + 1)
    with pytest.raises(DataError, match="not tried unasked on 50,004 calls"):
        what_if(large)


def test_what_is_paid_by_the_hour_is_no_question_of_a_log(tmp_path: Path) -> None:
    """It does not say how many hours its work would take, so that would be free there."""
    with pytest.raises(ConfigError, match="--what-if minimax_m2_5_own: is paid by the hour"):
        what_if(two(tmp_path), "minimax_m2_5_own", ["+server=minimax_m2_5"])


def test_one_setting_may_be_a_text_and_models_are_a_mapping(tmp_path: Path) -> None:
    log = two(tmp_path)
    found, same = (what_if(log, "sessions=2x", settings=each) for each in ("market=nov_2026", ["market=nov_2026"]))
    assert found.table.equals(same.table)
    with pytest.raises(ConfigError, match="models takes a mapping NAME: BACKEND, not list"):
        what_if(log, "sessions=2x", models=["x=kimi_k2_5"])  # type: ignore[arg-type]


def test_a_question_that_nobody_can_read_is_told_before_a_log_that_cannot_be_replayed(tmp_path: Path) -> None:
    log = log_of(tmp_path, "s,main,0,0,100000,1000,10,nobody-1", columns="api_time_s,model")
    with pytest.raises(ConfigError, match="did you mean 'minimax_m2_5'"):
        what_if(log, "minimx_m2_5")
    with pytest.raises(ConfigError, match=r"no call of this log can be replayed: .*--model NAME=BACKEND"):
        what_if(log, "minimax_m2_5")
