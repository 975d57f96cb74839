"""`python -m sim`."""

from sim.shell.cli import main

main()
