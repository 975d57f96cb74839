"""Draws the map of the house anew from the code: `python -m docs.contributing.house [FOLDER]`, or `make map`."""

from __future__ import annotations

import sys
from pathlib import Path

from docs.contributing.drawing import drawn
from docs.contributing.floors import File, Floor, House, Room, read

ROOT = Path(__file__).resolve().parents[2]
_HEAD = """\
# The house

<!-- Written by `make map` from the code and from [tool.importlinter] in pyproject.toml. Do not edit: change those. -->

![The house: ten floors of rooms, each file a window](house.svg)

Each row of windows is a room of `sim/`, each window a file. A floor imports from the floors below it, never from one above.
On one floor, a door between two rooms says that they may import one another; a wall says that they may not.
`lint-imports` (in `make check`) holds the code to this. The circles on the right say which floors a floor does import from.
Sizes are lines of code, rounded up to 50, 100, 200, 400, and so on: the map changes when a room does, not with every line.

## Floors
"""


def main(folder: Path) -> None:
    """Write both files."""
    house = read(ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "house.svg").write_text(drawn(house))
    (folder / "house.md").write_text(page(house))


def page(house: House) -> str:
    """The map in words."""
    rows = [row for floor in house.floors for row in _rows(house, floor)]
    table = [
        "| floor | room | what it is for | size | may be imported by | is imported by |",
        "| --- | --- | --- | --- | --- | --- |",
        *rows,
    ]
    packages = [room for floor in house.floors for name in floor.rooms if (room := house.rooms[name]).package]
    return "\n".join([_HEAD, *table, "", "## Rooms, file by file", *(line for room in packages for line in _files(house, room))]) + "\n"


def _rows(house: House, floor: Floor) -> list[str]:
    top = max(each.number for each in house.floors)
    rows = []
    for room in (house.rooms[name] for name in floor.rooms):
        above = [] if room.floor == top else ["the floor above" if room.floor == top - 1 else f"floors {room.floor + 1} to {top}"]
        may = _listed([*above, *(["its neighbours"] if floor.doors and len(floor.rooms) > 1 else [])])
        does = _listed([f"`{name}`" for name in house.users_of(room)])
        name = f"[`{room.name}/`](#{room.name})" if room.package else f"`{room.name}.py`"
        rows.append(f"| {floor.number} | {name} | {_cell(room.says)} | {room.size:,} | {may} | {does} |")
    return rows


def _files(house: House, room: Room) -> list[str]:
    uses = _listed([f"`{name}`" for floor in house.floors for name in floor.rooms if name in room.uses], "nothing")
    lines = ["", f"### {room.name}", "", f"Floor {room.floor}. {room.says} It imports: {uses}.", ""]
    return lines + [_file(file) for file in sorted(room.files, key=_inner_last) if file.name != "__init__"]


def _inner_last(file: File) -> tuple[int, str]:
    return file.name.count("."), file.name


def _file(file: File) -> str:
    path = file.name.replace(".", "/")
    path = f"{path.removesuffix('__init__')}" if path.endswith("/__init__") else f"{path}.py"
    return f"- `{path}` {file.says}"


def _listed(names: list[str], none: str = "nobody") -> str:
    return ", ".join(names) or none


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
