"""`python -m sim.validate`, as `sim validate`: hold the simulator to theory and data."""

import sys
from importlib import import_module

if __name__ == "__main__":
    import_module("sim.shell.cli").main(["validate", *sys.argv[1:]])  # by name: the shell stands on this room, not the other way round
