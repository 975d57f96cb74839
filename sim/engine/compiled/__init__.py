"""The compiled twin of agents and their calls: the same bits where nothing waits, without an event a call."""
