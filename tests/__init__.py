"""Tests; a package of its own, since one of the compared engines installs another of this name."""
