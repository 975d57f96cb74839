"""Capacity that is paid by the hour: what it came to."""
