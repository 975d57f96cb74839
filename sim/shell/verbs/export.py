"""A run as a log that other tools read: counts, times and ids, nothing else.

  sim export outputs/2026-02-16/09-00-00-000000 --as claude-code
  sim export outputs/2026-02-16/09-00-00-000000 --as claude-code --out here     then: CLAUDE_CONFIG_DIR=here ccusage

Without --out it goes into export/ of the run's folder. Nothing is written over. What the format cannot hold is said.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from sim.logs.writers import FORMATS
from sim.shell.ending import WELL
from sim.shell.verbs import place


def arguments(parser: ArgumentParser) -> None:
    """A folder, a format, a place."""
    parser.add_argument("folder", type=place, metavar="FOLDER", help="of a run that kept its calls (log=full)")
    parser.add_argument("--as", dest="format", required=True, metavar="FORMAT", help=", ".join(FORMATS))
    parser.add_argument("--out", type=place, metavar="PATH", help="a file or folder that is not there yet")
    parser.add_argument("--trust", action="store_true", help="import a policy or workflow that the run names")


def run(asked: Namespace) -> int:
    """Write, and say what is in it and what is not."""
    from sim.report.numbers import counted
    from sim.results.exported.export import export

    done = export(asked.folder, asked.format, asked.out, trust=asked.trust)
    print(f"{counted(done.calls, 'call')} as {asked.format}: {done.path}")
    for why, many in done.left_out.items():
        print(f"left out: {counted(many, 'attempt')} {why}")
    for note in done.notes:
        print(note)
    print(f"cannot hold: {done.cannot_hold}")
    return WELL
