"""For people: what is told before a run."""
