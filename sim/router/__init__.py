"""Which backend takes a call."""
