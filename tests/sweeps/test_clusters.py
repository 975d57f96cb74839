"""Sweeps whose scenarios run in other processes, as on a cluster: the same table, digest for digest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SWEEP = ["-m", "agent=chat", "workload.tasks=5", "replications=2", "backends=[claude_opus_4_6],[minimax_m2_5]"]


def _sweep(folder: Path, *extra: str) -> subprocess.CompletedProcess[str]:
    typed = [sys.executable, "-m", "sim", *SWEEP, f"hydra.sweep.dir={folder}", *extra]
    return subprocess.run(typed, capture_output=True, text=True, check=False, cwd=folder.parent, timeout=120)


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["submitit_local", "ray"])
def test_a_launcher_of_hydras_leaves_the_same_table(launcher: str, tmp_path: Path) -> None:
    pytest.importorskip(f"hydra_plugins.hydra_{launcher.removesuffix('_local')}_launcher")
    here, there = tmp_path / "here", tmp_path / "there"
    assert _sweep(here).returncode == 0
    ran = _sweep(there, f"hydra/launcher={launcher}")
    assert ran.returncode == 0, ran.stderr
    assert (here / "results.csv").read_bytes() == (there / "results.csv").read_bytes()
    for number in ("0", "1"):
        notes = [json.loads((folder / number / "run.json").read_text()) for folder in (here, there)]
        assert notes[0]["digest"] == notes[1]["digest"]
    assert (there / ".submitit").is_dir() == (launcher == "submitit_local")
    again = _sweep(there, f"hydra/launcher={launcher}")
    assert again.returncode == 0, again.stderr
    assert (here / "results.csv").read_bytes() == (there / "results.csv").read_bytes()
