"""It is built where there is a compiler; where there is none, that is said and nothing is left behind."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from sim.engine.compiled.build import FLAGS, LIBRARY, build, compiler, sources


def test_without_a_compiler_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CC", "no-such-compiler")
    if compiler():
        pytest.skip("Python's own compiler is named by its whole path")
    assert build(tmp_path / "twin.so") == "no C compiler was found"
    assert not list(tmp_path.iterdir())


def test_what_does_not_compile_leaves_what_was_there(tmp_path: Path) -> None:
    if not compiler():
        pytest.skip("no C compiler")
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "broken.c").write_text("int broken(void) { return }\n")
    (tmp_path / "twin.so").write_text("the last one")
    assert re.fullmatch(r"\S+ failed: .+", build(tmp_path / "twin.so", folder))
    assert (tmp_path / "twin.so").read_text() == "the last one"
    assert {path.name for path in tmp_path.iterdir()} == {"sources", "twin.so"}


def test_a_changed_line_makes_other_sources(tmp_path: Path) -> None:
    shutil.copytree(LIBRARY.parent, tmp_path / "copy")
    assert sources(tmp_path / "copy") == sources()
    with (tmp_path / "copy" / "call.c").open("a") as file:
        file.write("\n")
    assert sources(tmp_path / "copy") != sources()


def test_sums_of_products_are_rounded_twice() -> None:
    assert "-ffp-contract=off" in FLAGS
