"""The house cut open, as a picture: floors from top to bottom, a room for each room, a window for each file."""

from __future__ import annotations

import colorsys
import textwrap
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from docs.contributing.floors import Floor, House, Room

WIDTH = 1190
LEFT, RIGHT = 80, 960
"""Inner sides of the outer walls."""
ROOF = 214
"""Where the top floor begins."""
_WALL, _SLAB, _PAD = 8, 8, 14
_INK, _STONE, _PAPER, _LAMP, _TILES, _WOOD = "#2b2d38", "#4a4c59", "#f7f2e8", "#fff8dc", "#a8482f", "#c98b5a"
_SANS = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
_MONO = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_STYLE = f"""\
text {{ font-family: {_SANS}; fill: {_INK}; }}
.room {{ font-size: 19px; font-weight: 700; }}
.inner {{ font-size: 14px; font-weight: 700; }}
.says {{ font-size: 14px; }}
.file {{ font-family: {_MONO}; font-size: 13px; }}
.number {{ font-size: 20px; font-weight: 700; fill: #fff; text-anchor: middle; }}
.reach {{ font-size: 11px; font-weight: 700; text-anchor: middle; }}
.small {{ font-size: 13px; fill: #6a6a72; }}
.light {{ fill: #f7f2e8; }}
"""


@dataclass
class Canvas:
    """Pieces of SVG, in the order in which they are painted."""

    pieces: list[str] = field(default_factory=list)

    def box(self, x: float, y: float, width: float, height: float, fill: str, more: str = "") -> None:
        """A rectangle."""
        self.pieces.append(f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" fill="{fill}" {more}/>')

    def text(self, x: float, y: float, style: str, text: str, more: str = "") -> None:
        """One line of text, from its left end or as the style anchors it."""
        self.pieces.append(f'<text x="{x:.0f}" y="{y:.0f}" class="{style}" {more}>{escape(text)}</text>')

    def disc(self, x: float, y: float, radius: float, fill: str, more: str = "") -> None:
        """A circle."""
        self.pieces.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius:g}" fill="{fill}" {more}/>')

    def path(self, way: str, fill: str, more: str = "") -> None:
        """Any outline."""
        self.pieces.append(f'<path d="{way}" fill="{fill}" {more}/>')


@dataclass(frozen=True)
class Cell:
    """What one box of a floor shows: a room, or the modules of a floor that stand alone."""

    title: str
    says: str
    files: tuple[str, ...]
    inner: tuple[Cell, ...]
    size: int

    @property
    def narrowest(self) -> float:
        """Width below which a title or a window would not fit."""
        words = max([len(self.title) * 11.5, *(_window(name) for name in self.files), 120.0])
        return max([words, *(cell.narrowest for cell in self.inner)]) + 2 * _PAD

    def header(self, width: float) -> list[str]:
        """What it is for, in lines that fit."""
        return textwrap.wrap(self.says.replace("`", ""), max(12, int((width - 2 * _PAD) / 7.3)))

    def height(self, width: float) -> float:
        """Of title, sentence, windows and the rooms inside."""
        rows = _windows(self.files, width - 2 * _PAD)
        own = 36 + 17 * len(self.header(width)) + 28 * (max((row for row, _, _ in rows), default=-1) + 1) + _PAD - 4
        return own + sum(cell.height(width - 2 * _PAD) + 4 for cell in self.inner)


def drawn(house: House) -> str:
    """The whole picture."""
    canvas, y = Canvas(), float(ROOF)
    top = max(floor.number for floor in house.floors)
    for floor in house.floors:
        y += _floor(canvas, house, floor, y, _hue(floor.number, top)) + _SLAB
    walls = Canvas()
    walls.box(LEFT - _WALL, ROOF - _SLAB, RIGHT - LEFT + 2 * _WALL, y - ROOF + _SLAB, _STONE)
    bottom = _ground(canvas, house, y)
    under = Canvas()
    under.box(0, 0, WIDTH, bottom, _PAPER, 'rx="18"')
    _roof(under)
    _legend(canvas)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom:.0f}" role="img" aria-labelledby="title desc">',
        '<title id="title">The house</title>',
        f'<desc id="desc">{len(house.floors)} floors of rooms of sim/, each file a window; house.md says it in words.</desc>',
        f"<style>\n{_STYLE}</style>",
    ]
    return "\n".join([*lines, *under.pieces, *walls.pieces, *canvas.pieces, "</svg>"]) + "\n"


def _floor(canvas: Canvas, house: House, floor: Floor, y: float, hue: float) -> float:
    """Paint a floor; returns its height."""
    cells = _cells(house, floor)
    room = RIGHT - LEFT - _WALL * (len(cells) - 1) - sum(cell.narrowest for cell in cells)
    widths = [cell.narrowest + room * cell.size / sum(cell.size for cell in cells) for cell in cells]
    height = max(cell.height(width) for cell, width in zip(cells, widths, strict=True))
    x = float(LEFT)
    for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        canvas.box(x, y, width, height, _colour(hue, 0.87, 0.55))
        _cell(canvas, cell, x, y, width, hue, "room")
        x += width
        if number < len(cells) - 1 and floor.doors:
            _door(canvas, x, y + height)
        x += _WALL
    middle = y + height / 2
    canvas.disc(LEFT - 43, middle, 21, _colour(hue, 0.4, 0.45))
    canvas.text(LEFT - 43, middle + 7, "number", str(floor.number))
    _reach(canvas, house, floor, middle)
    return height


def _cells(house: House, floor: Floor) -> list[Cell]:
    rooms = [house.rooms[name] for name in floor.rooms]
    alone = [room for room in rooms if not room.package]
    cells = [_of(room) for room in rooms if room.package]
    if alone:
        cells.append(Cell("single files", "", tuple(room.name for room in alone), (), sum(room.size for room in alone)))
    return cells


def _of(room: Room) -> Cell:
    def inside(prefix: str) -> tuple[str, ...]:
        names = (file.name.removeprefix(prefix) for file in room.files if file.name.startswith(prefix))
        return tuple(sorted(name for name in names if "." not in name and name != "__init__"))

    inner = tuple(Cell(f"{name}/", says, inside(f"{name}."), (), 0) for name, says in sorted(room.inner.items()))
    return Cell(room.name, room.says, inside(""), inner, room.size)


def _cell(canvas: Canvas, cell: Cell, x: float, y: float, width: float, hue: float, style: str) -> None:
    canvas.text(x + _PAD, y + 25, style, cell.title)
    y += 36
    for line in cell.header(width):
        canvas.text(x + _PAD, y + 9, "says", line)
        y += 17
    last = -1
    for last, left, name in _windows(cell.files, width - 2 * _PAD):
        canvas.box(x + _PAD + left, y + 28 * last, _window(name), 22, _LAMP, f'rx="3" stroke="{_colour(hue, 0.55, 0.35)}"')
        canvas.text(x + _PAD + left + 8, y + 28 * last + 15, "file", name)
    y += 28 * (last + 1)
    for inner in cell.inner:
        height = inner.height(width - 2 * _PAD)
        canvas.box(x + _PAD, y, width - 2 * _PAD, height, _colour(hue, 0.8, 0.5), 'rx="4"')
        _cell(canvas, inner, x + _PAD, y, width - 2 * _PAD, hue, "inner")
        y += height + 4


def _windows(names: tuple[str, ...], width: float) -> list[tuple[int, float, str]]:
    """(row, distance from the left, name) of each window."""
    placed, row, left = [], 0, 0.0
    for name in names:
        if left and left + _window(name) > width:
            row, left = row + 1, 0.0
        placed.append((row, left, name))
        left += _window(name) + 6
    return placed


def _window(name: str) -> float:
    return 7.9 * len(name) + 16


def _reach(canvas: Canvas, house: House, floor: Floor, middle: float) -> None:
    """The floors below: a filled disc for one it imports from, a ring for one that it does not."""
    reached, top = house.reaches(floor), max(each.number for each in house.floors)
    for below in range(floor.number - 1, 0, -1):
        x, hue = RIGHT + 34 + 22 * (top - 1 - below), _hue(below, top)
        if below in reached:
            canvas.disc(x, middle, 9.5, _colour(hue, 0.4, 0.45))
            canvas.text(x, middle + 4, "reach", str(below), 'style="fill:#fff"')
        else:
            canvas.disc(x, middle, 9, "none", 'stroke="#cfc8ba"')
            canvas.text(x, middle + 4, "reach", str(below), 'style="fill:#b9b2a4"')


def _roof(canvas: Canvas) -> None:
    middle = (LEFT + RIGHT) / 2
    for back, y, radius in ((54, 46, 9), (32, 27, 12), (0, 18, 15)):
        x = RIGHT - 124 - back
        canvas.disc(x, y, radius, "#e9e1cf", 'stroke="#cfc4aa"')
        canvas.text(x, y + radius * 0.42, "small", "$", f'text-anchor="middle" style="font-size:{radius * 1.2:.0f}px"')
    canvas.box(RIGHT - 208, 64, 52, 110, _STONE)
    canvas.box(RIGHT - 214, 58, 64, 12, _INK)
    canvas.path(f"M{LEFT - 44},{ROOF - _SLAB} L{middle:.0f},22 L{RIGHT + 44},{ROOF - _SLAB} Z", _TILES)
    canvas.text(middle, 128, "light", "The house", 'text-anchor="middle" style="font-size:44px;font-weight:700;fill:#fff"')
    subtitle = "Every room and every file of sim/. A floor imports from the floors below it, never from above."
    canvas.text(middle, 164, "light", subtitle, 'text-anchor="middle" style="font-size:15px;fill:#fbe9df"')


def _door(canvas: Canvas, x: float, y: float) -> None:
    """In the wall that begins at x, on the floor at y."""
    canvas.box(x - 1, y - 34, _WALL + 2, 34, _WOOD)
    canvas.disc(x + _WALL - 2, y - 16, 1.5, _LAMP)


def _legend(canvas: Canvas) -> None:
    x, y = RIGHT + 46, 40
    canvas.box(x - 8, y - 18, _WALL, 46, _STONE)
    _door(canvas, x - 8, y + 28)
    canvas.text(x + 16, y, "small", "a door: neighbours may")
    canvas.text(x + 16, y + 18, "small", "import one another")
    canvas.box(x - 8, y + 44, _WALL, 34, _STONE)
    canvas.text(x + 16, y + 66, "small", "a wall: they may not")
    canvas.disc(x - 4, y + 103, 9, _STONE)
    canvas.text(x + 16, y + 107, "small", "imports from this floor")
    canvas.disc(x - 4, y + 131, 9, "none", 'stroke="#b9b2a4"')
    canvas.text(x + 16, y + 135, "small", "may, and does not")


def _ground(canvas: Canvas, house: House, y: float) -> float:
    """The front door, and the libraries on which the house stands; returns where the picture ends."""
    canvas.box(0, y, WIDTH, 12, "#7d9463")
    canvas.box(LEFT - _WALL - 14, y - 4, RIGHT - LEFT + 2 * _WALL + 28, 18, _INK)
    libraries = sorted({library for room in house.rooms.values() for library in room.libraries}, key=str.lower)
    known = {library: {room.floor for room in house.rooms.values() if library in room.libraries} for library in libraries}
    lines = [("front door: import sim", house.front), ("the ground it stands on", [f"{name} {_spans(known[name])}" for name in libraries])]
    y += 48
    for title, names in lines:
        canvas.text(LEFT, y, "inner", title)
        rows = _windows(tuple(names), RIGHT - LEFT - 190)
        for row, left, name in rows:
            canvas.box(LEFT + 190 + left, y - 16 + 28 * row, _window(name), 22, "#ece4d3", 'rx="3"')
            canvas.text(LEFT + 198 + left, y - 1 + 28 * row, "file", name)
        y += 28 * (rows[-1][0] + 1) + 10 if rows else 0
    canvas.text(LEFT + 190, y - 4, "small", "The numbers are the floors that know a library.")
    return y + 24


def _spans(numbers: set[int]) -> str:
    """`2-4,7` for 2, 3, 4 and 7."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ",".join(f"{span[0]}-{span[-1]}" if len(span) > 1 else str(span[0]) for span in spans)


def _hue(number: int, top: int) -> float:
    """From warm under the roof to cool in the cellar."""
    return 0.07 + 0.56 * (top - number) / max(1, top - 1)


def _colour(hue: float, light: float, full: float) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colorsys.hls_to_rgb(hue, light, full))
