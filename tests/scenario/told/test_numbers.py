"""Numbers for sentences: what is there is not none, what is missing is not nothing."""

from __future__ import annotations

import pytest

from sim.scenario.told.numbers import share


@pytest.mark.parametrize(
    ("part", "said"), [(0, "0 %"), (0.0004, "<1 %"), (0.01, "1 %"), (0.994, "99 %"), (0.996, ">99 %"), (0.99999, ">99 %"), (1, "100 %")]
)
def test_a_share_at_its_ends(part: float, said: str) -> None:
    assert share(part).replace("\u00a0", " ") == said
