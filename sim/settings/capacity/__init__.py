"""Capacity that is paid by the hour, as it is set: servers of one's own, units that are reserved."""
