"""Runs once more what runs left in their folders, and says whether the same comes out: `python -m sim.again FOLDER`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sim.errors import DataError, SimError
from sim.results.provenance import SOFTWARE, read_origin
from sim.results.simulate import simulate
from sim.scenario.load import load_run
from sim.sweeps.folder import runs_of


def again(folder: Path) -> tuple[bool, str]:
    """Run a folder's scenario; whether its digest is the one recorded, and that in words. Raises `SimError`."""
    scenario, made_by = load_run(folder), read_origin(folder)
    if "digest" not in made_by:
        raise DataError(f"{folder}: its origin.json does not say what came out")
    result = simulate(scenario)
    if result.digest == made_by["digest"]:
        return True, f"{folder}: same digest {result.digest} ({SOFTWARE}, seed {scenario.seed})"
    changed = [f"{name} {made_by.get(name)} then, {now} now" for name, now in result.origin.items() if made_by.get(name) != now]
    return False, f"{folder}: another digest: {', '.join(changed)}"


def main() -> None:
    """One line a run; ends with 1 if one of them came out differently or could not be run."""
    parser = argparse.ArgumentParser(prog="python -m sim.again", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="+", help="of a run, or of a sweep: all of its runs")
    same = True
    for folder in parser.parse_args().folder:
        for run in runs_of(folder) or [folder]:
            try:
                one, line = again(run)
            except (SimError, OSError) as error:
                one, line = False, f"sim.again: {error}"
            print(line, file=sys.stdout if one else sys.stderr)
            same &= one
    sys.exit(not same)


if __name__ == "__main__":
    main()
