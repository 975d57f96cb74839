"""What the simulator is held to: theory, queues, recorded data, published facts. `python -m sim.validate` runs it all."""
