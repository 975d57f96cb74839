"""The studies of `experiments/`: which there are, and what each asks."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

from sim.errors import ConfigError

PACKAGES = ("sim.experiments", "experiments")
"""Where they are: inside an installed package, or beside it in its source."""


def package() -> str:
    """The name under which the studies can be imported. Raises `ConfigError` where they are not there."""
    for name in PACKAGES:
        spec = find_spec(name)
        if spec and any((Path(place) / "article_weeks.py").is_file() for place in spec.submodule_search_locations or ()):
            return name
    raise ConfigError("the studies are not installed beside sim: install the package anew, or run this in its source folder")


def studies() -> dict[str, str]:
    """What each study asks, by name. Raises `ConfigError` where they are not there."""
    spec = find_spec(package())
    places = spec.submodule_search_locations or () if spec else ()
    found = {file.stem: _asked(file) for place in places for file in sorted(Path(place).glob("[a-z]*.py"))}
    return {name: asked for name, asked in found.items() if asked}


def _asked(file: Path) -> str:
    """The first line of its docstring; empty where it is no study, which has a `main`."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    if not any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
        return ""
    return (ast.get_docstring(tree) or "").partition("\n")[0]
