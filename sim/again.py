"""`python -m sim.again FOLDER`, as `sim again FOLDER`."""

from sim.shell.reproduce import main

if __name__ == "__main__":
    main()
