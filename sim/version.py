"""The version, known to everybody."""

__version__ = "0.1.0"
