"""`python -m sim.again FOLDER`, as `sim again FOLDER`: run a saved scenario once more and compare."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Do it, and exit."""
    from sim.shell.cli import main as sim

    sim(["again", *sys.argv[1:]])


if __name__ == "__main__":
    main()
