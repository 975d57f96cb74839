"""What the simulator is held to: theory, queues, recorded data, bills, published facts. `python -m sim.validate` runs it all."""
