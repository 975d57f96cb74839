"""How many calls a backend serves at once."""

from __future__ import annotations


class Slots:
    """A slot is taken when an attempt is served, and given back with its last byte: limits count open requests."""

    __slots__ = ("most", "taken")

    def __init__(self, most: float) -> None:
        self.most = most
        """inf: no limit."""
        self.taken = 0

    @property
    def full(self) -> bool:
        """Whether the next call has to wait."""
        return self.taken >= self.most
