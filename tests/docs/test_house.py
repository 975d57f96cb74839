"""The map of the house is that of the house."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from docs.contributing import house
from docs.contributing.floors import read

ROOT = Path(__file__).resolve().parents[2]
MAP = ROOT / "docs" / "contributing"
_PYPROJECT = """\
[[tool.importlinter.contracts]]
type = "layers"
layers = ["attic : roof", "parlour | kitchen", "cellar"]
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A house of three floors."""
    (tmp_path / "pyproject.toml").write_text(_PYPROJECT)
    files = {
        "__init__.py": '"""Front."""\nfrom sim.attic import look\n__all__ = ["Big", "look"]\n',
        "attic/__init__.py": '"""Up here."""\n',
        "attic/box/__init__.py": '"""A box."""\n',
        "attic/box/lid.py": '"""Shuts."""\nfrom ... import cellar\n',
        "roof.py": '"""Keeps dry."""\nimport numpy, os\nimport sim.attic.box\n',
        "parlour/__init__.py": "",
        "parlour/chair.py": '"""Sit.\n\nLong."""\ndef sit():\n    from sim import cellar\n' + "    pass\n" * 60,
        "kitchen.py": "from .cellar import wine\n",
        "cellar.py": "wine = 1\n",
    }
    for name, text in files.items():
        path = tmp_path / "sim" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", ["house.md", "house.svg"])
def test_the_map_is_up_to_date(tmp_path: Path, name: str) -> None:
    house.main(tmp_path)
    assert (tmp_path / name).read_text() == (MAP / name).read_text(), f"docs/contributing/{name} is not up to date: run `make map`"


def test_the_picture_holds_every_file() -> None:
    said = {text.text for text in ElementTree.parse(MAP / "house.svg").iter("{http://www.w3.org/2000/svg}text")}
    stems = {path.stem for path in (ROOT / "sim").rglob("*.py") if path.stem != "__init__"}
    assert stems <= said


def test_what_is_read(small: Path) -> None:
    read_house = read(small)
    rooms = read_house.rooms
    assert [(floor.number, floor.rooms, floor.doors) for floor in read_house.floors] == [
        (3, ("attic", "roof"), True),
        (2, ("parlour", "kitchen"), False),
        (1, ("cellar",), True),
    ]
    assert rooms["roof"].uses == {"attic"}
    assert rooms["roof"].libraries == {"numpy"}
    assert rooms["attic"].uses == rooms["parlour"].uses == rooms["kitchen"].uses == {"cellar"}
    assert rooms["attic"].inner == {"box": "A box."}
    assert [file.name for file in rooms["attic"].files] == ["__init__", "box.__init__", "box.lid"]
    assert rooms["parlour"].files[1].says == "Sit."
    assert rooms["parlour"].size == 100
    assert read_house.users_of(rooms["cellar"]) == ["attic", "parlour", "kitchen"]
    assert read_house.front == ["look"]


def test_a_room_on_no_floor_is_named(small: Path) -> None:
    (small / "sim" / "shed.py").write_text("")
    (small / "sim" / "roof.py").unlink()
    with pytest.raises(SystemExit, match=r"on no floor: \['shed'\]; on a floor, but not there: \['roof'\]"):
        read(small)
