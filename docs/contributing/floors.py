"""The house as the code has it: floors, rooms, files, and who imports whom. Reads the source; imports none of it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FRONT = "sim"
"""The package; its own `__init__` is the front door."""
_SIZES = (50, 100, 200, 400, 800, 1600, 3200, 6400)
"""Lines of code are told in these steps, so that the map changes when a room does and not with every line."""


@dataclass(frozen=True)
class File:
    """One module."""

    name: str
    """Within its room: `desk`, or `plots.money`."""
    says: str
    """First line of its docstring."""
    lines: int


@dataclass
class Room:
    """A package of the top level, or a module that stands there alone."""

    name: str
    floor: int
    says: str = ""
    package: bool = True
    files: list[File] = field(default_factory=list)
    inner: dict[str, str] = field(default_factory=dict)
    """Rooms in the room: name -> first line of its docstring."""
    uses: set[str] = field(default_factory=set)
    """Other rooms that it imports."""
    libraries: set[str] = field(default_factory=set)

    @property
    def size(self) -> int:
        """Lines of code, rounded up to the next step."""
        lines = sum(file.lines for file in self.files)
        return next((step for step in _SIZES if lines <= step), _SIZES[-1])


@dataclass(frozen=True)
class Floor:
    """Rooms of one layer."""

    number: int
    """From 1, which imports nothing of the house."""
    rooms: tuple[str, ...]
    doors: bool
    """Whether its rooms may import one another."""


@dataclass
class House:
    """All of it."""

    floors: list[Floor]
    """From the top."""
    rooms: dict[str, Room]
    front: list[str]
    """Names that the package itself offers."""

    def users_of(self, room: Room) -> list[str]:
        """Rooms that import it, from the top."""
        return [name for floor in self.floors for name in floor.rooms if room.name in self.rooms[name].uses]

    def reaches(self, floor: Floor) -> set[int]:
        """Numbers of the floors from which a floor imports."""
        return {self.rooms[used].floor for name in floor.rooms for used in self.rooms[name].uses}


def read(root: Path) -> House:
    """The house under a checkout's root. Raises `SystemExit` for a room that is on no floor."""
    floors = _floors(root / "pyproject.toml")
    rooms = {name: Room(name, floor.number) for floor in floors for name in floor.rooms}
    homeless, front = set(), root / FRONT
    for path in sorted(front.rglob("*.py")):
        parts = path.relative_to(front).with_suffix("").parts
        if parts == ("__init__",):
            continue
        if parts[0] in rooms:
            _enter(rooms[parts[0]], path, parts[1:])
        else:
            homeless.add(parts[0])
    empty = {name for name, room in rooms.items() if not room.files}
    if homeless or empty:
        wrong = f"on no floor: {sorted(homeless)}; on a floor, but not there: {sorted(empty)}"
        raise SystemExit(f"pyproject.toml, [tool.importlinter] layers: {wrong}")
    for room in rooms.values():
        room.uses &= rooms.keys() - {room.name}
    return House(floors, rooms, _offered(front / "__init__.py"))


def _floors(pyproject: Path) -> list[Floor]:
    contracts = tomllib.loads(pyproject.read_text())["tool"]["importlinter"]["contracts"]
    layers: list[str] = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [Floor(len(layers) - above, tuple(re.findall(r"\w+", layer)), doors="|" not in layer) for above, layer in enumerate(layers)]


def _enter(room: Room, path: Path, within: tuple[str, ...]) -> None:
    """Add a module to its room; `within` is empty for one that is a room of its own."""
    text = path.read_text()
    tree = ast.parse(text)
    says = (ast.get_docstring(tree) or "").partition("\n")[0]
    if within[-1:] == ("__init__",):
        if within[:-1]:
            room.inner[".".join(within[:-1])] = says
        else:
            room.says = says
    elif not within:
        room.package, room.says = False, says
    room.files.append(File(".".join(within) or room.name, says, len(text.splitlines())))
    for module in _imported(tree, (FRONT, room.name, *within)):
        top, _, rest = module.partition(".")
        if top == FRONT:
            room.uses.add(rest.partition(".")[0])
        elif top not in sys.stdlib_module_names:
            room.libraries.add(top)


def _imported(tree: ast.Module, here: tuple[str, ...]) -> Iterator[str]:
    """Full names of what a module imports, wherever in it: inside of functions and for types only too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = [*here[: len(here) - node.level]] if node.level else []
            source += [node.module] if node.module else []
            yield from (".".join([*source, alias.name]) for alias in node.names)


def _offered(front: Path) -> list[str]:
    """Functions and modules in `__all__`: what is lower-case and public."""
    for node in ast.walk(ast.parse(front.read_text())):
        if isinstance(node, ast.Assign) and any(isinstance(name, ast.Name) and name.id == "__all__" for name in node.targets):
            return [name for name in ast.literal_eval(node.value) if name.islower() and not name.startswith("_")]
    return []
