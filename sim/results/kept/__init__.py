"""A run's folder as a whole: its files appear together, are checked by their content, and belong to one writer at a time."""
