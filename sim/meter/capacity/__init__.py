"""Capacity that is paid by the hour or by the seat, whatever is asked of it: what it came to."""
