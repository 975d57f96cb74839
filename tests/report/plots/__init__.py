"""Figures: what they say and draw; no pixels are compared."""
