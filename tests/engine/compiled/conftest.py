"""The twin, built from the sources beside these tests: what lies there, if it is of them; else it is compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.compiled.build import LIBRARY, build, compiler, sources
from sim.engine.compiled.library import Library


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Skips where there is no C compiler."""
    if LIBRARY.exists() and (found := Library(LIBRARY)).sources == sources():
        return found
    return built(tmp_path_factory.mktemp("twin") / LIBRARY.name)


def built(path: Path, folder: Path = LIBRARY.parent) -> Library:
    """One that is compiled, quickly."""
    if not compiler():
        pytest.skip("no C compiler")
    assert build(path, folder, ("-std=c11", "-O0", "-ffp-contract=off", "-fPIC", "-shared", "-fvisibility=hidden")) == ""
    return Library(path)
