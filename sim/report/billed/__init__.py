"""Bills of logs, for people: what was billed, what our prices make of it."""
