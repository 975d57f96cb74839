"""What `sim` alone says: it fits a screen, and every word in it is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sim.scenario.hydra_private import looked_at
from sim.scenario.load import CONF
from sim.shell.guide import GUIDE, help_text
from sim.shell.verbs import VERBS
from tests.typed import typed


def test_it_fits_a_screen_and_names_every_verb() -> None:
    lines = GUIDE.splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 100
    named = set(re.findall(r"\bsim ([a-z]+)\b(?!=)", GUIDE))
    assert set(VERBS) <= named


def test_help_names_every_verb_and_every_choice_and_composes_nothing(tmp_path: Path) -> None:
    made: list[Any] = []
    with looked_at(made.append):
        shown = [typed(tmp_path, flag).stdout for flag in ("--help", "-h")]
    assert made == []
    assert shown == [f"{help_text()}\n"] * 2
    assert set(VERBS) <= set(re.findall(r"\bsim ([a-z]+)\b(?!=)", shown[0]))
    for file in CONF.glob("*/**/*.yaml"):
        menu = file.parent.relative_to(CONF).as_posix()
        assert re.search(rf"^{menu}: (.*, )?{file.stem}(,|$)", shown[0], re.MULTILINE)
    assert len(shown[0].splitlines()) < 60
