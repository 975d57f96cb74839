"""Sliders that move an answer: what `sim explore` shows in a browser."""
