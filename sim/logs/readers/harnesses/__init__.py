"""Logs that coding agents keep on the disk of whoever uses them."""
