"""Capacity that is paid by the hour, in metrics and in words."""
