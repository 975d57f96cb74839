"""What `sim` alone says: it fits a screen, and every word in it is there."""

from __future__ import annotations

import re

from sim.shell.guide import GUIDE
from sim.shell.verbs import VERBS


def test_it_fits_a_screen_and_names_every_verb() -> None:
    lines = GUIDE.splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 100
    named = set(re.findall(r"\bsim ([a-z]+)\b(?!=)", GUIDE))
    assert set(VERBS) <= named
