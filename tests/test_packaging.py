"""The wheel carries its settings and runs from anywhere; the layers hold; the tree says what it is."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from hatch_readme import NOTE, on_an_index
from sim.engine.compiled.build import compiler

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the checkout, with what is installed here."""
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    ran = subprocess.run(build, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return next(out.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_every_setting(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for file in (ROOT / "conf").rglob("*.*"):
        assert f"sim/conf/{file.relative_to(ROOT / 'conf').as_posix()}" in inside
    assert {"sim/py.typed", "sim/experiments/article_weeks.py", "sim/experiments/market/feb_2026.yaml"} <= inside
    assert not any("__pycache__" in name for name in inside)
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in inside)


def test_an_index_is_given_no_picture_and_no_link_that_only_a_checkout_has() -> None:
    shown = on_an_index("[a](docs/a.md#b), [x](https://x.org)\n\n![p](docs/p.png)\n\n```sh\n[c](d.md)\n```\nsee [e.md](e.md)\n")
    assert shown == f"a (`docs/a.md`), [x](https://x.org)\n\n```sh\n[c](d.md)\n```\nsee e.md\n\n{NOTE}\n"
    whole = on_an_index((ROOT / "README.md").read_text(encoding="utf-8"))
    assert not re.search(r"\]\((?!https?://)", whole)
    named = set(re.findall(r"\(`([^`]+)`\)", whole))
    assert "docs/tutorial.md" in named
    assert all((ROOT / name).is_file() for name in named)


@pytest.mark.slow
def test_the_wheel_says_that_on_its_index(wheel: Path) -> None:
    files = zipfile.ZipFile(wheel)
    said = files.read(next(name for name in files.namelist() if name.endswith(".dist-info/METADATA"))).decode()
    assert "Description-Content-Type: text/markdown" in said
    assert said.rstrip().endswith(NOTE)
    assert "](docs/" not in said


@pytest.mark.slow
def test_a_wheel_with_the_compiled_twin_is_for_machines_of_its_kind_and_any_python(wheel: Path) -> None:
    carries = "sim/engine/compiled/twin.so" in zipfile.ZipFile(wheel).namelist()
    assert carries is bool(compiler())
    assert wheel.stem.endswith("py3-none-any") is not carries
    assert "-py3-none-" in wheel.stem


@pytest.mark.slow
def test_the_sdist_can_be_built_from(wheel: Path) -> None:
    with tarfile.open(next(wheel.parent.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert not any(name.endswith(".so") for name in names)
    assert {"hatch_build.py", "hatch_readme.py", "sim/engine/compiled/call.c"} <= names
    assert {"pyproject.toml", "conf/config.yaml", "sim/__init__.py", "tests/test_packaging.py"} <= names


@pytest.mark.slow
def test_the_wheel_runs_the_study_from_an_unrelated_folder(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", system_site_packages=False, with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)], check=True)
    libraries = next(Path(path) for path in sys.path if path.endswith("site-packages"))
    place = next((tmp_path / "env" / "lib").glob("python*/site-packages"))
    (place / "libraries.pth").write_text(f"{libraries}\n")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    small = ["workload.tasks=4", "replications=2", "agent=chat,team_2", "backends=[claude_opus_4_6],[minimax_m2_5]", "hydra.sweep.dir=out"]
    command = [str(tmp_path / "env" / "bin" / "sim"), "experiment=fanout", *small]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    where = subprocess.run([python, "-c", "import sim; print(sim.__file__)"], cwd=folder, capture_output=True, text=True, check=True)
    assert str(tmp_path) in where.stdout
    assert (folder / "out" / "results.csv").exists()
    study = subprocess.run([*command[:1], "study", "effective_price", "--help"], cwd=folder, capture_output=True, text=True, check=False)
    assert study.stdout.startswith("usage: python -m experiments.effective_price"), study.stderr


def test_constraints_are_plain_lines() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"[A-Za-z0-9_.\-]+==[A-Za-z0-9_.+\-]+", line), line


def test_no_file_of_the_package_is_long() -> None:
    long = {str(p.relative_to(ROOT)): n for p in (ROOT / "sim").rglob("*.py") if (n := len(p.read_text().splitlines())) > 330}
    assert not long
