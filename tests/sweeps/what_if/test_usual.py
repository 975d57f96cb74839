"""What is asked of every log depends on what it has something of."""

from __future__ import annotations

from pathlib import Path

from sim.sweeps.what_if.answer import base_of
from sim.sweeps.what_if.usual import usual
from tests.sweeps.what_if.by_hand import log_of, two


def test_of_a_lead_alone(tmp_path: Path) -> None:
    """Surely less by measured bills is MiniMax M2.5 most of all."""
    assert usual(base_of(two(tmp_path), (), {})) == ["cache=1h", "compact=60k", "minimax_m2_5"]


def test_of_sub_agents_with_short_prompts(tmp_path: Path) -> None:
    calls = ["s,main,0,0,9000,100,10", *(f"s,a{each},0,{each + 9},9000,100,10" for each in range(2))]
    found = usual(base_of(log_of(tmp_path, *calls), (), {}))
    assert found == ["cache=1h", "fanout=half", "sub_agents=claude_haiku_4_5", "minimax_m2_5"]
