"""Capacity that is paid by the hour: servers of one's own, units that are reserved."""
