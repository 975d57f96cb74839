"""A run as a log that other tools read."""
