"""One replication and many: build the world, turn the clock, live each task and each call."""
