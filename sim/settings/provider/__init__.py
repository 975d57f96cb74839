"""What can be set of those who serve: their machines and their power."""
