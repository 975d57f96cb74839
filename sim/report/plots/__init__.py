"""Figures. Nothing outside of this folder knows matplotlib."""
