"""Figures of one scenario against another."""
